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

static struct fetch_fault stopped(void)
{
    return (struct fetch_fault){ .cause = KEDGE_TRANSFER_STOPPED,
                                 .why = "interrupted",
                                 .error = KEDGE_TFTP_UNDEFINED };
}

static uint64_t total(const struct exchange *x)
{
    return x->client.machine.sends ? x->file->size : x->announced;
}

static bool tell_progress(struct exchange *x)
{
    const struct kedge_transfer_options *o = x->options;

    return !o->progress || o->progress(o->owner, exchange_bytes(x), total(x));
}

/* The server's first reply that makes sense fixes its port (RFC 1350, 4). */
static void fix_peer(struct exchange *x, const struct net_address *from)
{
    x->peer = *from;
    if (!x->client.answered)
        return;
    if (x->client.granted.has & KEDGE_TFTP_HAS_TSIZE && x->client.granted.tsize > 0 &&
        !x->client.machine.sends && !x->netascii)
        x->announced = x->client.granted.tsize;
}

static bool answered(const struct exchange *x)
{
    return x->client.answered || x->client.outcome != KEDGE_TFTP_RUNNING;
}

static bool is_peer(const struct exchange *x, const struct net_address *from)
{
    return x->peer.len ? net_address_equal(&x->peer, from)
                       : net_address_same_host(&x->server, from);
}

static void remember_error(struct exchange *x, const struct kedge_tftp_packet *in)
{
    size_t len = min_u64(in->body.len, sizeof x->said);
    const void *nul = in->body.len ? memchr(in->body.ptr, 0, len) : NULL;

    x->said_len = nul ? (size_t)((const uint8_t *)nul - in->body.ptr) : len;
    if (x->said_len > 0)
        memcpy(x->said, in->body.ptr, x->said_len);
}

static void take_body(struct exchange *x, struct kedge_span body)
{
    struct fetch_fault fault = fetch_fault_of(taking_body(&x->taking, body));

    if (fault.cause == KEDGE_TRANSFER_DONE && x->taking.offset > x->announced)
        fault = fetch_wrong_size();
    if (fault.cause != KEDGE_TRANSFER_DONE)
        exchange_fail(x, fault);
}

static void hear(struct exchange *x, const struct net_address *from,
                 struct kedge_span datagram)
{
    enum kedge_tftp_outcome before = exchange_outcome(x);
    struct kedge_tftp_packet packet;
    struct kedge_span body = { 0 };

    if (!is_peer(x, from) || !kedge_tftp_parse(datagram, &packet))
        return;
    if (x->asks)
        kedge_tftp_client_read(&x->client, datagram, x->now, &body);
    else
        kedge_tftp_machine_read(&x->client.machine, &packet, x->now, &body);
    if (x->asks && !x->peer.len && answered(x))
        fix_peer(x, from);
    if (packet.op == KEDGE_TFTP_ERROR && before != exchange_outcome(x))
        remember_error(x, &packet);
    if (body.ptr)
        take_body(x, body);
}

static void hear_train(struct exchange *x, const struct udp_in *in)
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
    struct exchange *x = owner;
    bool unanswered = x->asks && !x->client.answered;

    if (!net_address_equal(&e->to, x->peer.len ? &x->peer : &x->server))
        return;
    if (is_route_error(e->code))
        x->unreachable = e->code;
    if (!udp_error_is_refusal(e)) {
        x->over |= unanswered && x->unreachable && x->others;
        return;
    }
    if (unanswered)
        x->over = x->closed = true;
    else
        kedge_tftp_machine_gone(&x->client.machine);
}

static void take(struct exchange *x, int n)
{
    if (n < 0)
        exchange_fail(x, (struct fetch_fault){ .cause = KEDGE_TRANSFER_NO_SOCKET,
                                               .code = -n,
                                               .why = "cannot receive" });
    for (int i = 0; i < n; i++)
        hear_train(x, &x->inbox.in[i]);
}

/* Datagrams first: an error may be read before what was queued ahead of it. */
void exchange_hear(struct exchange *x)
{
    int n = udp_receive(x->socket.fd, &x->inbox);

    if (n == 0)
        (void)udp_drain_errors(x->socket.fd, hear_error, x);
    take(x, n);
}

static struct timespec time_until(const struct exchange *x, kedge_nanos until)
{
    kedge_nanos left = sub_sat(until, x->now);

    if (x->options->progress)
        left = min_u64(left, tell_every);
    left = min_u64(left, 3600 * KEDGE_SEC);
    return (struct timespec){ .tv_sec = (time_t)(left / KEDGE_SEC),
                              .tv_nsec = (long)(left % KEDGE_SEC) };
}

static struct fetch_fault settle(const struct exchange *x)
{
    bool holds = x->file->settle && exchange_outcome(x) == KEDGE_TFTP_RUNNING;

    return holds ? fetch_fault_of(x->file->settle(x->file)) : fetch_no_fault();
}

/* Most waits are short and for the peer: they cost one call, and not a look at the rest
 * each time. */
static bool only_for_the_peer(const struct exchange *x, const struct exchange_wait *wait)
{
    return !wait->writable && !wait->file && x->now - x->polled < poll_every &&
           wait->until > x->now + 2 * EXCHANGE_WAIT_MS * KEDGE_MSEC;
}

/* True: it slept. */
static bool let_blocks_gather(const struct exchange *x)
{
    kedge_nanos wait = gather_sleep(&x->gather, &x->client.machine.receiver);
    struct timespec t = { .tv_nsec = (long)wait }; /* 1 ms at most */

    return wait > 0 && nanosleep(&t, NULL) == 0;
}

static bool heard_blocks(struct exchange *x)
{
    const struct kedge_tftp_receiver *r = &x->client.machine.receiver;
    uint64_t next = r->next;
    enum gather_at at = r->in_window > 0 ? GATHER_AMID : GATHER_BEGIN;
    bool slept = let_blocks_gather(x);
    int n;

    n = udp_receive_within(x->socket.fd, &x->inbox, r->terms.window > 1 ? UDP_BATCH : 1);
    x->now = net_clock();
    take(x, n);
    if (at == GATHER_AMID && r->due)
        at = slept ? GATHER_END : GATHER_BEGIN;
    gather_note(&x->gather, r->next - next, at, x->now);
    return n != 0;
}

static bool heard_from_the_peer(struct exchange *x)
{
    const struct kedge_tftp_machine *m = &x->client.machine;
    int n;

    if (!m->sends && (!x->asks || x->client.answered))
        return heard_blocks(x);
    n = udp_receive_within(x->socket.fd, &x->inbox,
                           m->sends && m->sender.terms.window > 1 ? UDP_BATCH : 1);
    x->now = net_clock();
    take(x, n);
    return n != 0;
}

static struct fetch_fault wait_for_any(struct exchange *x,
                                       const struct exchange_wait *wait)
{
    short events = wait->writable ? POLLIN | POLLOUT : POLLIN;
    int cancel = x->options->cancel_fd > 0 ? x->options->cancel_fd : -1;
    struct pollfd fds[] = { { .fd = x->socket.fd, .events = events },
                            { .fd = cancel, .events = POLLIN },
                            { .fd = wait->file ? x->file->wait_fd : -1,
                              .events = POLLIN } };
    struct timespec timeout = time_until(x, wait->until);
    int n = ppoll(fds, sizeof fds / sizeof *fds, &timeout, NULL);

    x->now = x->polled = net_clock();
    if (n > 0 && fds[1].revents)
        return stopped();
    if (n < 0 || fds[0].revents) /* a signal ended it: maybe long after its time */
        exchange_hear(x);
    return fetch_no_fault();
}

void exchange_wait(struct exchange *x, const struct exchange_wait *wait)
{
    struct fetch_fault fault = settle(x);

    if (fault.cause == KEDGE_TRANSFER_DONE && !tell_progress(x))
        fault = stopped();
    if (fault.cause == KEDGE_TRANSFER_DONE && only_for_the_peer(x, wait) &&
        heard_from_the_peer(x))
        return;
    if (fault.cause == KEDGE_TRANSFER_DONE)
        fault = wait_for_any(x, wait);
    if (fault.cause != KEDGE_TRANSFER_DONE)
        exchange_fail(x, fault);
}
