/* SPDX-License-Identifier: MIT */
/* The service that answers each datagram with one fixed text. */
#include "serve/echo/reply.h"

static void answer_datagram(struct datagrams *d, struct udp_in *in)
{
    struct reply *r = (struct reply *)d; /* d is its first member */
    struct udp_message m = in->m;

    if (!datagrams_may_answer(d, in, in->m.bytes))
        return;
    m.bytes = r->text;
    udp_out_borrow(&d->out, &m);
}

int reply_open(struct reply *r, struct loop *l, int fd, const char *text)
{
    int err;

    r->text = span_of(text);
    r->d.take = answer_datagram;
    err = datagrams_open(&r->d, l, fd, false);
    if (!err)
        r->d.guard.own_text = r->text;
    return err;
}

void reply_close(struct reply *r)
{
    datagrams_close(&r->d);
}

const char *reply_summary(const struct reply *r, char out[SERVE_SUMMARY])
{
    return datagrams_summary(&r->d, out);
}
