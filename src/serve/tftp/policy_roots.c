/* SPDX-License-Identifier: MIT */
/* Directories by path, in a list: there are few, and each is looked for once a request. */
#include "serve/tftp/policy_roots.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

struct policy_root {
    struct policy_root *next;
    struct store_root root;
    char path[];
};

void policy_roots_init(struct policy_roots *r)
{
    *r = (struct policy_roots){ .first = NULL };
    pthread_mutex_init(&r->lock, NULL);
}

void policy_roots_close(struct policy_roots *r)
{
    while (r->first) {
        struct policy_root *next = r->first->next;

        root_close(&r->first->root);
        free(r->first);
        r->first = next;
    }
    r->count = 0;
}

void policy_roots_free(struct policy_roots *r)
{
    policy_roots_close(r);
    pthread_mutex_destroy(&r->lock);
}

static struct policy_root *look_for(struct policy_roots *r, struct kedge_span path)
{
    struct policy_root *found = r->first;

    while (found && !span_equal(path, span_of(found->path)))
        found = found->next;
    return found;
}

/* Without the lock, for it blocks. */
static struct store_result open_new(const struct policy_roots *r, struct kedge_span path,
                                    struct policy_root **out)
{
    struct policy_root *made = malloc(sizeof *made + path.len + 1);
    struct store_result result = store_fail(STORE_BUSY, "no memory");

    if (!made)
        return result;
    memcpy(made->path, path.ptr, path.len);
    made->path[path.len] = '\0';
    made->root = (struct store_root){ .fd = -1 };
    result = root_open(&made->root, made->path);
    if (result.error == STORE_OK && r->follow) {
        result = root_follow(&made->root, made->path, r->follow);
        if (result.error != STORE_OK)
            root_close(&made->root);
    }
    if (result.error != STORE_OK)
        free(made);
    else
        *out = made;
    return result;
}

static void drop(struct policy_root *made)
{
    root_close(&made->root);
    free(made);
}

/* Another thread may have been faster: then its one is taken. */
static struct policy_root *keep_root(struct policy_roots *r, struct kedge_span path,
                                     struct policy_root *made)
{
    struct policy_root *found;

    KEDGE_ASSERT(made);
    pthread_mutex_lock(&r->lock);
    found = look_for(r, path);
    if (!found && r->count < POLICY_ROOTS_MAX) {
        made->next = r->first;
        r->first = found = made;
        r->count++;
    }
    pthread_mutex_unlock(&r->lock);
    if (found != made)
        drop(made);
    return found;
}

struct store_result policy_roots_find(struct policy_roots *r, struct kedge_span path,
                                      bool open, const struct store_root **out)
{
    struct policy_root *found;
    struct store_result result;

    pthread_mutex_lock(&r->lock);
    found = look_for(r, path);
    pthread_mutex_unlock(&r->lock);
    if (!found && !open)
        return store_fail(STORE_BUSY, "the client's root is not open yet");
    if (!found) {
        struct policy_root *made = NULL;

        result = open_new(r, path, &made);
        if (result.error != STORE_OK)
            return result;
        found = keep_root(r, path, made);
    }
    if (!found)
        return store_fail(STORE_BUSY, "too many open roots of clients");
    *out = &found->root;
    return store_ok();
}

struct sweep_result policy_roots_sweep(struct policy_roots *r)
{
    struct sweep_result sum = { 0 };
    const struct policy_root *one;

    pthread_mutex_lock(&r->lock);
    one = r->first; /* those behind it stay */
    pthread_mutex_unlock(&r->lock);
    for (; one; one = one->next) {
        struct sweep_result more = upload_sweep(&one->root);

        upload_sweep_add(&sum, &more);
    }
    return sum;
}
