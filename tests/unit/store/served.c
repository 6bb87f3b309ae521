/* Tests of store/served.h. */
#include "tree.h"

#include "store/calls.h"
#include "refuse.h"
#include "store/served.h"

#include <semaphore.h>
#include <sys/syscall.h>

#define ROOM 3
#define KEEP 100

struct fixture {
    struct tree tree;
    struct served_file slots[ROOM];
    struct served_file *buckets[ROOM];
    struct served_cache cache;
    struct store_job *held; /* waits in before_run until let_go */
    sem_t let_go;
};

static void hold(struct store_job *job, void *arg)
{
    struct fixture *f = arg;

    if (job == f->held)
        sem_wait(&f->let_go);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct workers_config workers = { .threads = 2, .before_run = hold, .arg = f };
    struct served_config config = { .workers = &f->tree.workers,
                                    .slots = f->slots,
                                    .buckets = f->buckets,
                                    .room = ROOM,
                                    .keep = KEEP };

    sem_init(&f->let_go, 0, 0);
    tree_open(&f->tree, &workers);
    served_init(&f->cache, &config);
    put_file(at(&f->tree, "root/a"), "content of a");
    put_file(at(&f->tree, "root/b"), "b");
    put_file(at(&f->tree, "root/c"), "c");
    put_file(at(&f->tree, "root/d"), "d");
    make_link("a", at(&f->tree, "root/link"));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    served_free(&f->cache);
    tree_close(&f->tree);
    for (size_t i = 0; i < ROOM; i++)
        assert_int_equal(f->slots[i].fd, -1); /* all is closed */
    sem_destroy(&f->let_go);
    free(f);
    return 0;
}

struct request {
    struct root_name name;
    struct served_opening opening;
    int done;
};

static void opened(struct served_opening *o)
{
    JOB_OWNER(o, struct request, opening)->done = 1;
}

static void begin(struct fixture *f, struct request *r, const char *name)
{
    r->name = name_of(&f->tree, name);
    r->opening = (struct served_opening){ .root = &f->tree.root,
                                          .name = &r->name,
                                          .done = opened };
    r->done = 0;
    served_open(&f->cache, &r->opening);
}

static struct store_result open_now(struct fixture *f, const char *name,
                                    struct served_file **file)
{
    struct request r;

    begin(f, &r, name);
    collect_until(&f->tree.workers, &r.done);
    *file = r.opening.file;
    return r.opening.result;
}

static struct served_file *must_open(struct fixture *f, const char *name)
{
    struct served_file *file = NULL;

    assert_int_equal(open_now(f, name, &file).error, STORE_OK);
    assert_non_null(file);
    return file;
}

static struct served_file *find(struct fixture *f, const char *text)
{
    struct root_name name = name_of(&f->tree, text);

    return served_find(&f->cache, &f->tree.root, &name);
}

struct wait {
    struct served_reading reading;
    int done;
};

static void was_read(struct served_reading *r)
{
    JOB_OWNER(r, struct wait, reading)->done = 1;
}

static struct store_result read_by_helper(struct fixture *f,
                                          const struct served_file *file,
                                          struct iovec iov, uint64_t offset)
{
    struct wait w = { .reading = { .file = file,
                                   .iov = &iov,
                                   .count = 1,
                                   .offset = offset,
                                   .done = was_read } };

    served_read_later(&f->tree.workers, &w.reading);
    collect_until(&f->tree.workers, &w.done);
    return w.reading.result;
}

static void a_file_is_opened_and_read(void **state)
{
    struct fixture *f = *state;
    struct served_file *file = must_open(f, "a");
    char one[4] = "", two[9] = "";
    struct iovec iov[2] = { { one, 3 }, { two, 8 } };

    assert_int_equal(file->id.size, 12);
    assert_int_equal(served_read(file, iov, 2, 1).error, STORE_OK);
    assert_string_equal(one, "ont");
    assert_string_equal(two, "ent of a");
    assert_false(served_changed(file));
    served_release(file, 0);
}

static void errors_reach_the_caller(void **state)
{
    struct fixture *f = *state;
    struct served_file *file = NULL;

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
    struct served_file *first = must_open(f, "a");
    int open_files = entries((struct path){ "/proc/self/fd" });

    assert_ptr_equal(must_open(f, "a"), first);
    assert_ptr_equal(must_open(f, "link"), first);
    served_share(first);
    assert_int_equal(first->users, 4);
    collect_all(&f->tree.workers);
    assert_int_equal(entries((struct path){ "/proc/self/fd" }), open_files);
    for (int i = 0; i < 4; i++)
        served_release(first, 0);
}

static void what_is_open_is_found_at_once(void **state)
{
    struct fixture *f = *state;
    struct served_file *file;

    assert_null(find(f, "a"));
    file = must_open(f, "a");
    if (find(f, "a") != file)
        skip(); /* before Linux 5.12 the kernel cannot tell */
    assert_ptr_equal(find(f, "link"), file);
    assert_null(find(f, "b"));
    assert_null(find(f, "absent"));
    for (int i = 0; i < 3; i++)
        served_release(file, 0);
    assert_ptr_equal(find(f, "a"), file); /* idle, and still open */
    served_release(file, 0);
}

static void a_changed_file_is_opened_anew(void **state)
{
    struct fixture *f = *state;
    struct served_file *before = must_open(f, "a");
    struct served_file *after;

    put_file(at(&f->tree, "root/a"), "longer content of a");
    assert_null(find(f, "a"));
    after = must_open(f, "a");
    assert_ptr_not_equal(before, after);
    assert_int_equal(before->id.size, 12);
    assert_int_equal(after->id.size, 19);
    assert_true(served_changed(before));
    assert_false(served_changed(after));
    served_release(before, 0);
    served_release(after, 0);
}

/* As an upload does it: who reads the old file keeps it, and it is not changed. */
static void a_replaced_file_is_read_to_its_end(void **state)
{
    struct fixture *f = *state;
    struct served_file *before = must_open(f, "a");
    char got[13] = "";
    struct iovec iov = { got, 12 };

    put_file(at(&f->tree, "root/new"), "replacement!");
    assert_int_equal(rename(at(&f->tree, "root/new").text, at(&f->tree, "root/a").text),
                     0);
    assert_null(find(f, "a"));
    assert_int_equal(read_by_helper(f, before, iov, 0).error, STORE_OK);
    assert_string_equal(got, "content of a");
    assert_false(served_changed(before));
    served_release(before, 0);
}

static void a_file_cut_short_is_changed(void **state)
{
    struct fixture *f = *state;
    struct served_file *file = must_open(f, "a");
    char got[12];
    struct iovec iov = { got, sizeof got };
    enum store_error at_once;

    assert_int_equal(truncate(at(&f->tree, "root/a").text, 5), 0);
    at_once = served_read(file, &iov, 1, 0).error;
    assert_true(at_once == STORE_LATER || at_once == STORE_CHANGED);
    assert_int_equal(read_by_helper(f, file, iov, 0).error, STORE_CHANGED);
    iov = (struct iovec){ got, 5 };
    assert_int_equal(read_by_helper(f, file, iov, 0).error, STORE_OK);
    assert_true(served_changed(file));
    served_release(file, 0);
}

/* Out of the page cache it goes only where a disk is behind it. */
static void a_cold_read_is_for_a_helper(void **state)
{
    enum { SIZE = 256 << 10 };
    struct fixture *f = *state;
    uint8_t bytes[SIZE];
    struct iovec iov = { bytes, SIZE };
    struct served_file *file;
    int fd = open(at(&f->tree, "root/big").text, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    memset(bytes, 'x', SIZE);
    assert_int_equal(write(fd, bytes, SIZE), SIZE);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    file = must_open(f, "big");
    memset(bytes, 0, SIZE);
    if (call_fs_kind(fd) == FS_MEMORY)
        skip();
    assert_int_equal(served_read(file, &iov, 1, 0).error, STORE_LATER);
    assert_int_equal(read_by_helper(f, file, iov, 0).error, STORE_OK);
    assert_true(bytes[0] == 'x' && bytes[SIZE - 1] == 'x');
    assert_int_equal(served_read(file, &iov, 1, 0).error, STORE_OK);
    served_release(file, 0);
    close(fd);
}

/* A file system that does not know RWF_NOWAIT may belong to a server or a program: the
 * loop must not try it the plain way. */
static int read_without_nowait(void *arg)
{
    const struct served_file *file = arg;
    char byte;
    struct iovec iov = { &byte, 1 };

    return served_read(file, &iov, 1, 0).error ==
           (file->in_memory ? STORE_OK : STORE_LATER);
}

static void without_nowait_a_helper_reads(void **state)
{
    struct fixture *f = *state;
    struct served_file *file = must_open(f, "a");
    int told = in_refused_child(SYS_preadv2, EOPNOTSUPP, read_without_nowait, file);

    served_release(file, 0);
    if (told == CANNOT_REFUSE)
        skip();
    assert_int_equal(told, 1);
}

static void when_all_slots_are_in_use_it_is_busy(void **state)
{
    struct fixture *f = *state;
    struct served_file *in_use[ROOM] = { must_open(f, "a"), must_open(f, "b"),
                                         must_open(f, "c") };
    struct served_file *file = NULL;

    assert_int_equal(open_now(f, "d", &file).error, STORE_BUSY);
    served_release(in_use[1], 5);
    file = must_open(f, "d"); /* in the place of b, which is idle */
    assert_ptr_equal(file, in_use[1]);
    assert_null(find(f, "b"));
    served_release(in_use[0], 5);
    served_release(in_use[2], 5);
    served_release(file, 5);
}

static void idle_files_are_closed_in_time(void **state)
{
    struct fixture *f = *state;
    struct served_file *a = must_open(f, "a");
    struct served_file *b = must_open(f, "b");

    assert_true(served_trim(&f->cache, 0) == KEDGE_NEVER);
    served_release(a, 10);
    served_release(b, 20);
    assert_int_equal(served_trim(&f->cache, 10 + KEEP - 1), 10 + KEEP);
    assert_int_equal(served_trim(&f->cache, 10 + KEEP), 20 + KEEP);
    collect_all(&f->tree.workers);
    assert_int_equal(a->fd, -1);
    assert_true(b->fd >= 0);
    a = must_open(f, "b");
    assert_ptr_equal(a, b);
    assert_true(served_trim(&f->cache, 1000) == KEDGE_NEVER); /* in use again */
    assert_true(b->fd >= 0);
    served_release(b, 1000);
}

static void a_held_open_harms_no_other(void **state)
{
    struct fixture *f = *state;
    struct request slow;
    struct served_file *file;

    f->held = &slow.opening.job;
    begin(f, &slow, "a");
    for (int i = 0; i < 10; i++) {
        char got[2] = "";

        file = must_open(f, "b");
        assert_int_equal(read_by_helper(f, file, (struct iovec){ got, 1 }, 0).error,
                         STORE_OK);
        assert_string_equal(got, "b");
        served_release(file, 0);
    }
    assert_int_equal(slow.done, 0);
    sem_post(&f->let_go);
    collect_until(&f->tree.workers, &slow.done);
    assert_int_equal(slow.opening.result.error, STORE_OK);
    served_release(slow.opening.file, 0);
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
    served_release(first.opening.file, 0);
    served_release(first.opening.file, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_opened_and_read),     TEST(errors_reach_the_caller),
        TEST(one_file_is_open_once),         TEST(what_is_open_is_found_at_once),
        TEST(a_changed_file_is_opened_anew), TEST(a_replaced_file_is_read_to_its_end),
        TEST(a_file_cut_short_is_changed),   TEST(a_cold_read_is_for_a_helper),
        TEST(without_nowait_a_helper_reads), TEST(when_all_slots_are_in_use_it_is_busy),
        TEST(idle_files_are_closed_in_time), TEST(a_held_open_harms_no_other),
        TEST(two_openings_of_one_file_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
