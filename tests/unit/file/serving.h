/* SPDX-License-Identifier: MIT */
/* What the tests of served files share: a tree with a cache of three files, and openings
 * and reads in few words. */
#ifndef TESTS_UNIT_FILE_SERVING_H
#define TESTS_UNIT_FILE_SERVING_H

#include "tree.h"

#include "file/cache.h"

#include <semaphore.h>

#define ROOM 3
#define KEEP 100

struct fixture {
    struct tree tree;
    struct cached_file slots[ROOM];
    struct cached_file *buckets[ROOM];
    struct file_cache cache;
    struct store_job *held; /* waits in before_run until let_go */
    sem_t let_go;
};

static inline void hold(struct store_job *job, void *arg)
{
    struct fixture *f = arg;

    if (job == f->held)
        sem_wait(&f->let_go);
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct workers_config workers = { .threads = 2, .before_run = hold, .arg = f };
    struct cache_config config = { .workers = &f->tree.workers,
                                   .slots = f->slots,
                                   .buckets = f->buckets,
                                   .room = ROOM,
                                   .keep = KEEP };

    sem_init(&f->let_go, 0, 0);
    tree_open(&f->tree, &workers);
    cache_init(&f->cache, &config);
    put_file(at(&f->tree, "root/a"), "content of a");
    put_file(at(&f->tree, "root/b"), "b");
    put_file(at(&f->tree, "root/c"), "c");
    put_file(at(&f->tree, "root/d"), "d");
    make_link("a", at(&f->tree, "root/link"));
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    cache_free(&f->cache);
    tree_close(&f->tree);
    for (size_t i = 0; i < f->cache.fresh; i++)
        assert_int_equal(f->slots[i].fd, -1); /* all is closed */
    sem_destroy(&f->let_go);
    free(f);
    return 0;
}

struct request {
    struct root_name name;
    struct cache_opening opening;
    int done;
};

static inline void opened(struct cache_opening *o)
{
    JOB_OWNER(o, struct request, opening)->done = 1;
}

static inline void begin(struct fixture *f, struct request *r, const char *name)
{
    r->name = name_of(&f->tree, name);
    r->opening =
        (struct cache_opening){ .root = &f->tree.root, .name = &r->name, .done = opened };
    r->done = 0;
    cache_open(&f->cache, &r->opening);
}

static inline struct store_result open_now(struct fixture *f, const char *name,
                                           struct cached_file **file)
{
    struct request r;

    begin(f, &r, name);
    collect_until(&f->tree.workers, &r.done);
    *file = r.opening.file;
    return r.opening.result;
}

static inline struct cached_file *must_open(struct fixture *f, const char *name)
{
    struct cached_file *file = NULL;

    assert_int_equal(open_now(f, name, &file).error, STORE_OK);
    assert_non_null(file);
    return file;
}

static inline struct cached_file *find(struct fixture *f, const char *text)
{
    struct root_name name = name_of(&f->tree, text);

    return cache_find(&f->cache, &f->tree.root, &name);
}

/* The kernel may fail to tell at once, as when another process mounts something. */
static inline struct cached_file *find_soon(struct fixture *f, const char *text)
{
    struct cached_file *file = NULL;

    for (int i = 0; i < 100 && !file; i++)
        file = find(f, text);
    return file;
}

struct wait {
    struct cache_reading reading;
    int done;
};

static inline void was_read(struct cache_reading *r)
{
    JOB_OWNER(r, struct wait, reading)->done = 1;
}

static inline struct store_result read_by_helper(struct fixture *f,
                                                 const struct cached_file *file,
                                                 struct iovec iov, uint64_t offset)
{
    struct wait w = { .reading = { .file = file,
                                   .iov = &iov,
                                   .count = 1,
                                   .offset = offset,
                                   .done = was_read } };

    cache_read_later(&f->tree.workers, &w.reading);
    collect_until(&f->tree.workers, &w.done);
    return w.reading.result;
}

#endif
