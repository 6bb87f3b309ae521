/* SPDX-License-Identifier: MIT */
/* What the tests of uploads share: a tree, rules, and an upload in few words. */
#ifndef TESTS_UNIT_FILE_SENDING_H
#define TESTS_UNIT_FILE_SENDING_H

#include "tree.h"

#include "file/upload.h"

#include <semaphore.h>

struct fixture {
    struct tree tree;
    struct upload_rules rules;
    int open_files;         /* before the first upload */
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

    sem_init(&f->let_go, 0, 0);
    tree_open(&f->tree, &workers);
    f->rules = (struct upload_rules){ .policy = UPLOAD_OVERWRITE,
                                      .mode = UPLOAD_MODE,
                                      .max_bytes = UPLOAD_NO_LIMIT };
    assert_int_equal(mkdir(at(&f->tree, "root/dir").text, 0755), 0);
    f->open_files = entries((struct path){ "/proc/self/fd" });
    *state = f;
    return 0;
}

/* No upload leaves a temporary file or a descriptor behind. */
static inline int teardown(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(entries((struct path){ "/proc/self/fd" }), f->open_files);
    assert_string_equal(temporary_in(at(&f->tree, "root")).text, "");
    assert_string_equal(temporary_in(at(&f->tree, "root/dir")).text, "");
    tree_close(&f->tree);
    sem_destroy(&f->let_go);
    free(f);
    return 0;
}

struct sending {
    struct root_name name;
    struct upload upload;
    int done;
};

static inline void is_done(struct upload *u)
{
    JOB_OWNER(u, struct sending, upload)->done = 1;
}

static inline enum store_error wait_for(struct fixture *f, struct sending *s)
{
    collect_until(&f->tree.workers, &s->done);
    s->done = 0;
    return s->upload.result.error;
}

static inline void prepare(struct fixture *f, struct sending *s, const char *name,
                           uint64_t expected)
{
    *s = (struct sending){ .name = name_of(&f->tree, name) };
    s->upload = (struct upload){ .root = &f->tree.root,
                                 .rules = &f->rules,
                                 .name = &s->name,
                                 .expected = expected,
                                 .done = is_done };
}

static inline enum store_error begin(struct fixture *f, struct sending *s,
                                     const char *name, uint64_t expected)
{
    prepare(f, s, name, expected);
    upload_begin(&f->tree.workers, &s->upload);
    return wait_for(f, s);
}

static inline enum store_error write_text(struct sending *s, const char *text,
                                          uint64_t offset)
{
    char copy[256];
    struct iovec iov = { copy, strlen(text) };

    (void)snprintf(copy, sizeof copy, "%s", text);
    return upload_write(&s->upload, &iov, 1, offset).error;
}

static inline enum store_error commit(struct fixture *f, struct sending *s)
{
    upload_commit(&f->tree.workers, &s->upload);
    return wait_for(f, s);
}

static inline void give_up(struct fixture *f, struct sending *s)
{
    upload_abort(&f->tree.workers, &s->upload);
    (void)wait_for(f, s);
}

/* A whole upload; the first error. */
static inline enum store_error send_text(struct fixture *f, const char *name,
                                         const char *text)
{
    struct sending s;
    enum store_error error = begin(f, &s, name, 0);

    if (error)
        return error;
    error = write_text(&s, text, 0);
    if (!error)
        return commit(f, &s);
    give_up(f, &s);
    return error;
}

static inline struct path in_root(const struct fixture *f, const char *name)
{
    struct path p;

    (void)snprintf(p.text, sizeof p.text, "%s/%s/%s", f->tree.path, "root", name);
    return p;
}

static inline bool is_there(struct path p)
{
    struct stat st;

    return lstat(p.text, &st) == 0;
}

#endif
