/* SPDX-License-Identifier: MIT */
/* The replacement of a map rule, filled in: \0 to \9, \i, \x, \U, \L, \E, \\ and escaped
 * characters, as tftp-hpa 7.3 does it. Pure; the characters of a locale come in as a
 * function. */
#ifndef POLICY_MAP_EXPAND_H
#define POLICY_MAP_EXPAND_H

#include "base/bytes.h"

#define MAP_GROUPS 10
#define MAP_CHAR_MAX 16     /* bytes of one character in any locale */
#define MAP_NONE UINT32_MAX /* a group that took no part in the match */

/* Where a group matched: bytes from the start of the text that was matched. */
struct map_group {
    uint32_t from; /* MAP_NONE: it did not */
    uint32_t to;
};

enum map_fold { MAP_AS_IS, MAP_UPPER, MAP_LOWER };

/* One character of the locale. */
struct map_char {
    size_t taken; /* bytes of the input; 0: they are no character */
    size_t len;   /* bytes in out; 0: the folded one does not exist in the locale */
    uint8_t out[MAP_CHAR_MAX];
};

/* The character at the front of text (never empty), folded. */
typedef struct map_char (*map_char_fn)(const void *owner, struct kedge_span text,
                                       enum map_fold fold);

struct map_chars {
    map_char_fn take;
    const void *owner;
};

/* Who asks, for \i and \x. */
struct map_client {
    struct kedge_span text;    /* the address as people write it */
    struct kedge_span address; /* 4 or 16 bytes */
};

struct map_expansion {
    struct kedge_span pattern;
    struct kedge_span matched; /* the text that the groups point into */
    struct map_group groups[MAP_GROUPS];
    const struct map_client *client;
    const struct map_chars *chars;
};

/* Appends the expansion to w. False if a part of it is no text of the locale; w->bad if
 * it did not fit. A group stands up to its first backslash only, as in tftp-hpa. */
KEDGE_MUST_CHECK bool map_expand(struct writer *w, const struct map_expansion *e);

#endif
