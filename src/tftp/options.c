/* SPDX-License-Identifier: MIT */
/* TFTP options parsed and written (RFC 2347). */
#include "tftp/options.h"

#include "base/number.h"

enum { UTIMEOUT_MIN_US = 10000, UTIMEOUT_MAX_US = 255000000 };

/* The options kedge knows, in the order in which it writes them. */
static const struct known {
    const char *name;
    unsigned bit;
    uint64_t least;
    uint64_t most;
} known[] = {
    { "blksize", KEDGE_TFTP_HAS_BLKSIZE, KEDGE_TFTP_BLKSIZE_MIN, KEDGE_TFTP_BLKSIZE_MAX },
    { "blksize2", KEDGE_TFTP_HAS_BLKSIZE2, KEDGE_TFTP_BLKSIZE_MIN,
      KEDGE_TFTP_BLKSIZE_MAX },
    { "tsize", KEDGE_TFTP_HAS_TSIZE, 0, UINT64_MAX },
    { "timeout", KEDGE_TFTP_HAS_TIMEOUT, 1, KEDGE_TFTP_TIMEOUT_MAX_S },
    { "utimeout", KEDGE_TFTP_HAS_UTIMEOUT, UTIMEOUT_MIN_US, UTIMEOUT_MAX_US },
    { "windowsize", KEDGE_TFTP_HAS_WINDOWSIZE, 1, KEDGE_TFTP_WINDOW_MAX },
    { "rollover", KEDGE_TFTP_HAS_ROLLOVER, 0, 1 },
};

enum { KNOWN = sizeof known / sizeof *known };

static void set(struct kedge_tftp_options *o, unsigned bit, uint64_t v)
{
    if (bit == KEDGE_TFTP_HAS_BLKSIZE2 && (o->has & KEDGE_TFTP_HAS_BLKSIZE))
        return; /* they share a field, and the standard one counts */
    if (bit == KEDGE_TFTP_HAS_BLKSIZE)
        o->has &= ~(unsigned)KEDGE_TFTP_HAS_BLKSIZE2;
    o->has |= bit;
    if (bit & (KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_BLKSIZE2))
        o->blksize = (uint32_t)v;
    else if (bit == KEDGE_TFTP_HAS_TSIZE)
        o->tsize = v;
    else if (bit == KEDGE_TFTP_HAS_TIMEOUT)
        o->timeout_s = (uint32_t)v;
    else if (bit == KEDGE_TFTP_HAS_UTIMEOUT)
        o->utimeout_us = (uint32_t)v;
    else if (bit == KEDGE_TFTP_HAS_WINDOWSIZE)
        o->windowsize = (uint32_t)v;
    else
        o->rollover = (uint32_t)v;
}

static uint64_t get(const struct kedge_tftp_options *o, unsigned bit)
{
    switch (bit) {
    case KEDGE_TFTP_HAS_TSIZE:
        return o->tsize;
    case KEDGE_TFTP_HAS_TIMEOUT:
        return o->timeout_s;
    case KEDGE_TFTP_HAS_UTIMEOUT:
        return o->utimeout_us;
    case KEDGE_TFTP_HAS_WINDOWSIZE:
        return o->windowsize;
    case KEDGE_TFTP_HAS_ROLLOVER:
        return o->rollover;
    default:
        return o->blksize;
    }
}

static bool take_one(struct kedge_span name, struct kedge_span value,
                     struct kedge_tftp_options *out)
{
    uint64_t v;

    for (size_t i = 0; i < KNOWN; i++) {
        if (!span_equal_nocase(name, known[i].name))
            continue;
        if (!decimal(value, known[i].most, &v) || v < known[i].least)
            return false;
        set(out, known[i].bit, v);
        return true;
    }
    return false;
}

bool options_take(struct reader *r, struct kedge_tftp_options *out)
{
    bool good = true;

    while (r->left.len > 0) {
        struct kedge_span name = take_string(r);
        struct kedge_span value = name.len > 0 ? take_string(r) : name;

        if (r->bad || name.len == 0)
            break;
        if (!take_one(name, value, out))
            good = false;
    }
    return good;
}

void options_put(struct writer *w, const struct kedge_tftp_options *options)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (!(options->has & known[i].bit))
            continue;
        put_string(w, span_of(known[i].name));
        put_decimal(w, get(options, known[i].bit));
        put_u8(w, 0);
    }
}

void options_list(struct writer *w, const struct kedge_tftp_options *options)
{
    bool more = false;

    for (size_t i = 0; i < KNOWN; i++) {
        if (!(options->has & known[i].bit))
            continue;
        if (more)
            put_u8(w, ',');
        put(w, span_of(known[i].name));
        put_u8(w, '=');
        put_decimal(w, get(options, known[i].bit));
        more = true;
    }
}
