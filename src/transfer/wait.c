/* SPDX-License-Identifier: MIT */
/* A conversation waits: for the peer, for room in the socket, for more of the file, for
 * the user; and takes what the peer sent. */
#include "transfer/session.h"

#include "base/number.h"
#include "os/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

static const kedge_nanos tell_every = 200 * KEDGE_MSEC;
static const kedge_nanos poll_every = 100 * KEDGE_MSEC;
enum { TOLD_OFF = 8 }; /* strangers, and packets of one, that get an answer */

static struct transfer_error stopped(void)
{
    return (struct transfer_error){ .cause = KEDGE_TRANSFER_STOPPED,
                                    .why = "interrupted",
                                    .error = KEDGE_TFTP_UNDEFINED };
}

static uint64_t total(const struct transfer_session *x)
{
    return x->client.machine.sends ? x->file->size : x->announced;
}

static bool tell_progress(struct transfer_session *x)
{
    const struct kedge_transfer_options *o = x->options;

    return !o->progress || o->progress(o->owner, session_bytes(x), total(x));
}

/* The server's first reply that makes sense fixes its port (RFC 1350, 4). */
static void fix_peer(struct transfer_session *x, const struct net_address *from)
{
    x->peer = *from;
    x->closed = false;
    if (!x->client.answered)
        return;
    if (x->client.granted.has & KEDGE_TFTP_HAS_TSIZE && x->client.granted.tsize > 0 &&
        !x->client.machine.sends && !x->netascii)
        x->announced = x->client.granted.tsize;
}

static bool answered(const struct transfer_session *x)
{
    return x->client.answered || x->client.outcome != KEDGE_TFTP_RUNNING;
}

static bool is_peer(const struct transfer_session *x, const struct net_address *from)
{
    return x->peer.len ? net_address_equal(&x->peer, from)
                       : net_address_same_host(&x->server, from);
}

/* A server that has several addresses may answer from another, and a NAT may lose its own.
 * Anybody can send that: it is not heeded, but said where nothing else comes. */
static void note_stranger(struct transfer_session *x, const struct net_address *from,
                          const struct kedge_tftp_packet *packet)
{
    bool first = packet->number == (packet->op == KEDGE_TFTP_DATA ? 1 : 0);

    if (x->asks && !x->peer.len && (first || packet->op == KEDGE_TFTP_ERROR))
        x->stranger = *from;
    if (x->asks && x->peer.len && net_address_same_host(&x->server, from))
        not_understood_port(&x->not_understood, packet, net_address_port(from));
}

static void note_packet(struct transfer_session *x,
                        const struct kedge_tftp_packet *packet)
{
    const struct kedge_tftp_machine *m = &x->client.machine;
    bool sends = x->client.op == KEDGE_TFTP_WRQ;
    struct awaited a = { .answered = answered(x), .block = sends ? 0 : 1, .window = 1 };

    if (a.answered) {
        a.block = m->half.base;
        a.window = m->half.terms.window;
    }
    if (session_outcome(x) == KEDGE_TFTP_RUNNING)
        not_understood_packet(&x->not_understood, packet, &a);
}

/* Another port of the server has a transfer of the same request: it stops when it hears that
 * its peer is not this one (RFC 1350, 4). Other hosts hear nothing, for their address may be
 * forged; and an ERROR gets no answer, or two that answer would never stop. */
static void tell_off(struct transfer_session *x, const struct net_address *from,
                     const struct kedge_tftp_packet *packet)
{
    uint8_t error[KEDGE_TFTP_ERROR_MIN];
    struct kedge_span text = { error, 0 };
    struct udp_gso_batch t = { .peer = from };
    unsigned done;

    if (!x->asks || !x->peer.len || !net_address_same_host(&x->peer, from) ||
        packet->op == KEDGE_TFTP_ERROR || x->told_off == TOLD_OFF)
        return;
    x->told_off++;
    text.len = kedge_tftp_write_error(error, sizeof error, KEDGE_TFTP_UNKNOWN_TID, "");
    t.packets = text;
    t.stride = text.len;
    done = udp_send_gso(x->socket.fd, &t);
    (void)done; /* as in session_say() */
}

static void remember_error(struct transfer_session *x, const struct kedge_tftp_packet *in)
{
    size_t len = min_u64(in->body.len, sizeof x->said);
    const void *nul = in->body.len ? memchr(in->body.ptr, 0, len) : NULL;

    x->said_len = nul ? (size_t)((const uint8_t *)nul - in->body.ptr) : len;
    if (x->said_len > 0)
        memcpy(x->said, in->body.ptr, x->said_len);
}

static void take_body(struct transfer_session *x, struct kedge_span body)
{
    struct transfer_error error =
        transfer_error_of(block_writer_put(&x->block_writer, body));

    if (error.cause == KEDGE_TRANSFER_DONE && x->block_writer.offset > x->announced)
        error = fetch_wrong_size();
    if (error.cause != KEDGE_TRANSFER_DONE)
        session_fail(x, error);
}

/* The client ended it: what came cannot be the file. */
static void note_wrong_blocks(struct transfer_session *x)
{
    if (x->asks && x->client.answered && x->error.cause == KEDGE_TRANSFER_DONE &&
        session_outcome(x) == KEDGE_TFTP_FAILED)
        x->error = x->client.doubt_until > 0 ? fetch_wrong_blocks() : fetch_block_0();
}

static void hear(struct transfer_session *x, const struct net_address *from,
                 struct kedge_span datagram)
{
    enum kedge_tftp_outcome before = session_outcome(x);
    struct kedge_tftp_packet packet;
    struct kedge_span body = { 0 };

    if (!kedge_tftp_parse(datagram, &packet)) {
        if (is_peer(x, from))
            not_understood_datagram(&x->not_understood, datagram);
        return;
    }
    if (!is_peer(x, from)) {
        note_stranger(x, from, &packet);
        tell_off(x, from, &packet);
        return;
    }
    if (x->asks)
        kedge_tftp_client_read(&x->client, datagram, x->now, &body);
    else
        kedge_tftp_machine_read(&x->client.machine, &packet, x->now, &body);
    if (x->asks && !x->peer.len && answered(x))
        fix_peer(x, from);
    if (packet.op == KEDGE_TFTP_ERROR && before != session_outcome(x))
        remember_error(x, &packet);
    note_wrong_blocks(x);
    if (x->asks)
        note_packet(x, &packet);
    if (body.ptr)
        take_body(x, body);
}

static void hear_train(struct transfer_session *x, const struct udp_in *in)
{
    size_t each = in->m.segment ? in->m.segment : in->m.bytes.len;
    struct kedge_span left = in->m.bytes;

    if (in->cut || each == 0)
        return;
    while (left.len > 0) {
        size_t len = min_u64(each, left.len);

        hear(x, &in->m.peer, (struct kedge_span){ left.ptr, len });
        left = (struct kedge_span){ left.ptr + len, left.len - len };
    }
}

static bool is_route_error(int code)
{
    return code == ENETUNREACH || code == EHOSTUNREACH || code == EHOSTDOWN ||
           code == ENETDOWN;
}

static void hear_error(void *owner, const struct udp_error *e)
{
    struct transfer_session *x = owner;
    bool unanswered = x->asks && !x->client.answered;

    if (!net_address_equal(&e->to, x->peer.len ? &x->peer : &x->server))
        return;
    if (is_route_error(e->code))
        x->unreachable = e->code;
    if (!udp_error_is_refusal(e)) {
        x->over |= unanswered && x->unreachable && x->others;
        return;
    }
    if (unanswered) {
        x->closed = true;
        x->over |= !x->insists;
    } else {
        kedge_tftp_machine_gone(&x->client.machine, x->now);
    }
}

static void take(struct transfer_session *x, int n)
{
    if (n < 0)
        session_fail(x, (struct transfer_error){ .cause = KEDGE_TRANSFER_NO_SOCKET,
                                                 .code = -n,
                                                 .why = "cannot receive" });
    for (int i = 0; i < n; i++)
        hear_train(x, &x->inbox.in[i]);
}

static struct transfer_error settle_wait(const struct transfer_session *x)
{
    bool holds = x->file->settle && session_outcome(x) == KEDGE_TFTP_RUNNING;

    return holds ? transfer_error_of(x->file->settle(x->file)) : transfer_no_error();
}

/* What the file borrows of the inbox is written before the inbox is filled again. Datagrams
 * first: an error may be read before what was queued ahead of it. */
void session_hear(struct transfer_session *x)
{
    struct transfer_error error = settle_wait(x);
    int n = udp_receive(x->socket.fd, &x->inbox);

    if (error.cause != KEDGE_TRANSFER_DONE)
        session_fail(x, error);
    if (n == 0)
        (void)udp_drain_errors(x->socket.fd, hear_error, x);
    take(x, n);
}

static struct timespec time_until(const struct transfer_session *x, kedge_nanos until)
{
    kedge_nanos left = sub_sat(until, x->now);

    if (x->options->progress)
        left = min_u64(left, tell_every);
    left = min_u64(left, 3600 * KEDGE_SEC);
    return (struct timespec){ .tv_sec = (time_t)(left / KEDGE_SEC),
                              .tv_nsec = (long)(left % KEDGE_SEC) };
}

/* Most waits are short and for the peer: they cost one call, and not a look at the rest
 * each time. */
static bool only_for_the_peer(const struct transfer_session *x,
                              const struct session_wait *wait)
{
    return !wait->writable && !wait->file && x->now - x->polled < poll_every &&
           wait->until > x->now + 2 * EXCHANGE_WAIT_MS * KEDGE_MSEC;
}

/* True: it slept. */
static bool let_blocks_gather(const struct transfer_session *x)
{
    kedge_nanos wait = gather_sleep(&x->gather, &x->client.machine.receiver);
    struct timespec t = { .tv_nsec = (long)wait }; /* 1 ms at most */

    return wait > 0 && nanosleep(&t, NULL) == 0;
}

static bool heard_blocks(struct transfer_session *x)
{
    const struct kedge_tftp_receiver *r = &x->client.machine.receiver;
    uint64_t next = r->half.base;
    enum gather_at at = r->in_window > 0 ? GATHER_AMID : GATHER_BEGIN;
    bool slept = let_blocks_gather(x);
    int n;

    n = udp_receive_within(x->socket.fd, &x->inbox,
                           r->half.terms.window > 1 ? UDP_BATCH : 1);
    x->now = clock_now();
    take(x, n);
    if (at == GATHER_AMID && r->due)
        at = slept ? GATHER_END : GATHER_BEGIN;
    gather_note(&x->gather, r->half.base - next, at, x->now);
    return n != 0;
}

static bool heard_from_the_peer(struct transfer_session *x)
{
    const struct kedge_tftp_machine *m = &x->client.machine;
    int n;

    if (!m->sends && (!x->asks || x->client.answered))
        return heard_blocks(x);
    n = udp_receive_within(x->socket.fd, &x->inbox,
                           m->sends && m->sender.half.terms.window > 1 ? UDP_BATCH : 1);
    x->now = clock_now();
    take(x, n);
    return n != 0;
}

static struct transfer_error wait_for_any(struct transfer_session *x,
                                          const struct session_wait *wait)
{
    short events = wait->writable ? POLLIN | POLLOUT : POLLIN;
    int cancel = x->options->cancel_fd > 0 ? x->options->cancel_fd : -1;
    struct pollfd fds[] = { { .fd = x->socket.fd, .events = events },
                            { .fd = cancel, .events = POLLIN },
                            { .fd = wait->file ? x->file->wait_fd : -1,
                              .events = POLLIN } };
    struct timespec timeout = time_until(x, wait->until);
    int n = ppoll(fds, sizeof fds / sizeof *fds, &timeout, NULL);

    x->now = x->polled = clock_now();
    if (n > 0 && fds[1].revents)
        return stopped();
    if (n < 0 || fds[0].revents) /* a signal ended it: maybe long after its time */
        session_hear(x);
    return transfer_no_error();
}

void session_wait(struct transfer_session *x, const struct session_wait *wait)
{
    struct transfer_error error = settle_wait(x);

    if (error.cause == KEDGE_TRANSFER_DONE && !tell_progress(x))
        error = stopped();
    if (error.cause == KEDGE_TRANSFER_DONE && only_for_the_peer(x, wait) &&
        heard_from_the_peer(x))
        return;
    if (error.cause == KEDGE_TRANSFER_DONE)
        error = wait_for_any(x, wait);
    if (error.cause != KEDGE_TRANSFER_DONE)
        session_fail(x, error);
}
