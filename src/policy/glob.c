/* SPDX-License-Identifier: MIT */
/* Patterns of file names: all ways through a pattern at once, so that no pattern is slow. */
#include "policy/glob.h"

#include <string.h>

/* Where in the pattern a match may be: bit i is set when the next byte of the name is for
 * the pattern's byte i. One bit more stands for its end. */
struct places {
    uint8_t at[GLOB_MAX + 1];
};

/* The length of the star at i: 0 for none, 1 or 2. */
static size_t star_at(struct kedge_span p, size_t i)
{
    if (i >= p.len || p.ptr[i] != '*')
        return 0;
    return i + 1 < p.len && p.ptr[i + 1] == '*' ? 2 : 1;
}

/* Come to i from before it. A star may be empty, and a double star that is a part of its
 * own may be no part at all. */
static void enter_place(struct kedge_span p, struct places *to, size_t i)
{
    while (!to->at[i]) {
        size_t star = star_at(p, i);
        bool part = star == 2 && (i == 0 || p.ptr[i - 1] == '/') && i + 2 < p.len &&
                    p.ptr[i + 2] == '/';

        to->at[i] = 1;
        if (star == 0)
            return;
        if (part)
            enter_place(p, to, i + 3);
        i += star;
    }
}

static void glob_step(struct kedge_span p, const struct places *from, struct places *to,
                      uint8_t c)
{
    for (size_t i = 0; i < p.len; i++) {
        size_t star = star_at(p, i);

        if (!from->at[i])
            continue;
        if (star == 2 || (star == 1 && c != '/')) {
            to->at[i] = 1;
            enter_place(p, to, i + star);
        } else if (star == 0 && (p.ptr[i] == c || (p.ptr[i] == '?' && c != '/'))) {
            enter_place(p, to, i + 1);
        }
    }
}

static bool match_all(struct kedge_span pattern, struct kedge_span name)
{
    struct places places[2];

    memset(places, 0, sizeof places);
    enter_place(pattern, &places[0], 0);
    for (size_t n = 0; n < name.len; n++) {
        struct places *to = &places[(n + 1) % 2];

        memset(to, 0, sizeof *to);
        glob_step(pattern, &places[n % 2], to, name.ptr[n]);
    }
    return places[name.len % 2].at[pattern.len];
}

static struct kedge_span last_part(struct kedge_span name)
{
    size_t from = name.len;

    if (from == 0) /* and perhaps no bytes at all: nothing may be added to NULL */
        return name;
    while (from > 0 && name.ptr[from - 1] != '/')
        from--;
    return (struct kedge_span){ name.ptr + from, name.len - from };
}

bool glob_match(struct kedge_span pattern, struct kedge_span name)
{
    bool whole = pattern.len > 0 && memchr(pattern.ptr, '/', pattern.len);

    if (pattern.len > GLOB_MAX)
        return false;
    return match_all(pattern, whole ? name : last_part(name));
}
