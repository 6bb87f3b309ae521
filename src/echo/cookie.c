/* SPDX-License-Identifier: MIT */
/* Cookies that validate a peer's address: issued and checked by a keyed hash. */
#include "echo/cookie.h"

#define PEER_MAX 64

struct state {
    uint64_t v[4];
};

static uint64_t rotate(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static void rounds(struct state *s, int n)
{
    uint64_t *v = s->v;

    for (int i = 0; i < n; i++) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

/* Up to 8 bytes, the first the lowest. */
static uint64_t little(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << 8 * i;
    return v;
}

static void absorb(struct state *s, uint64_t m)
{
    s->v[3] ^= m;
    rounds(s, 2);
    s->v[0] ^= m;
}

uint64_t siphash(const uint8_t key[COOKIE_KEY], struct kedge_span bytes)
{
    uint64_t k0 = little(key, 8), k1 = little(key + 8, 8);
    struct state s = { { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
                         k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u } };
    size_t at = 0;

    for (; bytes.len - at >= 8; at += 8)
        absorb(&s, little(bytes.ptr + at, 8));
    absorb(&s, (uint64_t)bytes.len << 56 |
                   (bytes.len > at ? little(bytes.ptr + at, bytes.len - at) : 0));
    s.v[2] ^= 0xff;
    rounds(&s, 4);
    return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

static uint64_t cookie_of_hour(const uint8_t key[COOKIE_KEY], struct kedge_span peer,
                               uint64_t hour)
{
    uint8_t bytes[8 + PEER_MAX];
    struct writer w = { .ptr = bytes, .room = sizeof bytes };
    uint64_t cookie;

    put_u64(&w, hour);
    put(&w, peer);
    KEDGE_ASSERT(!w.bad);
    cookie = siphash(key, written(&w));
    return cookie ? cookie : 1;
}

uint64_t cookie_of(const uint8_t key[COOKIE_KEY], struct kedge_span peer, kedge_nanos now)
{
    return cookie_of_hour(key, peer, now / COOKIE_LIFE);
}

bool cookie_proves(const uint8_t key[COOKIE_KEY], struct kedge_span peer, uint64_t cookie,
                   kedge_nanos now)
{
    uint64_t hour = now / COOKIE_LIFE;

    if (cookie == 0)
        return false;
    return cookie == cookie_of_hour(key, peer, hour) ||
           (hour > 0 && cookie == cookie_of_hour(key, peer, hour - 1));
}
