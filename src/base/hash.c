/* SPDX-License-Identifier: MIT */
/* SipHash-2-4. */
#include "base/hash.h"

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotated(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static void add_and_mix(uint64_t *sum, uint64_t *word, unsigned by)
{
    *sum += *word;
    *word = rotated(*word, by) ^ *sum;
}

static void rounds(struct state *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        add_and_mix(&s->v0, &s->v1, 13);
        add_and_mix(&s->v2, &s->v3, 16);
        s->v0 = rotated(s->v0, 32);
        add_and_mix(&s->v2, &s->v1, 17);
        add_and_mix(&s->v0, &s->v3, 21);
        s->v2 = rotated(s->v2, 32);
    }
}

static void absorb(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    rounds(s, 2);
    s->v0 ^= word;
}

uint64_t hash_keyed(const struct hash_key *key, struct kedge_span bytes)
{
    struct state s = { key->a ^ 0x736f6d6570736575, key->b ^ 0x646f72616e646f6d,
                       key->a ^ 0x6c7967656e657261, key->b ^ 0x7465646279746573 };
    uint64_t word = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        word |= (uint64_t)bytes.ptr[i] << i % 8 * 8;
        if (i % 8 == 7) {
            absorb(&s, word);
            word = 0;
        }
    }
    absorb(&s, word | (uint64_t)bytes.len << 56);
    s.v2 ^= 0xff;
    rounds(&s, 4);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
