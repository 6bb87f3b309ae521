#include "serve/echo_udp.h"

#include "base/number.h"

#include <string.h>

/* Take part i out of a train, whose parts are `segment` bytes and the last maybe less. */
static void take_out(struct udp_message *m, uint8_t *bytes, size_t at)
{
    size_t size = min_u64(m->segment, m->bytes.len - at);

    memmove(bytes + at, bytes + at + size, m->bytes.len - at - size);
    m->bytes.len -= size;
}

/* A train is many datagrams; each has its own verdict. */
static void echo_train(struct datagrams *d, struct udp_in *in)
{
    /* The inbox lends its memory as const; it is this service's own. */
    uint8_t *bytes = d->in.memory + (in->m.bytes.ptr - d->in.memory);

    for (size_t at = 0; at < in->m.bytes.len;) {
        size_t size = min_u64(in->m.segment, in->m.bytes.len - at);

        if (datagrams_may_answer(d, in, (struct kedge_span){ bytes + at, size }))
            at += size;
        else
            take_out(&in->m, bytes, at);
    }
    if (in->m.segment >= in->m.bytes.len)
        in->m.segment = 0;
    if (in->m.bytes.len > 0)
        udp_out_borrow(&d->out, &in->m);
}

static void echo(struct datagrams *d, struct udp_in *in)
{
    if (in->m.segment > 0)
        echo_train(d, in);
    else if (datagrams_may_answer(d, in, in->m.bytes))
        udp_out_borrow(&d->out, &in->m);
}

int echo_udp_open(struct echo_udp *e, struct loop *l, int fd)
{
    e->d.take = echo;
    return datagrams_open(&e->d, l, fd, true);
}

void echo_udp_close(struct echo_udp *e)
{
    datagrams_close(&e->d);
}

const char *echo_udp_summary(const struct echo_udp *e, char out[SERVE_SUMMARY])
{
    return datagrams_summary(&e->d, out);
}
