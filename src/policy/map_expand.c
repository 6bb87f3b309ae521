/* SPDX-License-Identifier: MIT */
/* The replacement of a map rule: escapes, groups and letter case. */
#include "policy/map_expand.h"

/* The work of one expansion. */
struct expander {
    const struct map_expansion *e;
    struct writer *w;
    enum map_fold fold;
    bool bad_text;
};

/* Appends text up to its first backslash, folded. Returns the bytes that it took. */
static size_t expand_text(struct expander *x, struct kedge_span text)
{
    size_t at = 0;

    while (at < text.len && text.ptr[at] != '\\') {
        struct kedge_span rest = { text.ptr + at, text.len - at };
        struct map_char c = x->e->chars->take(x->e->chars->owner, rest, x->fold);

        if (c.taken == 0 || c.taken > rest.len || c.len > sizeof c.out) {
            x->bad_text = true;
            break;
        }
        put(x->w, (struct kedge_span){ c.out, c.len });
        at += c.taken;
    }
    return at;
}

static void expand_group(struct expander *x, const struct map_group *g)
{
    KEDGE_ASSERT(g->from == MAP_NONE || (g->from <= g->to && g->to <= x->e->matched.len));
    if (g->from != MAP_NONE)
        expand_text(x,
                    (struct kedge_span){ x->e->matched.ptr + g->from, g->to - g->from });
}

static void expand_hex(struct expander *x, struct kedge_span bytes)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t two[2] = { (uint8_t)digits[bytes.ptr[i] >> 4],
                           (uint8_t)digits[bytes.ptr[i] & 15] };

        expand_text(x, (struct kedge_span){ two, sizeof two });
    }
}

/* What follows a backslash. Returns the bytes that it took: 0 for an unknown escape,
 * which stands for its character, and is folded as other text is. */
static size_t expand_escape(struct expander *x, uint8_t c)
{
    if (c >= '0' && c <= '9')
        expand_group(x, &x->e->groups[c - '0']);
    else if (c == 'U')
        x->fold = MAP_UPPER;
    else if (c == 'L')
        x->fold = MAP_LOWER;
    else if (c == 'E')
        x->fold = MAP_AS_IS;
    else if (c == '\\')
        put_u8(x->w, '\\');
    else if (c == 'i')
        expand_text(x, x->e->client->text);
    else if (c == 'x')
        expand_hex(x, x->e->client->address);
    else
        return 0;
    return 1;
}

bool map_expand(struct writer *w, const struct map_expansion *e)
{
    struct expander x = { .e = e, .w = w };
    struct kedge_span left = e->pattern;

    while (left.len > 0 && !x.bad_text && !w->bad) {
        size_t took = 0;

        if (left.ptr[0] != '\\') {
            took = expand_text(&x, left);
        } else if (left.len == 1) {
            put_u8(w, '\\'); /* at the end it stands for itself */
            took = 1;
        } else {
            took = 1 + expand_escape(&x, left.ptr[1]);
        }
        left = (struct kedge_span){ left.ptr + took, left.len - took };
    }
    return !x.bad_text;
}
