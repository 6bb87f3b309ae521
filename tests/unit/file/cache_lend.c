/* SPDX-License-Identifier: MIT */
/* Tests of file/cache.h: what is lent, and what happens to it when its file changes. */
#include "serving.h"

#include "refuse.h"
#include "file/calls.h"
#include "../skip.h"

#include <sys/syscall.h>

enum { SIZE = (2 << 20) + 5000, BLOCK = 1400 };

/* Each byte tells where it is. */
static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 + i / 4096);
}

static void put_large(struct fixture *f, const char *name)
{
    uint8_t *bytes = malloc(SIZE);
    int fd =
        open(at(&f->tree, name).text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0 && bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = byte_at(i);
    assert_int_equal(write(fd, bytes, SIZE), SIZE);
    close(fd);
    free(bytes);
}

static struct cached_file *open_large(struct fixture *f)
{
    put_large(f, "root/large");
    return must_open(f, "large");
}

/* True if it was lent in the end. */
static bool bring(struct fixture *f, struct cached_file *file, uint64_t offset)
{
    cache_warm(file, offset, BLOCK, KEDGE_SEC);
    collect_all(&f->tree.workers);
    return cache_lend(file, offset, BLOCK, KEDGE_SEC) != NULL;
}

/* Sent through a pipe, so that only the kernel looks. The bytes it took, or -errno. */
static int sent(const uint8_t *from, size_t len, uint8_t *got)
{
    int ends[2];
    ssize_t n;
    int err;

    assert_int_equal(pipe(ends), 0);
    n = write(ends[1], from, len);
    err = n < 0 ? -errno : (int)n;
    if (n > 0)
        assert_int_equal(read(ends[0], got, len), n);
    close(ends[0]);
    close(ends[1]);
    return err;
}

static void a_small_file_is_lent_whole(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = must_open(f, "a");

    assert_int_equal(truncate(at(&f->tree, "root/a").text, 5), 0);
    assert_memory_equal(cache_lend(file, 0, 12, 0), "content of a", 12);
    assert_memory_equal(cache_lend(file, 8, 4, 0), "of a", 4);
    cache_release(file, 0);
}

static void what_was_brought_is_lent_for_a_while(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = open_large(f);
    uint8_t got[BLOCK];

    assert_null(cache_lend(file, 0, BLOCK, KEDGE_SEC));
    assert_int_equal(workers_pending(&f->tree.workers), 0); /* nobody asked for it */
    assert_true(bring(f, file, 0));
    for (size_t i = 0; i + BLOCK <= SIZE - 5000; i += 99 * BLOCK) {
        const uint8_t *lent = cache_lend(file, i, BLOCK, KEDGE_SEC);

        assert_non_null(lent);
        assert_int_equal(sent(lent, BLOCK, got), BLOCK);
        for (size_t k = 0; k < BLOCK; k++)
            assert_int_equal(got[k], byte_at(i + k));
    }
    assert_null(cache_lend(file, 0, BLOCK, 100 * KEDGE_SEC));
    cache_release(file, 0);
}

static void the_last_page_is_never_lent(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = open_large(f);
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t last = SIZE / page * page;

    assert_true(bring(f, file, 0));
    assert_non_null(cache_lend(file, last - BLOCK, BLOCK, KEDGE_SEC));
    assert_null(cache_lend(file, last - BLOCK + 1, BLOCK, KEDGE_SEC));
    assert_null(cache_lend(file, SIZE - 1, 1, KEDGE_SEC));
    cache_warm(file, SIZE - 1, 1, KEDGE_SEC);
    assert_int_equal(workers_pending(&f->tree.workers), 0);
    cache_release(file, 0);
}

static void a_file_cut_short_is_refused_by_the_kernel(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = open_large(f);
    uint8_t got[BLOCK];
    struct iovec iov = { got, BLOCK };
    const uint8_t *lent;

    assert_true(bring(f, file, 0));
    lent = cache_lend(file, 1 << 20, BLOCK, KEDGE_SEC);
    assert_int_equal(truncate(at(&f->tree, "root/large").text, 1 << 16), 0);
    assert_non_null(lent);
    assert_int_equal(sent(lent, BLOCK, got), -EFAULT);
    assert_int_not_equal(cache_read(file, &iov, 1, 1 << 20).error, STORE_OK);
    assert_int_equal(read_by_helper(f, file, iov, 1 << 20).error, STORE_CHANGED);
    /* Its pages are asked for once more, and are not there. */
    cache_warm(file, 1 << 20, BLOCK, 100 * KEDGE_SEC);
    collect_all(&f->tree.workers);
    assert_null(cache_lend(file, 1 << 20, BLOCK, 100 * KEDGE_SEC));
    cache_release(file, 0);
}

/* Another file of that name is another: who has the old one keeps its bytes. */
static void a_replaced_file_is_lent_to_its_end(void **state)
{
    struct fixture *f = *state;
    struct cached_file *before = open_large(f);
    uint8_t got[BLOCK];

    assert_true(bring(f, before, 0));
    assert_int_equal(rename(at(&f->tree, "root/b").text, at(&f->tree, "root/large").text),
                     0);
    assert_int_equal(sent(cache_lend(before, 0, BLOCK, KEDGE_SEC), BLOCK, got), BLOCK);
    assert_int_equal(got[BLOCK - 1], byte_at(BLOCK - 1));
    cache_release(before, 0);
}

/* Nothing is brought from a disk, and who asks in vain asks again only after a while. */
static void a_cold_file_stays_where_it_is(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = open_large(f);
    bool memory = file->in_memory;

    assert_int_equal(fsync(file->fd), 0);
    assert_int_equal(posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    if (!memory) {
        assert_false(bring(f, file, 0));
        cache_warm(file, 0, BLOCK, KEDGE_SEC);
        assert_int_equal(workers_pending(&f->tree.workers), 0);
        cache_warm(file, 0, BLOCK, 2 * KEDGE_SEC);
        assert_int_equal(workers_pending(&f->tree.workers), 1);
        collect_all(&f->tree.workers);
    }
    cache_release(file, 0);
    if (memory)
        skip_because("files in /tmp are in memory here, with nothing to read ahead");
}

static void the_cache_closes_while_pages_are_brought(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = open_large(f);

    f->held = &file->map.job;
    cache_warm(file, 0, BLOCK, KEDGE_SEC);
    cache_release(file, KEDGE_SEC);
    cache_free(&f->cache);
    assert_true(file->fd >= 0); /* a helper is at it */
    sem_post(&f->let_go);       /* teardown sees that it is closed */
}

/* A kernel before 5.14, or a filter: then the file is read as ever. A child has no helpers,
 * so it does their work itself. */
static int lends_nothing(void *arg)
{
    struct cached_file *file = arg;
    uint8_t got[BLOCK];
    struct iovec iov = { got, BLOCK };

    file->map.next = 0;
    file->map.job.run(&file->map.job);
    return file->map.end == 0 && cache_read(file, &iov, 1, 0).error == STORE_OK;
}

static void without_populate_all_is_read(void **state)
{
    struct fixture *f = *state;
    struct cached_file *file = open_large(f);
    int told;

    assert_true(bring(f, file, 0)); /* here it is to be had */
    told = in_refused_child(SYS_madvise, EINVAL, lends_nothing, file);
    cache_release(file, 0);
    if (told == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(told, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_small_file_is_lent_whole),
        TEST(what_was_brought_is_lent_for_a_while),
        TEST(the_last_page_is_never_lent),
        TEST(a_file_cut_short_is_refused_by_the_kernel),
        TEST(a_replaced_file_is_lent_to_its_end),
        TEST(a_cold_file_stays_where_it_is),
        TEST(the_cache_closes_while_pages_are_brought),
        TEST(without_populate_all_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
