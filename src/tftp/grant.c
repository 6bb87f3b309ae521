/* SPDX-License-Identifier: MIT */
/* Which options a transfer runs with: what a server grants, what a client accepts. */
#include "kedge/tftp.h"

#include "base/number.h"
#include "tftp/options.h"

/* The file's size goes out only when it is known and not zero: curl drops an OACK with
 * tsize=0. An RRQ's own value means nothing (U-Boot sends the size of its last file); a
 * WRQ's is echoed. netascii has no size before it is translated. */
static void grant_tsize(struct kedge_tftp_options *granted,
                        const struct kedge_tftp_request *request,
                        const struct kedge_tftp_limits *limits)
{
    bool reads = request->op == KEDGE_TFTP_RRQ;

    if (request->mode == KEDGE_TFTP_NETASCII || (reads && !limits->size_known))
        return;
    granted->tsize = reads ? limits->size : request->options.tsize;
    if (!reads || granted->tsize > 0)
        granted->has |= KEDGE_TFTP_HAS_TSIZE;
}

/* IPv4, UDP and TFTP headers of a block. */
enum { BLOCK_HEADERS = 32 };

/* A forged ACK buys a window: jumbo blocks would make it worth megabytes. An upload's window is
 * the client's to send. */
static uint64_t window_limit(const struct kedge_tftp_request *request,
                             const struct kedge_tftp_limits *limits, uint32_t blksize)
{
    uint64_t most = min_u64(limits->windowsize_max, KEDGE_TFTP_WINDOW_GRANT_MAX);

    if (limits->window_bytes == 0 || request->op != KEDGE_TFTP_RRQ)
        return most;
    return clamp_u64(limits->window_bytes / ((uint64_t)blksize + BLOCK_HEADERS), 1, most);
}

static uint32_t power_below(uint32_t v)
{
    uint32_t power = 1;

    while (power <= v / 2)
        power *= 2;
    return power;
}

struct kedge_tftp_options kedge_tftp_grant(const struct kedge_tftp_request *request,
                                           const struct kedge_tftp_limits *limits)
{
    const struct kedge_tftp_options *asked = &request->options;
    struct kedge_tftp_options granted = *asked;
    uint32_t blksize;

    granted.has &= ~(unsigned)(KEDGE_TFTP_HAS_TSIZE | KEDGE_TFTP_HAS_WINDOWSIZE);
    granted.blksize =
        (uint32_t)clamp_u64(asked->blksize, KEDGE_TFTP_BLKSIZE_MIN, limits->blksize_max);
    if (granted.has & KEDGE_TFTP_HAS_BLKSIZE2)
        granted.blksize = power_below(granted.blksize);
    if (asked->has & KEDGE_TFTP_HAS_TSIZE)
        grant_tsize(&granted, request, limits);
    if ((asked->has & KEDGE_TFTP_HAS_WINDOWSIZE) && request->mode == KEDGE_TFTP_OCTET) {
        blksize = (granted.has & (KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_BLKSIZE2))
                      ? granted.blksize
                      : KEDGE_TFTP_BLKSIZE_DEFAULT;
        granted.has |= KEDGE_TFTP_HAS_WINDOWSIZE;
        granted.windowsize = (uint32_t)clamp_u64(asked->windowsize, 1,
                                                 window_limit(request, limits, blksize));
    }
    return granted;
}

static bool within(const struct kedge_tftp_options *asked,
                   const struct kedge_tftp_options *granted)
{
    unsigned both = granted->has;

    if (both & ~asked->has)
        return false;
    if ((both & (KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_BLKSIZE2)) &&
        granted->blksize > asked->blksize)
        return false;
    if ((both & KEDGE_TFTP_HAS_WINDOWSIZE) && granted->windowsize > asked->windowsize)
        return false;
    if ((both & KEDGE_TFTP_HAS_TIMEOUT) && granted->timeout_s != asked->timeout_s)
        return false;
    if ((both & KEDGE_TFTP_HAS_UTIMEOUT) && granted->utimeout_us != asked->utimeout_us)
        return false;
    return !(both & KEDGE_TFTP_HAS_ROLLOVER) || granted->rollover == asked->rollover;
}

bool kedge_tftp_accept(const struct kedge_tftp_options *asked, struct kedge_span body,
                       struct kedge_tftp_options *granted)
{
    struct kedge_tftp_options said = { 0 };
    struct reader r = { .left = body };

    if (!options_take(&r, &said) || !within(asked, &said))
        return false;
    *granted = said;
    return true;
}

struct kedge_tftp_terms kedge_tftp_terms_of(const struct kedge_tftp_options *granted)
{
    struct kedge_tftp_terms t = { .blksize = KEDGE_TFTP_BLKSIZE_DEFAULT, .window = 1 };

    if (granted->has & (KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_BLKSIZE2))
        t.blksize = granted->blksize;
    if (granted->has & KEDGE_TFTP_HAS_WINDOWSIZE)
        t.window = granted->windowsize;
    if (granted->has & KEDGE_TFTP_HAS_ROLLOVER)
        t.rollover = granted->rollover;
    if (granted->has & KEDGE_TFTP_HAS_UTIMEOUT)
        t.timeout = granted->utimeout_us * KEDGE_USEC;
    else if (granted->has & KEDGE_TFTP_HAS_TIMEOUT)
        t.timeout = granted->timeout_s * KEDGE_SEC;
    return t;
}
