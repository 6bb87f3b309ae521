/* SPDX-License-Identifier: MIT */
/* The fate of a packet: loss, delay, duplication, corruption. */
#include "impair.h"

#include "random.h"

#include <math.h>
#include <netinet/in.h>

bool burst_lost(struct link *l, uint64_t n)
{
    const double *b = l->params.burst;

    if (b[0] <= 0)
        return false;
    if (chance(l, R_BURST_STATE, n, l->bad ? b[1] : b[0]))
        l->bad = !l->bad;
    return chance(l, R_BURST_LOSS, n, l->bad ? b[2] : b[3]);
}

/* By Box and Muller, cut off at 4 sigma. */
static double normal(double u, double v)
{
    return fmax(-4, fmin(4, sqrt(-2 * log(1 - u)) * cos(2 * M_PI * v)));
}

int64_t jitter(const struct link *l, uint64_t n)
{
    double u = uniform(l, R_JITTER, n, 0);
    double x = 2 * u - 1;

    if (l->params.jitter == 0)
        return 0;
    if (l->params.normal)
        x = normal(u, uniform(l, R_JITTER, n, 1));
    return (int64_t)(x * (double)l->params.jitter);
}

/* Where a packet's transport header, its checksum and its payload are. */
struct places {
    size_t transport, sum, payload;
};

static bool find_transport(const uint8_t *d, size_t len, size_t *at, uint8_t *protocol)
{
    if (d[0] >> 4 == 4 && len >= 20) {
        if ((d[6] & 0x1f) || d[7]) /* a fragment behind the first */
            return false;
        *at = (d[0] & 15u) * 4;
        *protocol = d[9];
        return true;
    }
    if (d[0] >> 4 == 6 && len >= 40) {
        *at = 40;
        *protocol = d[6];
        return true;
    }
    return false;
}

/* False for fragments behind the first, IPv6 extension headers and other protocols. */
static bool find_places(const uint8_t *d, size_t len, struct places *p)
{
    uint8_t protocol = 0;
    size_t at = 0;

    if (!find_transport(d, len, &at, &protocol))
        return false;
    if (protocol == IPPROTO_UDP)
        *p = (struct places){ at, at + 6, at + 8 };
    else if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
        *p = (struct places){ at, at + 2, at + 8 };
    else if (protocol == IPPROTO_TCP && len >= at + 20)
        *p = (struct places){ at, at + 16, at + (size_t)(d[at + 12] >> 4) * 4 };
    else
        return false;
    return p->payload < len;
}

static unsigned word_at(const uint8_t *d, size_t len, size_t at)
{
    return (unsigned)d[at] << 8 | (at + 1 < len ? d[at + 1] : 0u);
}

/* Make the checksum fit after a word has changed (RFC 1624). */
static void mend_sum(uint8_t *d, const struct places *p, unsigned was, unsigned is)
{
    bool udp = p->sum == p->transport + 6;
    unsigned old = (unsigned)d[p->sum] << 8 | d[p->sum + 1];
    unsigned c = (~old & 0xffff) + (~was & 0xffff) + is;

    if (udp && old == 0) /* UDP without a checksum */
        return;
    c = (c & 0xffff) + (c >> 16);
    c = ~((c & 0xffff) + (c >> 16)) & 0xffff;
    if (udp && c == 0)
        c = 0xffff;
    d[p->sum] = (uint8_t)(c >> 8);
    d[p->sum + 1] = (uint8_t)c;
}

bool corrupt(const struct link *l, uint64_t n, uint8_t *data, size_t len)
{
    enum corrupt_mode mode = (enum corrupt_mode)l->params.corrupt_mode;
    struct places p = { 0 };
    size_t first = 0;

    if (mode != CORRUPT_RAW) {
        bool found = find_places(data, len, &p);

        if (!found && mode == CORRUPT_FIXED)
            return false;
        first = p.payload;
        if (!found) /* all behind the IP header */
            first = data[0] >> 4 == 6 ? 40 : (data[0] & 15u) * 4;
        if (first >= len)
            return false;
    }
    for (unsigned k = 0; k < l->params.corrupt_bits; k++) {
        uint64_t bit = draw(l, R_CORRUPT_POSITION, n, k) % ((len - first) * 8);
        size_t at = first + bit / 8;
        size_t word = at - ((at - p.transport) & 1);
        unsigned was = word_at(data, len, word);

        data[at] ^= (uint8_t)(1u << bit % 8);
        if (mode == CORRUPT_FIXED)
            mend_sum(data, &p, was, word_at(data, len, word));
    }
    return true;
}
