/* SPDX-License-Identifier: MIT */
/* Tests of file/cache.h: what is read at once, and what by a helper. */
#include "serving.h"

#include "refuse.h"
#include "file/calls.h"
#include "../skip.h"

#include <sys/syscall.h>

static void a_file_is_opened_and_read(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = must_open(f, "a");
    char one[4] = "", two[9] = "";
    struct iovec iov[2] = { { one, 3 }, { two, 8 } };

    assert_int_equal(file->id.size, 12);
    assert_int_equal(cache_read(file, iov, 2, 1).error, STORE_OK);
    assert_string_equal(one, "ont");
    assert_string_equal(two, "ent of a");
    assert_false(cache_changed(file));
    cache_release(file, 0);
}

/* As an upload does it: who reads the old file keeps it, and it is not changed. */
static void a_replaced_file_is_read_to_its_end(void **state)
{
    struct fixture *f = *state;
    struct cached_file *before = must_open(f, "a");
    char got[13] = "";
    struct iovec iov = { got, 12 };

    put_file(at(&f->tree, "root/new"), "replacement!");
    assert_int_equal(rename(at(&f->tree, "root/new").text, at(&f->tree, "root/a").text),
                     0);
    assert_null(find(f, "a"));
    assert_int_equal(read_by_helper(f, before, iov, 0).error, STORE_OK);
    assert_string_equal(got, "content of a");
    assert_false(cache_changed(before));
    cache_release(before, 0);
}

/* Too large for a copy in memory. */
static struct cached_file *must_open_large(struct fixture *f)
{
    assert_int_equal(truncate(at(&f->tree, "root/a").text, CACHE_COPY_MAX + 1), 0);
    return must_open(f, "a");
}

/* The copy is whole, whatever becomes of the file; that it was changed is known. */
static void a_small_file_is_served_as_it_was_opened(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = must_open(f, "a");
    char got[13] = "";
    struct iovec iov = { got, 12 };

    assert_int_equal(truncate(at(&f->tree, "root/a").text, 5), 0);
    assert_int_equal(cache_read(file, &iov, 1, 0).error, STORE_OK);
    assert_string_equal(got, "content of a");
    assert_true(cache_changed(file));
    assert_null(find(f, "a"));
    cache_release(file, 0);
}

static void a_file_cut_short_is_changed(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = must_open_large(f);
    char got[12];
    struct iovec iov = { got, sizeof got };
    enum store_error at_once;

    assert_int_equal(truncate(at(&f->tree, "root/a").text, 5), 0);
    at_once = cache_read(file, &iov, 1, 0).error;
    assert_true(at_once == STORE_LATER || at_once == STORE_CHANGED);
    assert_int_equal(read_by_helper(f, file, iov, 0).error, STORE_CHANGED);
    iov = (struct iovec){ got, 5 };
    assert_int_equal(read_by_helper(f, file, iov, 0).error, STORE_OK);
    assert_true(cache_changed(file));
    cache_release(file, 0);
}

/* Out of the page cache it goes only where a disk is behind it. */
static void a_cold_read_is_for_a_helper(void **state)
{
    enum { SIZE = 256 << 10 };
    struct fixture *f = *state;
    uint8_t bytes[SIZE];
    struct iovec iov = { bytes, SIZE };
    struct cached_file *file;
    int fd = open(at(&f->tree, "root/big").text, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    memset(bytes, 'x', SIZE);
    assert_int_equal(write(fd, bytes, SIZE), SIZE);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    file = must_open(f, "big");
    memset(bytes, 0, SIZE);
    if (call_fs_kind(fd) == FS_MEMORY)
        skip_because("files in /tmp are in memory here, and never have to be waited for");
    assert_int_equal(cache_read(file, &iov, 1, 0).error, STORE_LATER);
    assert_int_equal(read_by_helper(f, file, iov, 0).error, STORE_OK);
    assert_true(bytes[0] == 'x' && bytes[SIZE - 1] == 'x');
    assert_int_equal(cache_read(file, &iov, 1, 0).error, STORE_OK);
    cache_release(file, 0);
    close(fd);
}

/* A file system that does not know RWF_NOWAIT may belong to a server or a program: the
 * loop must not try it the plain way. */
static int read_without_nowait(void *arg)
{
    const struct cached_file *file = arg;
    char byte;
    struct iovec iov = { &byte, 1 };

    return cache_read(file, &iov, 1, 0).error ==
           (file->in_memory ? STORE_OK : STORE_LATER);
}

static void without_nowait_a_helper_reads(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = must_open_large(f);
    int as_unknown = in_refused_child(SYS_preadv2, EOPNOTSUPP, read_without_nowait, file);
    int as_filter = in_refused_child(SYS_preadv2, EPERM, read_without_nowait, file);

    cache_release(file, 0);
    if (as_unknown == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(as_unknown, 1);
    assert_int_equal(as_filter, 1);
}

static bool is_at(const char *path)
{
    return access(path, R_OK) == 0;
}

/* How many can be read; 0 too if it is not there. */
static size_t bytes_of(const char *path)
{
    char got[4096];
    size_t sum = 0;
    size_t n;
    FILE *file = fopen(path, "re");

    while (file && (n = fread(got, 1, sizeof got, file)) > 0)
        sum += n;
    if (file)
        (void)fclose(file);
    return sum;
}

/* procfs says 0 bytes, sysfs 4,096: neither is what can be read. */
static void a_file_that_does_not_say_its_size_is_read_to_its_end(void **state)
{
    static const struct {
        const char *root, *name, *starts;
    } cases[] = {
        { "/proc/sys/kernel", "ostype", "Linux\n" },
        { "/sys/class/net/lo", "address", "00:00:00:00:00:00\n" },
    };
    struct fixture *f = *state;
    struct store_root own = f->tree.root;
    int there = 0;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cached_file *file, *again;
        char got[32] = "";

        if (!is_at(cases[i].root))
            continue;
        there++;
        assert_int_equal(root_open(&f->tree.root, cases[i].root).error, STORE_OK);
        file = must_open(f, cases[i].name);
        assert_int_equal(file->size, strlen(cases[i].starts));
        assert_int_equal(cache_read(file, &(struct iovec){ got, file->size }, 1, 0).error,
                         STORE_OK);
        assert_string_equal(got, cases[i].starts);
        assert_false(cache_changed(file));
        assert_null(find(f, cases[i].name)); /* the next one is made anew */
        again = must_open(f, cases[i].name);
        assert_ptr_not_equal(again, file);
        cache_release(file, 0);
        cache_release(again, 0);
        assert_null(f->cache.oldest); /* neither is kept */
        root_close(&f->tree.root);
    }
    f->tree.root = own;
    collect_all(&f->tree.workers);
    cache_release(must_open(f, "a"), 0); /* in the slot of one of them */
    assert_non_null(f->cache.oldest);
    if (there == 0)
        skip_because("neither /proc nor /sys is mounted here");
}

/* The kernel's table of symbols: mostly several megabytes, and its size is 0. */
static void a_file_that_does_not_say_its_size_has_a_bound(void **state)
{
    struct fixture *f = *state;
    struct store_root own = f->tree.root;
    struct cached_file *file = NULL;
    struct store_result r;

    if (bytes_of("/proc/kallsyms") <= CACHE_MADE_MAX)
        skip_because("no file of procfs is so large here");
    assert_int_equal(root_open(&f->tree.root, "/proc").error, STORE_OK);
    r = open_now(f, "kallsyms", &file);
    root_close(&f->tree.root);
    f->tree.root = own;
    assert_int_equal(r.error, STORE_DENIED);
    assert_null(file);
}

static void an_empty_file_has_no_bytes(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file;

    put_file(at(&f->tree, "root/empty"), "");
    file = must_open(f, "empty");
    assert_int_equal(file->size, 0);
    assert_null(file->copy);
    assert_ptr_equal(must_open(f, "empty"), file);
    cache_release(file, 0);
    cache_release(file, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_opened_and_read),
        TEST(a_replaced_file_is_read_to_its_end),
        TEST(a_file_cut_short_is_changed),
        TEST(a_file_that_does_not_say_its_size_is_read_to_its_end),
        TEST(a_file_that_does_not_say_its_size_has_a_bound),
        TEST(an_empty_file_has_no_bytes),
        TEST(a_cold_read_is_for_a_helper),
        TEST(without_nowait_a_helper_reads),
        TEST(a_small_file_is_served_as_it_was_opened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
