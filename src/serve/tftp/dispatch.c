/* SPDX-License-Identifier: MIT */
/* What a datagram becomes: nothing, one reply, a request, or its transfer's next step. The
 * sessions (tftp/sessions.h) decide which. */
#include "serve/tftp/private.h"

#include "base/number.h"

#include <errno.h>
#include <string.h>

/* Batches of one socket in one turn: what is answered in a turn brings more, and a turn that
 * went on while more came would see neither time nor requests. Before requests a socket is
 * emptied, of as much as it can hold. */
enum { BATCHES_MAX = 8, QUEUE_BATCHES = 256 };

/* A loop that slept so long was woken by what came. */
static const kedge_nanos woken_within = 100 * KEDGE_MSEC;

static uint32_t socket_number(const struct tftp_port *p)
{
    if (!p->requests)
        return p->number - 1;
    return p->service->config.single_port ? 0 : TFTP_REQUEST_SOCKET;
}

static void fill_arrival(const struct tftp_port *p, const struct udp_in *in,
                         struct tftp_arrival *out)
{
    struct net_raw peer = net_address_raw(&in->m.peer);
    struct net_raw local = net_address_raw(&in->m.local.address);

    *out = (struct tftp_arrival){ .listener = p->listener->number,
                                  .socket = socket_number(p),
                                  .to_broadcast = in->to_broadcast,
                                  .bytes = in->m.bytes };
    memcpy(out->peer.ip, peer.ip, sizeof out->peer.ip);
    out->peer.scope = peer.scope;
    out->peer.port = peer.port;
    memcpy(out->local, local.ip, sizeof out->local);
}

static struct channel channel_to(const struct tftp_port *p, const struct udp_message *m)
{
    struct channel c = { .fd = p->socket.fd, .peer = m->peer, .gso = true };

    if (p->listener->any)
        c.local = m->local;
    return c;
}

/* A reply that belongs to no transfer. It leaves from the data socket that was spoken to:
 * clients heed no other. Or from any; from the request port only where that is the only one,
 * for there it could be taken for the answer of a server to a server. */
static void dispatch_answer(struct tftp_port *p, const struct udp_message *m,
                            const struct tftp_event *event)
{
    struct tftp_port *from = p->requests ? &p->listener->port[p->listener->ports - 1] : p;
    struct channel to = channel_to(from, m);

    port_say(from, &to, (struct kedge_span){ event->reply, event->reply_len });
    if (p->requests)
        malformed_record(from, m, event->malformed);
}

static void dispatch_act(struct tftp_port *p, const struct udp_message *m,
                         const struct tftp_event *event)
{
    struct tftp_service *s = p->service;

    if (event->replaced)
        transfer_end(transfer_of(s, event->replaced));
    switch (event->verdict) {
    case TFTP_DROPPED:
        break;
    case TFTP_ANSWER:
        dispatch_answer(p, m, event);
        break;
    case TFTP_OPEN:
        request_keep(s, event, m);
        request_begin(transfer_of(s, event->session));
        break;
    case TFTP_KEEP:
        request_keep(s, event, m);
        break;
    case TFTP_PUMP:
        if (event->store.ptr)
            transfer_store(transfer_of(s, event->session), event->store);
        transfer_heard_error(transfer_of(s, event->session), m->bytes);
        transfer_pump(transfer_of(s, event->session));
        break;
    }
}

static void take_data(struct tftp_port *p, const struct udp_in *in)
{
    struct tftp_arrival arrival;
    struct tftp_event event;

    fill_arrival(p, in, &arrival);
    tftp_sessions_data(&p->service->sessions, &arrival, loop_now(p->service->config.loop),
                       &event);
    dispatch_act(p, &in->m, &event);
}

static void note_drop(struct tftp_service *s, enum tftp_drop why)
{
    s->sessions.dropped[why]++;
}

/* One datagram, or several of one peer that the kernel has joined (GRO). */
static void take_joined(struct tftp_port *p, const struct udp_in *in)
{
    struct udp_in piece = *in;
    struct kedge_span left = in->m.bytes;

    if (in->cut) {
        note_drop(p->service, TFTP_DROP_CUT);
        return;
    }
    while (in->m.segment && left.len > in->m.segment) {
        piece.m.bytes.ptr = left.ptr;
        piece.m.bytes.len = in->m.segment;
        take_data(p, &piece);
        left.ptr += in->m.segment;
        left.len -= in->m.segment;
    }
    piece.m.bytes = left;
    take_data(p, &piece);
}

enum { SINGLE_AFTER = 8, SINGLE_DOUBT = 16 };

/* So many turns had one datagram each. Now and then there may be more after all. */
static bool is_single(const struct eagerness *e)
{
    return e->lone > SINGLE_AFTER && e->lone % SINGLE_DOUBT != 0;
}

static void note_behind(struct tftp_port *p, bool behind)
{
    p->service->behind += behind;
    p->service->behind -= p->behind;
    p->behind = behind;
}

/* Take what is there, so many batches at most. */
static void drain_data(struct tftp_port *p, unsigned batches)
{
    struct udp_inbox *box = &p->service->data;

    box->drops = p->drops_seen; /* other sockets use it too */
    for (unsigned i = 0; i < batches; i++) {
        int n;

        box->one = is_single(&p->service->eager);
        n = udp_receive(p->socket.fd, box);
        if (n > 0) {
            p->service->eager.datagrams += (uint32_t)n;
            p->service->eager.port = p;
        }
        for (int k = 0; k < n; k++)
            take_joined(p, &box->in[k]);
        note_behind(p, n == UDP_BATCH);
        if (!p->behind)
            break;
    }
    p->service->totals.kernel_drops += box->drops - p->drops_seen;
    p->drops_seen = box->drops;
}

/* A port that is used again overtakes its last ACK: what waits for the peer's present
 * transfer is looked at before its new request. Once for all requests of a batch: the ACK
 * was there when they were received. */
static void drain_before_request(struct tftp_port *p)
{
    if (p->drained == p->service->request_batches)
        return;
    p->drained = p->service->request_batches;
    drain_data(p, QUEUE_BATCHES);
}

/* What waits for this peer, or may tell that the last answer to its address was heard. */
static void drain_for(struct tftp_port *p, const struct tftp_arrival *in)
{
    struct tftp_service *s = p->service;
    struct tftp_session *live = tftp_sessions_find(&s->sessions, in->listener, &in->peer);
    uint32_t silent;

    if (live && live->state == TFTP_LIVE && !transfer_of(s, live)->port->requests)
        drain_before_request(transfer_of(s, live)->port);
    if (tftp_sessions_silent(&s->sessions, in, &silent))
        drain_before_request(&p->listener->port[silent + 1]);
}

/* A server that stops takes no new request; what its transfers hear there goes on. */
static bool is_let_in(const struct tftp_service *s, const struct tftp_arrival *in)
{
    return !s->stopping || (s->config.auto_port &&
                            tftp_sessions_find(&s->sessions, in->listener, &in->peer));
}

/* A datagram on the request port. */
static void take_request(struct tftp_port *p, const struct udp_in *in)
{
    struct tftp_sessions *sessions = &p->service->sessions;
    kedge_nanos now = loop_now(p->service->config.loop);
    struct tftp_arrival arrival;
    struct tftp_event event;

    if (in->cut && p->service->config.auto_port) {
        note_drop(p->service, TFTP_DROP_CUT);
        return;
    }
    fill_arrival(p, in, &arrival);
    arrival.came = p->came;
    if (!is_let_in(p->service, &arrival)) {
        note_drop(p->service, TFTP_DROP_STOPPING);
        return;
    }
    drain_for(p, &arrival);
    if (p->service->config.auto_port)
        tftp_sessions_data(sessions, &arrival, now, &event);
    else
        tftp_sessions_request(sessions, &arrival, now, &event);
    dispatch_act(p, &in->m, &event);
}

static void drain_requests(struct tftp_port *p)
{
    struct udp_inbox *box = &p->service->requests;
    const struct loop *loop = p->service->config.loop;
    int n = UDP_BATCH;

    if (!p->behind)
        p->came = max_u64(loop->looked, sub_sat(loop_now(loop), woken_within));
    box->drops = p->drops_seen;
    for (unsigned i = 0; i < BATCHES_MAX && n == UDP_BATCH; i++) {
        n = udp_receive(p->socket.fd, box);
        p->service->request_batches++;
        p->service->eager.lone = 0; /* what is drained now is drained to its end */
        for (int k = 0; k < n; k++)
            take_request(p, &box->in[k]);
    }
    p->behind = n == UDP_BATCH;
    p->service->totals.kernel_drops += box->drops - p->drops_seen;
    p->drops_seen = box->drops;
}

static enum verdict_icmp icmp_of(const struct udp_error *e)
{
    if (udp_error_is_refusal(e))
        return net_address_same_host(&e->to, &e->by) ? ICMP_SAYS_CLOSED
                                                     : ICMP_SAYS_REJECTED;
    if (udp_error_is_prohibition(e))
        return ICMP_SAYS_PROHIBITED;
    if (udp_error_is_expiry(e))
        return ICMP_SAYS_EXPIRED;
    return e->code == EHOSTUNREACH || e->code == ENETUNREACH ? ICMP_SAYS_UNREACHABLE
                                                             : ICMP_SAYS_NOTHING;
}

/* For its record. What this host itself says is no ICMP message. */
static void note_icmp(struct tftp_transfer *t, const struct udp_error *e)
{
    enum verdict_icmp icmp = e->by.len > 0 ? icmp_of(e) : ICMP_SAYS_NOTHING;
    struct verdict_facts f;
    struct net_raw by;

    if (icmp == ICMP_SAYS_NOTHING)
        return;
    by = net_address_raw(&e->by);
    verdict_facts_of(&t->service->sessions, t->session, &f);
    t->icmp = icmp;
    t->icmp_block = f.block;
    memcpy(t->icmp_by, by.ip, sizeof t->icmp_by);
}

/* Nobody listens at a peer's port, says ICMP: a hint, for anybody can say so. With two ports it
 * is no word about the request port: the other one's answer may be what has its client. */
static void heard_icmp(void *owner, const struct udp_error *e)
{
    struct tftp_port *p = owner;
    struct net_raw raw = net_address_raw(&e->to);
    struct tftp_peer peer = { .scope = raw.scope, .port = raw.port };
    struct tftp_session *s;

    memcpy(peer.ip, raw.ip, sizeof peer.ip);
    s = tftp_sessions_find(&p->service->sessions, p->listener->number, &peer);
    if (!s || s->state != TFTP_LIVE || transfer_of(p->service, s)->port != p)
        return;
    note_icmp(transfer_of(p->service, s), e);
    if (!udp_error_is_refusal(e) || (p->requests && p->service->config.auto_port))
        return;
    kedge_tftp_machine_gone(&s->machine, loop_now(p->service->config.loop));
    transfer_pump(transfer_of(p->service, s));
}

static void unstick(struct tftp_port *p)
{
    struct tftp_transfer *t = p->stuck;

    if (!port_flush(p))
        return;
    p->stuck = NULL;
    loop_watch_change(p->service->config.loop, &p->watch, LOOP_READ);
    while (t) {
        struct tftp_transfer *next = t->next_stuck;

        t->is_stuck = false;
        transfer_pump(t);
        t = next;
    }
}

/* What arrived goes before the errors: an ACK may be queued behind one. */
static void port_is_ready(void *owner, unsigned events)
{
    struct tftp_port *p = owner;

    if (p->requests && !p->service->config.single_port)
        drain_requests(p);
    else
        drain_data(p, BATCHES_MAX);
    if (events & LOOP_ERROR)
        (void)udp_drain_errors(p->socket.fd, heard_icmp, p);
    if (events & LOOP_WRITE)
        unstick(p);
}

void dispatch_move_barred(struct tftp_service *s)
{
    unsigned count = s->barred_count;

    s->barred_count = 0;
    for (unsigned i = 0; i < count; i++) {
        struct tftp_session *session =
            tftp_sessions_find(&s->sessions, s->barred[i].listener, &s->barred[i].peer);

        if (session &&
            tftp_sessions_blocked(&s->sessions, session, loop_now(s->config.loop)))
            transfer_pump(transfer_of(s, session));
    }
    if (count > 0)
        ports_flush(s);
}

bool dispatch_is_behind(const struct tftp_service *s)
{
    return s->behind > 0;
}

int dispatch_watch(struct tftp_port *p)
{
    p->watch.ready = port_is_ready;
    p->watch.owner = p;
    return loop_watch_add(p->service->config.loop, &p->watch, p->socket.fd, LOOP_READ);
}

enum { SKIP_MAX = 64 };

static void learn(struct eagerness *e, bool it_was_there)
{
    if (it_was_there) {
        e->backoff /= 2;
        return;
    }
    e->backoff = (uint32_t)min_u64(4 * e->backoff + 3, SKIP_MAX);
    e->skip = e->backoff;
}

void dispatch_look_again(struct tftp_service *s)
{
    struct eagerness *e = &s->eager;
    bool lone = e->datagrams == 1;

    if (e->looking)
        learn(e, lone);
    if (lone)
        e->lone++;
    else if (e->datagrams > 1)
        e->lone = 0;
    e->datagrams = 0;
    e->looking = lone && is_single(e) && e->skip == 0;
    if (e->looking)
        loop_again(s->config.loop, &e->port->watch);
    else if (lone && e->skip > 0)
        e->skip--;
}
