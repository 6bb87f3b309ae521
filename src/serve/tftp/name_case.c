/* SPDX-License-Identifier: MIT */
/* Looks through directories for a name in another letter case. */
#include "serve/tftp/name_case.h"

#include "base/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One character in front, in lower case; of what is none, one byte. */
static struct match_char take_lower(const struct match_locale *l, struct kedge_span text)
{
    struct match_char c = { .taken = 0 };
    uint8_t byte = text.ptr[0];

    if (l->locale)
        c = match_character(l, text, -1);
    if (c.taken > 0 && c.len > 0)
        return c;
    if (byte >= 'A' && byte <= 'Z' && !l->locale)
        byte = (uint8_t)(byte - 'A' + 'a');
    return (struct match_char){ .taken = 1, .len = 1, .out = { byte } };
}

static void step(struct kedge_span *text, size_t n)
{
    text->ptr += n;
    text->len -= n;
}

static bool same_but_for_case(const struct match_locale *l, struct kedge_span a,
                              struct kedge_span b)
{
    while (a.len > 0 && b.len > 0) {
        struct match_char x = take_lower(l, a);
        struct match_char y = take_lower(l, b);

        if (x.len != y.len || memcmp(x.out, y.out, x.len) != 0)
            return false;
        step(&a, x.taken);
        step(&b, y.taken);
    }
    return a.len == 0 && b.len == 0;
}

/* The search for one part of a name in its directory. */
struct search {
    const struct match_locale *letters;
    struct kedge_span part;
    struct name_case *out;
    unsigned found;
};

static void take_entry(struct search *s, const char *entry)
{
    char *into = s->found == 0 ? s->out->first : s->out->second;

    if (s->found >= 2 || !same_but_for_case(s->letters, s->part, span_of(entry)))
        return;
    snprintf(into, sizeof s->out->first, "%s", entry);
    s->found++;
}

/* Takes fd. */
static struct store_result look_through(struct search *s, int fd)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry = NULL;

    if (!dir) {
        close(fd);
        return store_errno(ENOMEM);
    }
    for (unsigned i = 0; i < NAME_CASE_ENTRIES && (entry = readdir(dir)); i++)
        take_entry(s, entry->d_name);
    closedir(dir);
    return store_ok();
}

static bool is_there(int dir, struct kedge_span part)
{
    struct root_name name = { "" };
    struct stat st;

    memcpy(name.text, part.ptr, part.len);
    return fstatat(dir, name.text, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The name so far, and how it goes on. */
struct naming {
    const struct store_root *root;
    const struct match_locale *letters;
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
    struct search s = { .letters = n->letters, .part = part, .out = n->out };
    bool there = false;
    int fd = -1;

    n->result = root_open_directory(n->root, &n->out->name, &fd);
    if (n->result.error == STORE_OK) {
        there = is_there(fd, part);
        if (there)
            close(fd);
        else
            n->result = look_through(&s, fd);
    }
    n->out->twice = s.found > 1;
    n->out->changed = n->out->changed || s.found == 1;
    if (n->w.len > 0)
        put_u8(&n->w, '/');
    put(&n->w, s.found == 1 ? span_of(n->out->first) : part);
    end_name(n);
    return !n->w.bad && (there || s.found == 1);
}

/* The part in front; empty where the rest is not looked for. */
static struct kedge_span part_of(struct kedge_span left)
{
    const uint8_t *slash = left.len > 0 ? memchr(left.ptr, '/', left.len) : NULL;
    struct kedge_span part = { left.ptr, slash ? (size_t)(slash - left.ptr) : left.len };

    if (part.len > NAME_MAX || span_equal(part, span_of("..")))
        part.len = 0;
    return part;
}

struct store_result name_case_find(const struct store_root *root,
                                   const struct match_locale *letters,
                                   struct kedge_span asked, struct name_case *out)
{
    struct naming n = { .root = root,
                        .letters = letters,
                        .out = out,
                        .w = { .ptr = (uint8_t *)out->name.text,
                               .room = sizeof out->name.text - 1 },
                        .result = store_ok() };
    struct kedge_span left = asked;
    struct kedge_span part;
    bool more = true;

    *out = (struct name_case){ .changed = false };
    while (more && (part = part_of(left)).len > 0) {
        more = add_part(&n, part);
        step(&left, part.len);
        if (left.len > 1)
            step(&left, 1); /* the slash; one at the end stays */
    }
    if (left.len > 0 && left.ptr[0] != '/' && n.w.len > 0)
        put_u8(&n.w, '/');
    put(&n.w, left);
    end_name(&n);
    out->changed = out->changed && !n.w.bad;
    return n.result.error == STORE_BUSY ? n.result : store_ok();
}
