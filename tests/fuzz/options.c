/* SPDX-License-Identifier: MIT */
/* Options: a server grants nothing that was not asked or is out of bounds, a client takes
 * what kedge's server grants, and whatever a client takes makes sane terms. */
#include "tftp/options.h"

#include "fuzz.h"

#include <string.h>

static void check_terms(const struct kedge_tftp_options *granted)
{
    struct kedge_tftp_terms t = kedge_tftp_terms_of(granted);

    MUST(t.blksize >= KEDGE_TFTP_BLKSIZE_MIN && t.blksize <= KEDGE_TFTP_BLKSIZE_MAX);
    MUST(t.window >= 1 && t.window <= KEDGE_TFTP_WINDOW_MAX && t.rollover <= 1);
    MUST(t.timeout == 0 ||
         (t.timeout >= 10 * KEDGE_MSEC && t.timeout <= 255 * KEDGE_SEC));
}

/* Each option is in place of itself; blksize2 is a power of two. */
static void check_grant(const struct kedge_tftp_request *q,
                        const struct kedge_tftp_limits *limits,
                        const struct kedge_tftp_options *g)
{
    const struct kedge_tftp_options *asked = &q->options;

    MUST((g->has & ~asked->has) == 0);
    MUST(!(g->has & KEDGE_TFTP_HAS_BLKSIZE2) || (g->blksize & (g->blksize - 1)) == 0);
    if (g->has & (KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_BLKSIZE2))
        MUST(g->blksize <= asked->blksize && g->blksize <= limits->blksize_max);
    if (g->has & KEDGE_TFTP_HAS_WINDOWSIZE)
        MUST(q->mode == KEDGE_TFTP_OCTET && g->windowsize <= asked->windowsize &&
             g->windowsize <= limits->windowsize_max &&
             g->windowsize <= KEDGE_TFTP_WINDOW_GRANT_MAX);
    if (g->has & KEDGE_TFTP_HAS_TSIZE)
        MUST(g->tsize == (q->op == KEDGE_TFTP_RRQ ? limits->size : asked->tsize));
    MUST(!(g->has & KEDGE_TFTP_HAS_TIMEOUT) || g->timeout_s == asked->timeout_s);
}

/* What a server grants goes over the wire and is taken by the client that asked. */
static void check_agreement(const struct kedge_tftp_request *q,
                            const struct kedge_tftp_options *g)
{
    uint8_t oack[KEDGE_TFTP_CONTROL_MAX];
    struct kedge_tftp_packet p;
    struct kedge_tftp_options taken;
    size_t len = kedge_tftp_write_oack(oack, sizeof oack, g);

    MUST(len > 0 && kedge_tftp_parse((struct kedge_span){ oack, len }, &p));
    MUST(p.op == KEDGE_TFTP_OACK);
    MUST(kedge_tftp_accept(&q->options, p.body, &taken));
    MUST(taken.has == g->has);
    check_terms(&taken);
}

static void check_server(struct reader *r, struct kedge_span text)
{
    static const uint32_t blksizes[] = { 8, 512, 1228, 1432, 1468, 65464 };
    static const uint32_t windows[] = { 1, 2, 64, 32767, 65535 };
    struct kedge_tftp_limits limits = { .blksize_max = PICK(r, blksizes),
                                        .windowsize_max = PICK(r, windows) };
    struct kedge_tftp_request q = { .op = KEDGE_TFTP_RRQ };
    struct kedge_tftp_options granted;
    struct reader options = { .left = text };
    uint8_t flags = take_u8(r);

    limits.size_known = flags & 1;
    limits.size = take_u64(r);
    q.op = flags & 2 ? KEDGE_TFTP_WRQ : KEDGE_TFTP_RRQ;
    q.mode = (enum kedge_tftp_mode)((flags >> 2) % 3);
    (void)options_take(&options, &q.options);
    granted = kedge_tftp_grant(&q, &limits);
    check_grant(&q, &limits, &granted);
    check_terms(&granted);
    check_agreement(&q, &granted);
}

static void check_client(struct kedge_span asked_text, struct kedge_span oack)
{
    struct kedge_tftp_options asked = { 0 };
    struct kedge_tftp_options granted = { .has = 1u << 31 };
    struct reader r = { .left = asked_text };

    (void)options_take(&r, &asked);
    if (!kedge_tftp_accept(&asked, oack, &granted)) {
        MUST(granted.has == 1u << 31); /* written only on success */
        return;
    }
    MUST((granted.has & ~asked.has) == 0);
    check_terms(&granted);
}

static void check_text(struct kedge_span text, size_t room)
{
    struct kedge_tftp_options o = { 0 };
    struct reader r = { .left = text };
    uint8_t out[128];
    struct writer w = { .ptr = out, .room = room % sizeof out };

    (void)options_take(&r, &o);
    options_list(&w, &o);
    MUST(w.len <= w.room && !(w.len > 0 && memchr(out, 0, w.len)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = { .left = { data, size } };
    uint8_t server[12];
    struct reader limits = { .left = { server, sizeof server } };
    struct kedge_span head = take_some(&r, sizeof server);
    struct kedge_span asked;

    memset(server, 0, sizeof server);
    if (head.len > 0)
        memcpy(server, head.ptr, head.len);
    asked = take_some(&r, take_u8(&r));
    check_server(&limits, asked);
    check_client(asked, r.left);
    check_text(asked, server[11]);
    return 0;
}
