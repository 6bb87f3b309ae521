/* SPDX-License-Identifier: MIT */
/* Each system call of an upload, a read and a sweep fails once in each way: the old file or the
 * new one is there and the word about it is right, and nothing else is left. */
#include "sending.h"

#include "../each_fault.h"
#include "file/atomic_file.h"
#include "file/cache.h"
#include "file/in_place.h"
#include "file/key.h"
#include "file/local.h"

#include <sched.h>

#define OLD "what was there"
#define NEW "what is sent, in two parts and one by a helper"

struct scene {
    struct fixture *f;
    const char *name;
    enum upload_policy policy;
    struct sending s;
};

/* Not by collect_until(), whose poll() would be counted. */
static enum store_error settle(struct scene *c)
{
    while (!c->s.done) {
        (void)workers_collect(&c->f->tree.workers);
        sched_yield();
    }
    c->s.done = 0;
    return c->s.upload.result.error;
}

static int write_parts(struct scene *c)
{
    struct upload *u = &c->s.upload;
    char bytes[] = NEW;
    struct iovec end[2] = { { bytes + 30, 8 }, { bytes + 38, strlen(NEW) - 38 } };
    struct iovec first = { bytes, 10 }, second = { bytes + 10, 20 };
    struct store_result r = upload_write(u, &second, 1, 10);

    if (!r.error)
        r = upload_write(u, &first, 1, 0);
    if (r.error)
        return (int)r.error;
    upload_write_later(&c->f->tree.workers, u, end, 2, 30);
    return (int)settle(c);
}

static int send_file(void *arg)
{
    struct scene *c = arg;
    int error;

    upload_begin(&c->f->tree.workers, &c->s.upload);
    error = (int)settle(c);
    if (error)
        return error;
    error = write_parts(c);
    if (error) {
        upload_abort(&c->f->tree.workers, &c->s.upload);
        (void)settle(c);
        return error;
    }
    upload_commit(&c->f->tree.workers, &c->s.upload);
    return (int)settle(c);
}

static void remove_below(const char *path)
{
    DIR *list = opendir(path);
    const struct dirent *entry;

    assert_non_null(list);
    while ((entry = readdir(list))) {
        struct path p;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(p.text, sizeof p.text, "%s/%s", path, entry->d_name);
        if (S_ISDIR(mode_of(p)))
            remove_below(p.text);
        assert_int_equal(remove(p.text), 0);
    }
    closedir(list);
}

static void prepare_upload(void *arg)
{
    struct scene *c = arg;

    remove_below(in_root(c->f, "").text);
    put_file(in_root(c->f, "old"), OLD);
    c->f->rules.policy = c->policy;
    c->f->rules.create_directories = strchr(c->name, '/') != NULL;
    prepare(c->f, &c->s, c->name, strlen(NEW));
}

static bool has_text(struct path p, const char *text)
{
    char got[256] = "";
    int fd = open(p.text, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof got - 1);

    if (fd >= 0)
        close(fd);
    return n == (ssize_t)strlen(text) && strcmp(got, text) == 0;
}

/* Whole under its name, or what was there before: and a good word only for the former. Of one
 * that failed the last fsync alone may have been what did. */
static void check_upload(void *arg, int error, bool transient)
{
    struct scene *c = arg;
    struct path target = in_root(c->f, c->name), old = in_root(c->f, "old");
    bool is_new = has_text(target, NEW);

    assert_false(transient && error);
    assert_true(error || is_new);
    if (strcmp(c->name, "old") != 0)
        assert_true(has_text(old, OLD));
    if (!is_new && strcmp(c->name, "old") == 0)
        assert_true(has_text(target, OLD));
    if (is_new && c->policy == UPLOAD_VERSION)
        assert_true(has_text(in_root(c->f, "old.~1~"), OLD));
    assert_true(is_new || strcmp(c->name, "old") == 0 || !is_there(target));
}

static void check_leftovers(void *arg, int error, bool transient)
{
    struct scene *c = arg;

    check_upload(arg, error, transient);
    assert_string_equal(temporary_in(in_root(c->f, "")).text, "");
    if (!is_there(in_root(c->f, c->name)))
        assert_int_equal(entries(in_root(c->f, "")),
                         1); /* and no directory that was made */
}

/* What may not be removed stays, and so these have a test of their own. */
static const char *const but_removal[] = { "unlinkat", NULL };

static void try_upload(struct fixture *f, const char *name, enum upload_policy policy)
{
    struct scene c = { .f = f, .name = name, .policy = policy };
    struct each_fault s = { prepare_upload, send_file, check_leftovers, &c, but_removal };

    assert_true(each_fault(&s) > 60);
    s.without = NULL;
    s.check = check_upload;
    (void)one_fault(&s, fault_call_named("unlinkat"), 1, EIO);
    remove_below(in_root(f, "").text);
    assert_int_equal(mkdir(in_root(f, "dir").text, 0755), 0);
}

static void an_upload_that_replaces(void **state)
{
    try_upload(*state, "old", UPLOAD_OVERWRITE);
}

static void an_upload_that_keeps_a_version(void **state)
{
    try_upload(*state, "old", UPLOAD_VERSION);
}

static void an_upload_into_new_directories(void **state)
{
    try_upload(*state, "a/b/new", UPLOAD_CREATE);
}

/* The file, and then its directory: each is told. */
static void each_flush_is_told(void **state)
{
    struct scene c = { .f = *state, .name = "old", .policy = UPLOAD_OVERWRITE };

    for (unsigned nth = 1; nth <= 2; nth++) {
        prepare_upload(&c);
        faults_begin(fault_call_named("fsync"), nth, EIO);
        assert_int_equal(send_file(&c), STORE_IO);
        assert_true(faults_end());
        assert_true(has_text(in_root(c.f, "old"), nth == 1 ? OLD : NEW));
    }
    remove_below(in_root(c.f, "").text);
    assert_int_equal(mkdir(in_root(c.f, "dir").text, 0755), 0);
}

/* A network's file system tells of a full disk when a file is closed. */
static void a_close_that_fails_is_told(void **state)
{
    struct fixture *f = *state;
    struct path path = in_root(f, "old");
    struct iovec all = { (char[]){ NEW }, strlen(NEW) };
    struct local_target t;

    put_file(path, OLD);
    assert_int_equal(local_target_open(&t, path.text).error, STORE_OK);
    assert_int_equal(local_target_write(&t, &all, 1, 0).error, STORE_OK);
    faults_begin(fault_call_named("close"), 1, ENOSPC);
    assert_int_equal(local_target_commit(&t).error, STORE_FULL);
    assert_true(faults_end());
    assert_file(path, OLD);
    assert_int_equal(entries(in_root(f, "")), 2);
}

/* ---- A file that is there is written over ---- */

static int copy_in_place(void *arg)
{
    struct scene *c = arg;
    struct in_place p = { c->f->tree.root.fd, "old", NULL };
    struct iovec all = { (char[]){ NEW }, strlen(NEW) };
    struct store_result r;
    struct stat st;
    int target = -1, temp = -1;

    faults_spare(true);
    assert_int_equal(stat(in_root(c->f, "old").text, &st), 0);
    faults_spare(false);
    p.st = &st;
    r = in_place_open(&p, &target, &temp);
    if (r.error)
        return (int)r.error;
    faults_spare(true);
    assert_int_equal(pwritev(temp, &all, 1, 0), all.iov_len);
    faults_spare(false);
    r = in_place_copy(target, temp, all.iov_len);
    close(temp);
    close(target);
    return (int)r.error;
}

/* A disk that fails amid the copy harms the file: what is said is that it failed. */
static void check_copy(void *arg, int error, bool transient)
{
    struct scene *c = arg;

    assert_false(transient && error);
    assert_true(error || has_text(in_root(c->f, "old"), NEW));
}

static void a_copy_in_place(void **state)
{
    struct scene c = { .f = *state, .name = "old", .policy = UPLOAD_OVERWRITE };
    struct each_fault s = { prepare_upload, copy_in_place, check_copy, &c, NULL };

    assert_true(each_fault(&s) > 15);
    assert_int_equal(mkdir(in_root(c.f, "dir").text, 0755), 0);
}

/* ---- A read ---- */

enum { LARGE = CACHE_COPY_MAX + 5000, FILES = 4 };

struct reading {
    struct fixture *f;
    struct file_cache cache;
    struct cached_file slots[FILES], *buckets[FILES];
    struct cache_opening opening;
    struct cache_reading reading;
    struct root_name name;
    int done;
    bool in_memory; /* as if its file system were */
    size_t size;
    uint8_t bytes[LARGE];
};

static void opened(struct cache_opening *o)
{
    JOB_OWNER(o, struct reading, opening)->done = 1;
}

static void was_read(struct cache_reading *r)
{
    JOB_OWNER(r, struct reading, reading)->done = 1;
}

static void await(struct reading *r)
{
    for (; !r->done; sched_yield())
        (void)workers_collect(&r->f->tree.workers);
    r->done = 0;
}

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void prepare_read(void *arg)
{
    struct reading *r = arg;

    memset(r->bytes, 0, sizeof r->bytes);
    memset(r->slots, 0, sizeof r->slots);
    memset(r->buckets, 0, sizeof r->buckets);
    cache_init(&r->cache, &(struct cache_config){ .workers = &r->f->tree.workers,
                                                  .slots = r->slots,
                                                  .buckets = r->buckets,
                                                  .room = FILES,
                                                  .keep = 1 });
}

/* In two parts, as blocks are. */
static int read_opened(struct reading *r, struct cached_file *file)
{
    size_t half = r->size / 2;
    struct iovec v[2] = { { r->bytes, 1000 }, { r->bytes + 1000, half - 1000 } };
    struct iovec rest = { r->bytes + half, r->size - half };
    struct store_result result = cache_read(file, v, 2, 0);

    if (result.error == STORE_LATER) {
        r->reading = (struct cache_reading){
            .file = file, .iov = v, .count = 2, .offset = 0, .done = was_read
        };
        cache_read_later(&r->f->tree.workers, &r->reading);
        await(r);
        result = r->reading.result;
    }
    if (result.error == STORE_OK)
        result = cache_read(file, &rest, 1, half);
    if (result.error == STORE_LATER) {
        r->reading = (struct cache_reading){
            .file = file, .iov = &rest, .count = 1, .offset = half, .done = was_read
        };
        cache_read_later(&r->f->tree.workers, &r->reading);
        await(r);
        result = r->reading.result;
    }
    if (result.error == STORE_OK && cache_changed(file))
        result = store_fail(STORE_CHANGED, "");
    return (int)result.error;
}

static int read_file(void *arg)
{
    struct reading *r = arg;
    int error;

    r->opening = (struct cache_opening){ .root = &r->f->tree.root,
                                         .name = &r->name,
                                         .done = opened };
    cache_open(&r->cache, &r->opening);
    await(r);
    error = (int)r->opening.result.error;
    if (r->opening.file) {
        r->opening.file->in_memory |= r->in_memory;
        error = read_opened(r, r->opening.file);
        cache_release(r->opening.file, 0);
    }
    cache_free(&r->cache);
    while (workers_pending(&r->f->tree.workers) > 0)
        (void)workers_collect(&r->f->tree.workers);
    return error;
}

static void check_read(void *arg, int error, bool transient)
{
    struct reading *r = arg;

    assert_false(transient && error);
    for (size_t i = 0; !error && i < r->size; i++)
        assert_int_equal(r->bytes[i], byte_at(i));
}

static void try_read(struct fixture *f, size_t size, bool in_memory)
{
    struct reading *r = calloc(1, sizeof *r);
    struct each_fault s = { prepare_read, read_file, check_read, r, NULL };
    FILE *file = fopen(in_root(f, "read").text, "w");

    assert_true(r && file);
    r->f = f;
    r->size = size;
    r->in_memory = in_memory;
    r->name = name_of(&f->tree, "read");
    for (size_t i = 0; i < size; i++)
        assert_true(fputc(byte_at(i), file) != EOF);
    assert_int_equal(fclose(file), 0);
    assert_true(each_fault(&s) > 10);
    free(r);
}

static void a_small_file_that_is_read(void **state)
{
    try_read(*state, 5000, false);
}

static void a_large_file_that_is_read(void **state)
{
    try_read(*state, LARGE, false);
}

static void a_file_in_memory_that_is_read(void **state)
{
    try_read(*state, LARGE, true);
}

/* ---- Files of the command line ---- */

static void prepare_key(void *arg)
{
    put_file(in_root(((struct scene *)arg)->f, "old"), "sixteen bytes of a key\n");
}

static int read_key(void *arg)
{
    struct scene *c = arg;
    struct store_key key = { .len = 0 };
    int err = key_read(&key, in_root(c->f, "old").text);

    if (!err)
        assert_int_equal(key.len, strlen("sixteen bytes of a key"));
    return -err;
}

static void check_said(void *arg, int error, bool transient)
{
    (void)arg;
    assert_false(transient && error);
}

/* A plain file does not say that it is to be read again. */
static void a_key(void **state)
{
    static const char *const but_reads[] = { "read", NULL };
    struct scene c = { .f = *state };
    struct each_fault s = { prepare_key, read_key, check_said, &c, but_reads };

    assert_true(each_fault(&s) > 4);
    assert_true(one_fault(&s, fault_call_named("read"), 1, FAULT_SHORT));
    assert_true(one_fault(&s, fault_call_named("read"), 1, EINTR));
    assert_true(one_fault(&s, fault_call_named("read"), 1, EIO));
}

static void prepare_print(void *arg)
{
    put_file(in_root(((struct scene *)arg)->f, "old"), OLD);
}

static int print_file(void *arg)
{
    struct scene *c = arg;
    struct atomic_file file;
    struct store_result r = atomic_file_open(&file, in_root(c->f, "old").text);

    if (r.error)
        return (int)r.error;
    (void)fputs(NEW, file.out);
    return (int)atomic_file_commit(&file).error;
}

static void check_print(void *arg, int error, bool transient)
{
    struct scene *c = arg;

    assert_false(transient && error);
    assert_true(has_text(in_root(c->f, "old"), error ? OLD : NEW));
    assert_string_equal(temporary_in(in_root(c->f, "")).text, "");
}

static void a_file_that_is_printed(void **state)
{
    struct scene c = { .f = *state };
    struct each_fault s = { prepare_print, print_file, check_print, &c, but_removal };

    assert_true(each_fault(&s) > 10);
}

/* ---- A sweep ---- */

#define LEFTOVER ".kedge-0123456789abcdef"

static void prepare_sweep(void *arg)
{
    struct scene *c = arg;

    remove_below(in_root(c->f, "").text);
    put_file(in_root(c->f, "old"), OLD);
    assert_int_equal(mkdir(in_root(c->f, "a").text, 0755), 0);
    put_file(in_root(c->f, "a/" LEFTOVER), OLD);
    put_file(in_root(c->f, "a/" LEFTOVER ".txt"), OLD);
}

static int sweep(void *arg)
{
    struct scene *c = arg;
    struct sweep_result result = upload_sweep(&c->f->tree.root);

    return result.removed == 1 ? 0 : 1;
}

/* What it counts as removed is gone, and nothing else is. */
static void check_sweep(void *arg, int error, bool transient)
{
    struct scene *c = arg;

    assert_false(transient && error);
    assert_int_equal(is_there(in_root(c->f, "a/" LEFTOVER)), error);
    assert_true(has_text(in_root(c->f, "a/" LEFTOVER ".txt"), OLD));
    assert_true(has_text(in_root(c->f, "old"), OLD));
}

static void a_sweep(void **state)
{
    struct scene c = { .f = *state, .name = "old" };
    struct each_fault s = { prepare_sweep, sweep, check_sweep, &c, NULL };

    assert_true(each_fault(&s) > 20);
    remove_below(in_root(c.f, "").text);
    assert_int_equal(mkdir(in_root(c.f, "dir").text, 0755), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_upload_that_replaces),        TEST(an_upload_that_keeps_a_version),
        TEST(an_upload_into_new_directories), TEST(each_flush_is_told),
        TEST(a_close_that_fails_is_told),     TEST(a_copy_in_place),
        TEST(a_small_file_that_is_read),      TEST(a_large_file_that_is_read),
        TEST(a_file_in_memory_that_is_read),  TEST(a_key),
        TEST(a_file_that_is_printed),         TEST(a_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
