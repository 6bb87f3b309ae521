/* SPDX-License-Identifier: MIT */
/* The small services behind one interface: opened, counted, stopped. */
#include "serve/echo/service.h"

#include <errno.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum kind { NOTHING, STREAMS, DATAGRAMS, LOCAL, REPLIES };

struct service {
    enum kind kind;
    union {
        struct echo_tcp streams;
        struct echo_udp datagrams;
        struct echo_local local;
        struct reply replies;
    } u;
};

/* False for what is no small service. */
static bool service_kind(const struct kedge_endpoint *e, enum kind *out)
{
    static const enum kind echoes[] = { [KEDGE_TCP] = STREAMS,
                                        [KEDGE_UNIX] = STREAMS,
                                        [KEDGE_UNIX_SEQPACKET] = STREAMS,
                                        [KEDGE_UDP] = DATAGRAMS,
                                        [KEDGE_UNIX_DGRAM] = LOCAL };
    bool udp = e->transport == KEDGE_UDP;

    if (e->service == KEDGE_REPLY) {
        *out = REPLIES;
        return udp;
    }
    *out = e->transport < COUNT(echoes) ? echoes[e->transport] : NOTHING;
    return e->service == KEDGE_ECHO && *out != NOTHING;
}

static int open_as(struct service *s, const struct service_config *c, int fd)
{
    switch (s->kind) {
    case STREAMS:
        return echo_tcp_open(&s->u.streams, c->loop, fd, &c->limits, c->buffer);
    case DATAGRAMS:
        return echo_udp_open(&s->u.datagrams, c->loop, fd, c->key);
    case LOCAL:
        return echo_local_open(&s->u.local, c->loop, fd, c->buffer);
    default:
        return reply_open(&s->u.replies, c->loop, fd, c->reply);
    }
}

int service_open(struct service **out, const struct service_config *c,
                 const struct kedge_endpoint *e, int fd)
{
    enum kind kind;
    struct service *s;
    int err;

    if (!service_kind(e, &kind))
        return -EINVAL;
    s = malloc(sizeof *s);
    if (!s)
        return -ENOMEM;
    s->kind = kind;
    err = open_as(s, c, fd);
    if (err)
        free(s);
    else
        *out = s;
    return err;
}

void service_own_port(struct service *s, uint16_t port)
{
    if (s->kind == DATAGRAMS)
        guard_own_port(&s->u.datagrams.d.guard, port);
    else if (s->kind == REPLIES)
        guard_own_port(&s->u.replies.d.guard, port);
}

/* Datagrams have nothing open between two turns: they go on until they are closed. */
void service_stop(struct service *s)
{
    if (s->kind == STREAMS)
        echo_tcp_stop(&s->u.streams);
}

unsigned service_busy(const struct service *s)
{
    return s->kind == STREAMS ? s->u.streams.open : 0;
}

const char *service_summary(const struct service *s, char out[SERVE_SUMMARY])
{
    switch (s->kind) {
    case STREAMS:
        return echo_tcp_summary(&s->u.streams, out);
    case DATAGRAMS:
        return echo_udp_summary(&s->u.datagrams, out);
    case LOCAL:
        return echo_local_summary(&s->u.local, out);
    default:
        return reply_summary(&s->u.replies, out);
    }
}

void service_close(struct service *s)
{
    switch (s->kind) {
    case STREAMS:
        echo_tcp_close(&s->u.streams);
        break;
    case DATAGRAMS:
        echo_udp_close(&s->u.datagrams);
        break;
    case LOCAL:
        echo_local_close(&s->u.local);
        break;
    default:
        reply_close(&s->u.replies);
        break;
    }
    free(s);
}
