/* SPDX-License-Identifier: MIT */
/* Tests of file/cache.h: which file is opened, shared, found and closed. */
#include "serving.h"
#include "../skip.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

static void errors_reach_the_caller(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = NULL;

    assert_int_equal(open_now(f, "absent", &file).error, STORE_NOT_FOUND);
    assert_null(file);
    assert_int_equal(open_now(f, ".", &file).error, STORE_DENIED);
    assert_null(file);
    /* The slots of what failed are free again. */
    for (int i = 0; i < 3 * ROOM; i++)
        assert_int_equal(open_now(f, "absent", &file).error, STORE_NOT_FOUND);
}

static void one_file_is_open_once(void **state)
{
    struct fixture *f = *state;
    struct cached_file *first = must_open(f, "a");
    int open_files = entries((struct path){ "/proc/self/fd" });

    assert_ptr_equal(must_open(f, "a"), first);
    assert_ptr_equal(must_open(f, "link"), first);
    cache_share(first);
    assert_int_equal(first->users, 4);
    collect_all(&f->tree.workers);
    assert_int_equal(entries((struct path){ "/proc/self/fd" }), open_files);
    for (int i = 0; i < 4; i++)
        cache_release(first, 0);
}

static void what_is_open_is_found_at_once(void **state)
{
    struct fixture *f = *state;
    struct root_name name = { "a" };
    struct cached_file *file;
    struct stat st;

    if (!root_peek(&f->tree.root, &name, &st))
        skip_because(
            "this kernel does not open a file from its cache alone (Linux 5.12)");
    assert_null(find(f, "a"));
    file = must_open(f, "a");
    assert_ptr_equal(find_soon(f, "a"), file);
    assert_null(find(f, "b"));
    assert_null(find(f, "absent"));
    cache_release(file, 0);
    cache_release(file, 0);
    assert_ptr_equal(find_soon(f, "a"), file); /* idle, and still open */
    cache_release(file, 0);
}

static void a_changed_file_is_opened_anew(void **state)
{
    struct fixture *f = *state;
    struct cached_file *before = must_open(f, "a");
    struct cached_file *after;

    put_file(at(&f->tree, "root/a"), "longer content of a");
    assert_null(find(f, "a"));
    after = must_open(f, "a");
    assert_ptr_not_equal(before, after);
    assert_int_equal(before->id.size, 12);
    assert_int_equal(after->id.size, 19);
    assert_true(cache_changed(before));
    assert_false(cache_changed(after));
    cache_release(before, 0);
    cache_release(after, 0);
}

static void when_all_slots_are_in_use_it_is_busy(void **state)
{
    struct fixture *f = *state;
    struct cached_file *in_use[ROOM] = { must_open(f, "a"), must_open(f, "b"),
                                         must_open(f, "c") };
    struct cached_file *file = NULL;
    int open_files = entries((struct path){ "/proc/self/fd" });

    assert_int_equal(open_now(f, "d", &file).error, STORE_BUSY);
    cache_release(in_use[1], 5);
    file = must_open(f, "d"); /* in the place of b, which is idle */
    assert_ptr_equal(file, in_use[1]);
    assert_null(find(f, "b"));
    assert_int_equal(entries((struct path){ "/proc/self/fd" }), open_files);
    cache_release(in_use[0], 5);
    cache_release(in_use[2], 5);
    cache_release(file, 5);
}

/* What changes a file in its place may leave its size. */
static void a_file_of_the_same_size_is_opened_anew(void **state)
{
    static const struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };
    struct fixture *f = *state;
    struct cached_file *before = must_open(f, "a");
    struct cached_file *after;

    assert_int_equal(utimensat(AT_FDCWD, at(&f->tree, "root/a").text, times, 0), 0);
    assert_null(find(f, "a"));
    after = must_open(f, "a");
    assert_ptr_not_equal(before, after);
    cache_release(before, 0);
    cache_release(after, 0);
}

/* Long enough for the kernel's coarse clock, which stamps files, to go on. */
static void next_tick(void)
{
    assert_int_equal(usleep(20000), 0);
}

/* Also where nothing but the mode, or the owner, is another. */
static void a_file_of_another_mode_is_opened_anew(void **state)
{
    struct fixture *f = *state;
    struct cached_file *before = must_open(f, "a");
    struct cached_file *after = NULL;

    next_tick();
    assert_int_equal(chmod(at(&f->tree, "root/a").text, 0600), 0);
    assert_null(find(f, "a"));
    assert_true(cache_changed(before));
    after = must_open(f, "a");
    assert_ptr_not_equal(before, after);
    assert_false(cache_changed(after));
    cache_release(before, 0);
    cache_release(after, 0);
}

/* cp -p onto it, tar --overwrite, a build with a fixed time. */
static void other_bytes_of_the_same_size_and_mtime_are_seen(void **state)
{
    static const struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };
    struct fixture *f = *state;
    struct path path = at(&f->tree, "root/a");
    struct cached_file *before, *after;

    assert_int_equal(utimensat(AT_FDCWD, path.text, times, 0), 0);
    before = must_open(f, "a");
    next_tick();
    put_file(path, "CONTENT OF A");
    assert_int_equal(utimensat(AT_FDCWD, path.text, times, 0), 0);
    assert_null(find(f, "a"));
    assert_true(cache_changed(before));
    after = must_open(f, "a");
    assert_ptr_not_equal(before, after);
    assert_int_equal(after->id.size, before->id.size);
    cache_release(before, 0);
    cache_release(after, 0);
}

/* A second name, as a backup gives, changes ctime and no bytes. */
static void a_file_with_one_more_name_is_not_changed(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = must_open(f, "a");

    next_tick();
    assert_int_equal(link(at(&f->tree, "root/a").text, at(&f->tree, "root/e").text), 0);
    assert_false(cache_changed(file));
    assert_int_equal(truncate(at(&f->tree, "root/a").text, 5), 0);
    assert_true(cache_changed(file));
    cache_release(file, 0);
}

static void idle_files_are_closed_in_time(void **state)
{
    struct fixture *f = *state;
    struct cached_file *a = must_open(f, "a");
    struct cached_file *b = must_open(f, "b");

    assert_true(cache_trim(&f->cache, 0) == KEDGE_NEVER);
    cache_release(a, 10);
    cache_release(b, 20);
    assert_int_equal(cache_trim(&f->cache, 10 + KEEP - 1), 10 + KEEP);
    assert_int_equal(cache_trim(&f->cache, 10 + KEEP), 20 + KEEP);
    collect_all(&f->tree.workers);
    assert_int_equal(a->fd, -1);
    assert_null(find(f, "a"));
    assert_true(b->fd >= 0);
    a = must_open(f, "b");
    assert_ptr_equal(a, b);
    assert_true(cache_trim(&f->cache, 1000) == KEDGE_NEVER); /* in use again */
    assert_true(b->fd >= 0);
    cache_release(b, 1000);
}

static void a_held_open_harms_no_other(void **state)
{
    struct fixture *f = *state;
    struct request slow;
    struct cached_file *file;

    f->held = &slow.opening.job;
    begin(f, &slow, "a");
    for (int i = 0; i < 10; i++) {
        char got[2] = "";

        file = must_open(f, "b");
        assert_int_equal(read_by_helper(f, file, (struct iovec){ got, 1 }, 0).error,
                         STORE_OK);
        assert_string_equal(got, "b");
        cache_release(file, 0);
    }
    assert_int_equal(slow.done, 0);
    sem_post(&f->let_go);
    collect_until(&f->tree.workers, &slow.done);
    assert_int_equal(slow.opening.result.error, STORE_OK);
    cache_release(slow.opening.file, 0);
}

/* Two at once for one file: the later one is closed, and both callers share. */
static void two_openings_of_one_file_meet(void **state)
{
    struct fixture *f = *state;
    struct request first, second;

    f->held = &first.opening.job;
    begin(f, &first, "a");
    begin(f, &second, "link");
    collect_until(&f->tree.workers, &second.done);
    sem_post(&f->let_go);
    collect_until(&f->tree.workers, &first.done);
    assert_ptr_equal(first.opening.file, second.opening.file);
    assert_int_equal(first.opening.file->users, 2);
    cache_release(first.opening.file, 0);
    cache_release(first.opening.file, 0);
}

/* Idle files give theirs, the oldest first; without any it is said what is short. */
static void where_no_descriptor_is_left_an_idle_file_gives_its_own(void **state)
{
    struct fixture *f = *state;
    struct cached_file *a = must_open(f, "a");
    struct cached_file *b = must_open(f, "b");
    struct cached_file *c = NULL;
    struct cached_file *d = NULL;
    struct rlimit before, none;
    struct store_result first, second;
    int used = entries((struct path){ "/proc/self/fd" });

    cache_release(a, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)dup(0); /* the lowest that is free */
    close((int)none.rlim_cur);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    first = open_now(f, "c", &c);
    second = open_now(f, "d", &d); /* b is read, and keeps its own */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(first.error, STORE_OK);
    assert_int_equal(second.err, EMFILE);
    assert_null(d);
    assert_int_equal(entries((struct path){ "/proc/self/fd" }), used);
    cache_release(b, 0);
    cache_release(c, 0);
}

static void others_may_ask_for_descriptors(void **state)
{
    struct fixture *f = *state;
    int used = entries((struct path){ "/proc/self/fd" });
    const char *names[] = { "a", "b", "c" };

    for (size_t i = 0; i < COUNT(names); i++)
        cache_release(must_open(f, names[i]), 0);
    cache_evict(&f->cache, 2);
    collect_all(&f->tree.workers);
    assert_int_equal(entries((struct path){ "/proc/self/fd" }), used + 1);
    cache_evict(&f->cache, 2);
    collect_all(&f->tree.workers);
    assert_int_equal(entries((struct path){ "/proc/self/fd" }), used);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(errors_reach_the_caller),
        TEST(one_file_is_open_once),
        TEST(what_is_open_is_found_at_once),
        TEST(a_changed_file_is_opened_anew),
        TEST(when_all_slots_are_in_use_it_is_busy),
        TEST(a_file_of_the_same_size_is_opened_anew),
        TEST(a_file_of_another_mode_is_opened_anew),
        TEST(other_bytes_of_the_same_size_and_mtime_are_seen),
        TEST(a_file_with_one_more_name_is_not_changed),
        TEST(idle_files_are_closed_in_time),
        TEST(a_held_open_harms_no_other),
        TEST(two_openings_of_one_file_meet),
        TEST(where_no_descriptor_is_left_an_idle_file_gives_its_own),
        TEST(others_may_ask_for_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
