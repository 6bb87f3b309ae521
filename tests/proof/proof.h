/* SPDX-License-Identifier: MIT */
/* What the drivers share: arbitrary values. A driver includes the source that it is about,
 * so that static functions are in reach, and has a function prove_NAME for each proof.
 *
 * A span of arbitrary bytes lies in a block of just its length; each length is a case of
 * its own (Frama_C_builtin_split), or pointer and length would no longer belong together. */
#ifndef PROOF_H
#define PROOF_H

#include "__fc_builtin.h"

#include "kedge/base.h"

#include <stdlib.h>

static inline bool any_bool(void)
{
    return (bool)Frama_C_interval(0, 1);
}

static inline uint64_t any_u64(void)
{
    return Frama_C_unsigned_long_interval(0, UINT64_MAX);
}

static inline uint64_t any_below(uint64_t end)
{
    return Frama_C_unsigned_long_interval(0, end - 1);
}

static inline uint64_t any_from_to(uint64_t least, uint64_t most)
{
    return Frama_C_unsigned_long_interval(least, most);
}

/* A number from 0 to most, each a case. */
#define EACH(name, most)                                                                 \
    size_t name = any_from_to(0, most);                                                  \
    Frama_C_builtin_split(name, 5000)

#define ANY_BYTES(name, len)                                                             \
    uint8_t *name = malloc(len);                                                         \
    Frama_C_make_unknown((char *)name, len)

/* Any bytes of any length up to most; or none, at NULL. */
#define ANY_SPAN(name, most)                                                             \
    EACH(name##_len, most);                                                              \
    ANY_BYTES(name##_bytes, name##_len);                                                 \
    struct kedge_span name = { name##_bytes, name##_len };                               \
    if (name##_len == 0 && any_bool())                                                   \
    name.ptr = NULL

#define ANY_TEXT(name, most)                                                             \
    EACH(name##_len, most);                                                              \
    char *name = malloc(name##_len + 1);                                                 \
    Frama_C_make_unknown(name, name##_len);                                              \
    name[name##_len] = 0

/* All of it may be read. */
static inline void readable(struct kedge_span s)
{
    volatile uint8_t seen;

    for (size_t i = 0; i < s.len; i++)
        seen = s.ptr[i];
}

#endif
