/* SPDX-License-Identifier: MIT */
/* A session from its first packet to its last: what the machine says is done, in turn. */
#include "transfer/session.h"

#include "os/clock.h"

static void say_opening(struct transfer_session *x)
{
    session_say(x, (struct kedge_span){ x->opening, x->opening_len });
}

/* A server's reply to the request is block 0. */
static void acknowledge(struct transfer_session *x, uint64_t block)
{
    uint32_t rollover = x->client.machine.receiver.half.terms.rollover;
    uint8_t ack[KEDGE_TFTP_HEADER];

    if (block == 0 && !x->asks)
        say_opening(x);
    else if (kedge_tftp_write_ack(ack, sizeof ack, kedge_tftp_wire(block, rollover)))
        session_say(x, (struct kedge_span){ ack, sizeof ack });
}

static void session_refuse(struct transfer_session *x, uint16_t code)
{
    const char *why = code == KEDGE_TFTP_BAD_OPTION ? "option not as asked" : "";
    uint8_t error[256];
    size_t len = kedge_tftp_write_error(error, sizeof error, code,
                                        *x->error.why ? x->error.why : why);

    session_say(x, (struct kedge_span){ error, len });
}

/* The last ACK can be had again for a while, but only on a link that has lost something:
 * else every transfer would be slow for the sake of the few. */
static kedge_nanos linger(const struct transfer_session *x)
{
    const struct kedge_tftp_receiver *r = &x->client.machine.receiver;
    bool lossy =
        r->half.resent > 0 || r->half.duplicates > 0 || x->client.asked_times > 1;

    return lossy ? 2 * kedge_tftp_rto(&r->half.rtt) : 0;
}

static void keep_file(struct transfer_session *x)
{
    struct kedge_tftp_receiver *r = &x->client.machine.receiver;
    struct transfer_error error = transfer_error_of(block_writer_end(&x->block_writer));

    if (error.cause == KEDGE_TRANSFER_DONE)
        error = x->file->keep(x->file, x->block_writer.offset, x->announced);
    if (error.cause != KEDGE_TRANSFER_DONE) {
        session_fail(x, error);
        return;
    }
    x->finished = x->now = clock_now();
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

    x->now = clock_now();
    if (x->now - before >= EXCHANGE_AWAY)
        session_hear(x);
}

static void session_step(struct transfer_session *x)
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
        keep_file(x);
        break;
    case KEDGE_TFTP_REFUSE:
        session_refuse(x, a.code);
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
    x->now = clock_now();
    while (!x->over)
        session_step(x);
    if (x->file->settle && x->error.cause == KEDGE_TRANSFER_DONE)
        x->error = transfer_error_of(x->file->settle(x->file));
    if (!x->finished)
        x->finished = clock_now();
}
