#include "transfer/session.h"

#include "base/number.h"
#include "os/clock.h"

#include <errno.h>
#include <stdlib.h>

/* Trains of datagrams that one call receives: see UDP_GRO. */
#define INBOX_EACH 65535
#define INBOX_BYTES (32 * INBOX_EACH)

int session_open(const struct net_address *at, struct transfer_session **out)
{
    struct udp_options o = { .at = *at, .gro = true };
    struct transfer_session *x = calloc(1, sizeof *x);
    uint8_t *memory = malloc(INBOX_BYTES);
    int err = x && memory ? udp_open(&o, &x->socket) : -ENOMEM;

    if (!err && (err = udp_let_wait(&x->socket, EXCHANGE_WAIT_MS)) != 0)
        udp_close(&x->socket);
    if (err) {
        free(memory);
        free(x);
        return err;
    }
    x->memory = memory;
    x->error = transfer_no_error();
    x->announced = FETCH_UNKNOWN;
    udp_inbox_init(&x->inbox, memory, INBOX_BYTES, INBOX_EACH);
    *out = x;
    return 0;
}

void session_close(struct transfer_session *x)
{
    udp_close(&x->socket);
    free(x->packets.memory);
    free(x->memory);
    free(x);
}

enum kedge_tftp_outcome session_outcome(const struct transfer_session *x)
{
    return x->asks ? kedge_tftp_client_outcome(&x->client)
                   : kedge_tftp_machine_outcome(&x->client.machine);
}

uint64_t session_bytes(const struct transfer_session *x)
{
    const struct kedge_tftp_machine *m = &x->client.machine;

    if (x->asks && !x->client.answered)
        return 0;
    if (!m->sends)
        return x->block_writer.offset;
    if (m->sender.outcome == KEDGE_TFTP_OK && x->file->size != FETCH_UNKNOWN)
        return x->file->size; /* its last ACK need not have come */
    return min_u64(sub_sat(m->sender.base, 1) * m->sender.terms.blksize, x->file->size);
}

void session_fail(struct transfer_session *x, struct transfer_error error)
{
    if (session_outcome(x) != KEDGE_TFTP_RUNNING) {
        x->over = true; /* lingering after the end, which stays what it was */
        return;
    }
    x->error = error;
    if (x->asks && !x->client.answered)
        x->over = true;
    else
        kedge_tftp_machine_end(&x->client.machine, KEDGE_TFTP_FAILED, error.error);
}

void session_say(struct transfer_session *x, struct kedge_span packet)
{
    struct udp_gso_batch t = { .packets = packet,
                               .stride = packet.len,
                               .peer = x->peer.len ? &x->peer : &x->server };
    unsigned done = udp_send_gso(x->socket.fd, &t);

    (void)done; /* what the socket does not take is lost, as on the wire */
}

static void say_opening(struct transfer_session *x)
{
    session_say(x, (struct kedge_span){ x->opening, x->opening_len });
}

/* A server's reply to the request is block 0. */
static void acknowledge(struct transfer_session *x, uint64_t block)
{
    uint32_t rollover = x->client.machine.receiver.terms.rollover;
    uint8_t ack[KEDGE_TFTP_HEADER];

    if (block == 0 && !x->asks)
        say_opening(x);
    else if (kedge_tftp_write_ack(ack, sizeof ack, kedge_tftp_wire(block, rollover)))
        session_say(x, (struct kedge_span){ ack, sizeof ack });
}

static void refuse(struct transfer_session *x, uint16_t code)
{
    const char *why = code == KEDGE_TFTP_BAD_OPTION ? "option not as asked" : "";
    uint8_t error[128];
    size_t len = kedge_tftp_write_error(error, sizeof error, code,
                                        *x->error.why ? x->error.why : why);

    session_say(x, (struct kedge_span){ error, len });
}

/* The last ACK can be had again for a while, but only on a link that has lost something:
 * else every transfer would be slow for the sake of the few. */
static kedge_nanos linger(const struct transfer_session *x)
{
    const struct kedge_tftp_receiver *r = &x->client.machine.receiver;
    bool lossy = r->resent > 0 || r->duplicates > 0 || x->client.asked_times > 1;

    return lossy ? 2 * kedge_tftp_rto(&r->rtt) : 0;
}

static void keep(struct transfer_session *x)
{
    struct kedge_tftp_receiver *r = &x->client.machine.receiver;
    struct transfer_error error = transfer_error_of(block_writer_end(&x->block_writer));

    if (error.cause == KEDGE_TRANSFER_DONE)
        error = x->file->keep(x->file, x->block_writer.offset, x->announced);
    if (error.cause != KEDGE_TRANSFER_DONE) {
        session_fail(x, error);
        return;
    }
    x->finished = x->now = net_clock();
    r->linger = linger(x);
    kedge_tftp_receiver_committed(r, x->now);
}

static void rest(struct transfer_session *x)
{
    kedge_nanos until = x->asks ? kedge_tftp_client_deadline(&x->client)
                                : kedge_tftp_machine_deadline(&x->client.machine);

    session_wait(x, &(struct session_wait){ .until = until });
}

/* After a while away, as it was stopped or a disk was slow, what has come meanwhile is read
 * before a timer sends again or gives up. */
static void look_at_the_clock(struct transfer_session *x)
{
    kedge_nanos before = x->now;

    x->now = net_clock();
    if (x->now - before >= EXCHANGE_AWAY)
        session_hear(x);
}

static void step(struct transfer_session *x)
{
    struct kedge_tftp_action a;

    look_at_the_clock(x);
    a = x->asks ? kedge_tftp_client_write(&x->client, x->now)
                : kedge_tftp_machine_write(&x->client.machine, x->now);
    switch (a.todo) {
    case KEDGE_TFTP_ASK:
        say_opening(x);
        break;
    case KEDGE_TFTP_BLOCKS:
        session_send(x, &a);
        break;
    case KEDGE_TFTP_REPLY:
        acknowledge(x, a.first);
        break;
    case KEDGE_TFTP_COMMIT:
        keep(x);
        break;
    case KEDGE_TFTP_REFUSE:
        refuse(x, a.code);
        break;
    case KEDGE_TFTP_WAIT:
        rest(x);
        break;
    case KEDGE_TFTP_OVER:
        x->over = true;
        break;
    }
}

void session_run(struct transfer_session *x)
{
    x->block_writer = (struct block_writer){ .write = x->file->write,
                                             .file = x->file,
                                             .netascii = x->netascii };
    x->now = net_clock();
    while (!x->over)
        step(x);
    if (x->file->settle && x->error.cause == KEDGE_TRANSFER_DONE)
        x->error = transfer_error_of(x->file->settle(x->file));
    if (!x->finished)
        x->finished = net_clock();
}
