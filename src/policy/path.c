/* SPDX-License-Identifier: MIT */
/* The form of a name, and whether it lies in a directory. */
#include "policy/path.h"

struct kedge_span path_part(struct kedge_span *left, bool backslash, bool *slash)
{
    size_t n = 0;
    struct kedge_span part;

    while (n < left->len && left->ptr[n] != '/' && !(backslash && left->ptr[n] == '\\'))
        n++;
    part = (struct kedge_span){ left->ptr, n };
    *slash = n < left->len;
    n += *slash;
    *left = (struct kedge_span){ left->ptr + n, left->len - n };
    return part;
}

/* The next part that is not empty; an empty one at the end. */
static struct kedge_span solid_part(struct kedge_span *left)
{
    struct kedge_span part = { 0 };
    bool slash;

    while (part.len == 0 && left->len > 0)
        part = path_part(left, false, &slash);
    return part;
}

bool path_is_dot(struct kedge_span part)
{
    return span_equal(part, span_of("."));
}

bool path_is_up(struct kedge_span part)
{
    return span_equal(part, span_of(".."));
}

/* What was written from `base` on begins and ends with a slash. */
static void take_back(struct writer *w, size_t base)
{
    if (w->len == base + 1)
        return;
    do
        w->len--;
    while (w->ptr[w->len - 1] != '/');
}

static void put_flat(struct writer *w, struct kedge_span name)
{
    size_t base = w->len;

    put_u8(w, '/');
    while (name.len > 0 && !w->bad) {
        bool slash;
        struct kedge_span part = path_part(&name, false, &slash);

        if (path_is_up(part)) {
            take_back(w, base);
        } else if (part.len > 0 && !path_is_dot(part)) {
            put(w, part);
            if (slash)
                put_u8(w, '/');
        }
    }
}

void path_put(struct writer *w, enum path_form form, struct kedge_span name)
{
    if (form == PATH_FLAT) {
        put_flat(w, name);
        return;
    }
    if (form == PATH_ROOTED && (name.len == 0 || name.ptr[0] != '/'))
        put_u8(w, '/');
    put(w, name);
}

enum path_fault path_check(struct kedge_span name)
{
    struct kedge_span left = name;
    struct kedge_span part;

    if (name.len == 0 || name.ptr[0] != '/')
        return PATH_RELATIVE;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] < ' ')
            return PATH_CONTROL;
    for (part = solid_part(&left); part.len > 0; part = solid_part(&left))
        if (path_is_dot(part) || path_is_up(part))
            return PATH_DOTS;
    return PATH_SOUND;
}

static bool is_below(struct kedge_span dir, struct kedge_span name)
{
    struct kedge_span want;

    for (want = solid_part(&dir); want.len > 0; want = solid_part(&dir))
        if (!span_equal(want, solid_part(&name)))
            return false;
    return true;
}

enum path_fault path_validate(const struct path_rules *rules, struct kedge_span name)
{
    enum path_fault fault;

    if (!rules->validate)
        return PATH_SOUND;
    fault = path_check(name);
    if (fault != PATH_SOUND)
        return fault;
    for (size_t i = 0; i < rules->dir_count; i++)
        if (is_below(rules->dirs[i], name))
            return PATH_SOUND;
    return PATH_OUTSIDE;
}

const char *path_fault_text(enum path_fault f)
{
    static const char *const texts[] = {
        [PATH_SOUND] = "nothing is wrong with it",
        [PATH_RELATIVE] = "the name does not begin with /",
        [PATH_DOTS] = "the name has . or .. as a part",
        [PATH_CONTROL] = "the name has a control character",
        [PATH_OUTSIDE] = "the name is in none of the directories",
    };

    return texts[f];
}
