/* SPDX-License-Identifier: MIT */
/* Tests of file/calls.h. */
#include "tree.h"

#include "file/calls.h"
#include "file/open_plain.h"

#include <errno.h>
#include <limits.h>

static void lists_move_whole_in_both_ways(void **state)
{
    struct tree *t = *state;
    char bytes[] = "0123456789";
    char got[11] = "";
    struct iovec out[4] = {
        { bytes, 3 }, { NULL, 0 }, { bytes + 3, 6 }, { bytes + 9, 1 }
    };
    struct iovec in[3] = { { got, 1 }, { got + 1, 9 }, { NULL, 0 } };
    int fd = open(at(t, "x").text, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    uint64_t moved;

    assert_int_equal(iov_total((struct iov_list){ out, 4 }), 10);
    assert_int_equal(iov_all(fd, IOV_WRITE, (struct iov_list){ out, 4 }, 5, &moved), 0);
    assert_int_equal(moved, 10);
    assert_int_equal(iov_all(fd, IOV_READ, (struct iov_list){ in, 3 }, 5, &moved), 0);
    assert_int_equal(moved, 10);
    assert_string_equal(got, bytes);
    close(fd);
}

static void a_read_ends_with_the_file(void **state)
{
    struct tree *t = *state;
    char got[8];
    struct iovec in[2] = { { got, 4 }, { got + 4, 4 } };
    uint64_t moved;
    int fd;

    put_file(at(t, "x"), "abcde");
    fd = open(at(t, "x").text, O_RDONLY | O_CLOEXEC);
    assert_int_equal(iov_all(fd, IOV_READ, (struct iov_list){ in, 2 }, 0, &moved), 0);
    assert_int_equal(moved, 5);
    assert_memory_equal(got, "abcde", 5);
    close(fd);
    assert_int_equal(iov_all(fd, IOV_READ, (struct iov_list){ in, 2 }, 0, &moved),
                     -EBADF);
    assert_int_equal(moved, 0);
}

/* 0 if it opens, else -errno. */
static int opens_plain(int dir, const char *path, int flags)
{
    int fd = open_plain(dir, path, flags);

    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

static void a_plain_path_has_no_link_and_does_not_climb(void **state)
{
    struct tree *t = *state;
    int dir = open(at(t, "root").text, O_PATH | O_DIRECTORY | O_CLOEXEC);

    put_file(at(t, "outside"), "x");
    put_file(at(t, "root/file"), "x");
    assert_int_equal(mkdir(at(t, "root/d").text, 0755), 0);
    make_link("d", at(t, "root/link"));
    make_link("../file", at(t, "root/d/file"));
    assert_int_equal(opens_plain(dir, "file", O_RDONLY), 0);
    assert_int_equal(opens_plain(dir, "d/file", O_RDONLY), -ELOOP);
    assert_int_equal(opens_plain(dir, "d/file", O_PATH | O_NOFOLLOW), 0);
    assert_int_equal(opens_plain(dir, "link/file", O_PATH | O_NOFOLLOW), -ELOOP);
    assert_int_equal(opens_plain(dir, "../outside", O_RDONLY), -EXDEV);
    assert_int_equal(opens_plain(dir, at(t, "outside").text, O_RDONLY), -EXDEV);
    close(dir);
}

/* More elements than one call takes. */
static void a_long_list_takes_several_calls(void **state)
{
    enum { COUNT_MAX = 2 * IOV_MAX + 7 };
    struct tree *t = *state;
    uint8_t *bytes = calloc(2, COUNT_MAX);
    struct iovec *v = calloc(COUNT_MAX, sizeof *v);
    int fd = open(at(t, "x").text, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    uint64_t moved;

    for (int i = 0; i < COUNT_MAX; i++) {
        bytes[i] = (uint8_t)i;
        v[i] = (struct iovec){ &bytes[i], 1 };
    }
    assert_int_equal(iov_all(fd, IOV_WRITE, (struct iov_list){ v, COUNT_MAX }, 0, &moved),
                     0);
    assert_int_equal(moved, COUNT_MAX);
    assert_int_equal(pread(fd, bytes + COUNT_MAX, COUNT_MAX, 0), COUNT_MAX);
    assert_memory_equal(bytes, bytes + COUNT_MAX, COUNT_MAX);
    close(fd);
    free(v);
    free(bytes);
}

static void *drain(void *arg)
{
    int fd = *(int *)arg;
    uint8_t buf[5000];
    size_t total = 0;
    ssize_t n;

    while ((n = read(fd, buf, sizeof buf)) > 0)
        for (ssize_t i = 0; i < n; i++, total++)
            if (buf[i] != (uint8_t)(total / 3))
                return NULL;
    return (void *)total;
}

/* A pipe takes what it has room for, and a non-blocking one says EAGAIN. */
static void a_full_pipe_is_waited_for(void **state)
{
    enum { SIZE = 300000 };
    uint8_t *bytes = calloc(1, SIZE);
    struct iovec v[2] = { { bytes, 100001 }, { bytes + 100001, SIZE - 100001 } };
    void *total = NULL;
    pthread_t reader;
    uint64_t moved;
    int ends[2];

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i / 3);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&reader, NULL, drain, &ends[0]), 0);
    assert_int_equal(iov_all(ends[1], IOV_APPEND, (struct iov_list){ v, 2 }, 0, &moved),
                     0);
    assert_int_equal(moved, SIZE);
    close(ends[1]);
    pthread_join(reader, &total);
    assert_int_equal((size_t)total, SIZE);
    close(ends[0]);
    free(bytes);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists_move_whole_in_both_ways),
        TEST(a_read_ends_with_the_file),
        TEST(a_plain_path_has_no_link_and_does_not_climb),
        TEST(a_long_list_takes_several_calls),
        cmocka_unit_test(a_full_pipe_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
