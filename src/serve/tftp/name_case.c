/* SPDX-License-Identifier: MIT */
/* Walks along a name, and takes each part in the letter case that it is there in. */
#include "serve/tftp/name_case.h"

#include "base/bytes.h"
#include "os/clock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void step_over(struct kedge_span *text, size_t n)
{
    text->ptr += n;
    text->len -= n;
}

static bool part_is_there(int dir, struct kedge_span part)
{
    struct root_name name = { "" };
    struct stat st;

    memcpy(name.text, part.ptr, part.len);
    return fstatat(dir, name.text, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The name so far, and how it goes on. */
struct naming {
    const struct store_root *root;
    struct case_cache *cases;
    struct name_case *out;
    struct writer w; /* into out->name */
    struct store_result result;
};

static void end_name(struct naming *n)
{
    n->out->name.text[n->w.len] = '\0';
}

/* Add the part that is meant, of the directory that the name is so far. False: what follows
 * is not looked for. */
static bool add_part(struct naming *n, struct kedge_span part)
{
    struct case_found *found = &n->out->part;
    bool there = false;
    int fd = -1;

    found->count = 0;
    n->result = root_open_directory(n->root, &n->out->name, &fd);
    if (n->result.error == STORE_OK) {
        there = part_is_there(fd, part);
        if (there)
            close(fd);
        else
            n->result = case_cache_find(n->cases, fd, part, clock_now(), found);
    }
    n->out->twice = found->count > 1;
    n->out->changed = n->out->changed || found->count == 1;
    if (n->w.len > 0)
        put_u8(&n->w, '/');
    put(&n->w, found->count == 1 ? span_of(found->first) : part);
    end_name(n);
    return !n->w.bad && (there || found->count == 1);
}

/* The part in front; empty where the rest is not looked for. */
static struct kedge_span first_part(struct kedge_span left)
{
    const uint8_t *slash = left.len > 0 ? memchr(left.ptr, '/', left.len) : NULL;
    struct kedge_span part = { left.ptr, slash ? (size_t)(slash - left.ptr) : left.len };

    if (part.len > NAME_MAX || span_equal(part, span_of("..")))
        part.len = 0;
    return part;
}

struct store_result name_case_find(const struct store_root *root,
                                   struct case_cache *cases, struct kedge_span asked,
                                   struct name_case *out)
{
    struct naming n = { .root = root,
                        .cases = cases,
                        .out = out,
                        .w = { .ptr = (uint8_t *)out->name.text,
                               .room = sizeof out->name.text - 1 },
                        .result = store_ok() };
    struct kedge_span left = asked;
    struct kedge_span part;
    bool more = true;

    *out = (struct name_case){ .changed = false };
    while (more && (part = first_part(left)).len > 0) {
        more = add_part(&n, part);
        step_over(&left, part.len);
        if (left.len > 1)
            step_over(&left, 1); /* the slash; one at the end stays */
    }
    if (left.len > 0 && left.ptr[0] != '/' && n.w.len > 0)
        put_u8(&n.w, '/');
    put(&n.w, left);
    end_name(&n);
    out->changed = out->changed && !n.w.bad;
    return n.result.error == STORE_BUSY ? n.result : store_ok();
}
