/* SPDX-License-Identifier: MIT */
/* Sockets of the TFTP service: a listener's request port and its data ports are opened, and
 * what is said leaves by them, together. */
#include "serve/tftp/private.h"

#include "base/number.h"
#include "net/next_hop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { QUEUE_MAX = 64 << 20 };

enum { FEWEST_SOCKETS = 4, LISTENERS_USUAL = 2 };

/* Files and connections want descriptors too: a quarter is for the data ports. */
static uint64_t sockets_affordable(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return FEWEST_SOCKETS;
    return max_u64(limit.rlim_cur / 4 / LISTENERS_USUAL, FEWEST_SOCKETS);
}

uint32_t listener_data_sockets(const struct tftp_config *c)
{
    uint64_t wanted = min_u64(TFTP_DATA_SOCKETS, sockets_affordable());

    if (c->single_port)
        return 1;
    if (c->high > 0)
        wanted = min_u64(wanted, (uint64_t)(c->high - c->low) + 1);
    /* Dealt out, not shared: with SO_REUSEPORT an ACK would reach any shard. */
    return (uint32_t)max_u64(wanted / max_u64(c->shards, 1), 1);
}

static void port_close(struct tftp_port *p)
{
    if (p->watch.added)
        loop_watch_remove(p->service->config.loop, &p->watch);
    udp_close(&p->socket);
}

static int open_port(struct tftp_listener *l, const struct udp_options *options,
                     bool by_interface)
{
    struct tftp_port *p = &l->port[l->ports];
    int err = udp_open(options, &p->socket);

    if (err < 0)
        return err;
    p->number = l->ports++;
    p->requests = p->number == 0;
    if (!p->requests || !by_interface)
        udp_one_address(&p->socket);
    p->listener = l;
    return 0;
}

/* Forget the first port, whose socket is its owner's again. */
static void give_back(struct tftp_listener *l)
{
    if (l->ports > 0)
        l->port[0].socket.fd = -1;
}

void listener_close(struct tftp_listener *l)
{
    for (uint32_t i = 0; i < l->ports; i++)
        port_close(&l->port[i]);
    free(l->port);
    *l = (struct tftp_listener){ 0 };
}

/* Room for one small datagram of each transfer: of a rack that boots all ask at once, and
 * all answer. The kernel counts some 800 bytes for one, and doubles what it is asked for. */
static uint32_t queue_for(uint32_t transfers)
{
    return (uint32_t)clamp_u64(400 * (uint64_t)transfers, UDP_RECEIVE_BUFFER, QUEUE_MAX);
}

/* Another program has a port of the range: the rest of it is enough. Later listeners open as
 * many as the first. */
static bool is_partial(const struct tftp_listener *l, const struct tftp_service *s)
{
    return s->config.high > 0 && s->listener_count == 0 && l->ports > 1;
}

/* The request port, and the data sockets at the same address. */
static int open_ports(struct tftp_listener *l, struct tftp_service *s,
                      const struct net_address *at, int fd)
{
    struct udp_options options = { .at = *at,
                                   .fd = fd,
                                   .interface = s->config.interface,
                                   .free_bind = s->config.free_bind,
                                   .gro = s->config.single_port,
                                   .receive_buffer = queue_for(s->config.room),
                                   .reuse_port = s->config.shard > 0 };
    uint32_t more = s->config.single_port ? 0 : s->sessions.limits.sockets;
    int err = open_port(l, &options, s->config.by_interface);

    if (err == 0 && s->config.shards > 1)
        err = udp_share(&l->port[0].socket);
    options.fd = 0;
    options.reuse_port = false;
    options.receive_buffer = queue_for(s->config.room / s->sessions.limits.sockets);
    net_address_set_port(&options.at, 0);
    options.gro = true; /* the windows of an upload */
    options.low = s->config.low;
    options.high = s->config.high;
    while (err == 0 && more-- > 0)
        err = open_port(l, &options, false);
    if (err == -EADDRINUSE && is_partial(l, s)) {
        s->sessions.limits.sockets = l->ports - 1;
        return 0;
    }
    s->range_failed = err < 0 && l->ports > 0 && s->config.high > 0;
    return err;
}

int listener_open(struct tftp_listener *l, struct tftp_service *s,
                  const struct net_address *at, int fd)
{
    int err;

    *l = (struct tftp_listener){ .number = s->listener_count };
    l->any = net_address_is_any(at);
    l->port = calloc(s->sessions.limits.sockets + 1, sizeof *l->port);
    if (!l->port)
        return -ENOMEM;
    err = open_ports(l, s, at, fd);
    if (err < 0 && fd > 0)
        give_back(l);
    if (err < 0) {
        listener_close(l);
        return err;
    }
    for (uint32_t i = 0; i < l->ports; i++)
        l->port[i].service = s;
    return 0;
}

int outboxes_open(struct tftp_service *s)
{
    s->outboxes = malloc(OUTBOXES * sizeof *s->outboxes);
    if (!s->outboxes)
        return -ENOMEM;
    for (unsigned i = 0; i < OUTBOXES; i++)
        s->idle[i] = &s->outboxes[OUTBOXES - 1 - i]; /* the first are used most */
    s->idle_count = OUTBOXES;
    return 0;
}

void outboxes_free(struct tftp_service *s)
{
    free(s->outboxes);
}

uint64_t port_emptied(const struct tftp_port *p)
{
    return p->emptied + (p->out ? p->out->emptied : 0);
}

bool port_flush(struct tftp_port *p)
{
    return !p->out || udp_flush(p->out);
}

/* True if the port has an outbox; where all are in use, what waits in them leaves first. */
static bool take_outbox(struct tftp_port *p)
{
    struct tftp_service *s = p->service;

    if (p->out)
        return true;
    if (s->idle_count == 0)
        ports_flush(s);
    if (s->idle_count == 0)
        return false;
    p->out = s->idle[--s->idle_count];
    udp_outbox_init(p->out, p->socket.fd);
    p->next_full = s->full;
    s->full = p;
    return true;
}

static void give_outbox_back(struct tftp_port *p)
{
    p->emptied += p->out->emptied;
    p->service->idle[p->service->idle_count++] = p->out;
    p->out = NULL;
}

void port_say(struct tftp_port *p, const struct channel *to, struct kedge_span bytes)
{
    struct udp_message m = { .bytes = bytes, .peer = to->peer, .local = to->local };

    if (take_outbox(p))
        udp_out_copy(p->out, &m);
}

/* An ERROR ends it whichever port it comes from. Whoever is behind a NAT gets it so without
 * having to ask twice for each file that is not there. */
static struct tftp_port *refusing_port(const struct tftp_transfer *t)
{
    if (t->service->config.auto_port)
        return &t->service->listeners[t->session->listener].port[0];
    return t->port;
}

void port_refuse(const struct tftp_transfer *t, struct kedge_span datagram)
{
    port_say(refusing_port(t), &t->channel, datagram);
}

const struct tftp_port *port_last(const struct tftp_transfer *t)
{
    return t->session->state == TFTP_LIVE ? t->port : refusing_port(t);
}

void port_lend(struct tftp_port *p, const struct channel *to, struct kedge_span bytes,
               struct kedge_span rest)
{
    struct udp_message m = { .bytes = bytes, .peer = to->peer, .local = to->local };

    if (take_outbox(p))
        udp_out_lend(p->out, &m, rest);
}

void port_empty(struct tftp_port *p)
{
    if (!port_flush(p))
        udp_out_drop(p->out);
}

void port_stick(struct tftp_transfer *t)
{
    struct tftp_port *p = t->port;

    if (t->is_stuck)
        return;
    t->is_stuck = true;
    t->next_stuck = p->stuck;
    p->stuck = t;
    loop_watch_change(t->service->config.loop, &p->watch, LOOP_READ | LOOP_WRITE);
}

struct tftp_port *port_of(const struct tftp_transfer *t)
{
    const struct tftp_session *s = t->session;
    bool requests = t->service->config.single_port || s->from != TFTP_FROM_DATA;

    return &t->service->listeners[s->listener].port[requests ? 0 : s->socket + 1];
}

static bool learn_attached(struct tftp_transfer *t)
{
    if (t->hop_known)
        return false;
    t->hop_known = true;
    t->session->attached = next_hop_is_attached(&t->channel.peer);
    return t->session->attached;
}

bool port_may_send(struct tftp_transfer *t, kedge_nanos now)
{
    struct tftp_sessions *sessions = &t->service->sessions;

    return tftp_sessions_may_send(sessions, t->session, now) ||
           (learn_attached(t) && tftp_sessions_may_send(sessions, t->session, now));
}

void port_unlink(struct tftp_transfer *t)
{
    struct tftp_transfer **at = &t->port->stuck;

    if (!t->is_stuck)
        return;
    while (*at && *at != t)
        at = &(*at)->next_stuck;
    if (*at)
        *at = t->next_stuck;
    t->is_stuck = false;
}

static void note_barred(struct tftp_port *p)
{
    struct tftp_service *s = p->service;

    for (unsigned i = 0; i < p->out->barred_count && s->barred_count < UDP_BARRED; i++) {
        struct net_raw raw = net_address_raw(&p->out->barred[i]);
        struct barred *b = &s->barred[s->barred_count++];

        *b = (struct barred){ .listener = p->listener->number,
                              .peer = { .scope = raw.scope, .port = raw.port } };
        memcpy(b->peer.ip, raw.ip, sizeof b->peer.ip);
    }
    p->out->barred_count = 0;
}

void ports_flush(struct tftp_service *s)
{
    struct tftp_port **at = &s->full;

    while (*at) {
        struct tftp_port *p = *at;

        if (udp_flush(p->out)) {
            if (s->config.auto_port)
                note_barred(p);
            *at = p->next_full;
            give_outbox_back(p);
        } else {
            loop_watch_change(s->config.loop, &p->watch, LOOP_READ | LOOP_WRITE);
            at = &p->next_full;
        }
    }
}
