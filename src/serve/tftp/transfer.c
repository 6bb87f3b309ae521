/* A transfer does what its machine says, until that says wait. */
#include "serve/tftp/private.h"

#include <stdio.h>

struct tftp_transfer *transfer_of(struct tftp_service *s,
                                  const struct tftp_session *session)
{
    return &s->transfers[tftp_session_number(&s->sessions, session)];
}

static void say(struct tftp_transfer *t, const uint8_t *packet, size_t len)
{
    port_say(t->port, &t->channel, (struct kedge_span){ packet, len });
}

/* Block 0, sent or acknowledged, is the reply to the options. */
static void say_oack(struct tftp_transfer *t)
{
    uint8_t packet[KEDGE_TFTP_CONTROL_MAX];

    say(t, packet, kedge_tftp_write_oack(packet, sizeof packet, &t->session->granted));
}

static void reply(struct tftp_transfer *t, uint64_t block)
{
    uint32_t rollover = t->session->machine.receiver.terms.rollover;
    uint8_t packet[KEDGE_TFTP_HEADER];

    if (block == 0 && t->session->granted.has) {
        say_oack(t);
        return;
    }
    say(t, packet,
        kedge_tftp_write_ack(packet, sizeof packet, kedge_tftp_wire(block, rollover)));
}

static void send_error(struct tftp_transfer *t, uint16_t code)
{
    uint8_t packet[64];

    say(t, packet,
        kedge_tftp_write_error(packet, sizeof packet, code, refusal_text(code)));
}

void transfer_fail(struct tftp_transfer *t, const struct store_result *why)
{
    bool changed = why->error == STORE_CHANGED;
    int code = refusal_code(t->session->op, why->error);

    reason_set(t, why->why);
    kedge_tftp_machine_end(&t->session->machine,
                           changed ? KEDGE_TFTP_CHANGED : KEDGE_TFTP_FAILED,
                           code < 0 ? KEDGE_TFTP_UNDEFINED : code);
}

void transfer_store(struct tftp_transfer *t, struct kedge_span body)
{
    struct store_result result = block_writer_put(&t->block_writer, body);

    if (result.error != STORE_OK)
        transfer_fail(t, &result);
}

/* All is stored; true if it can be committed now, without a late write first. */
static void commit(struct tftp_transfer *t)
{
    struct store_result result = block_writer_end(&t->block_writer);

    if (result.error == STORE_OK && !t->upload.slow)
        result = upload_flush(t);
    if (result.error != STORE_OK) {
        transfer_fail(t, &result);
        return;
    }
    if (upload_is_late(t))
        t->session->machine.receiver.due = true; /* it asks again once that is written */
    else
        upload_keep(t);
}

static void wait_for_room(struct tftp_transfer *t)
{
    struct tftp_port *p = t->port;

    if (t->is_stuck)
        return;
    t->is_stuck = true;
    t->next_stuck = p->stuck;
    p->stuck = t;
    loop_watch_change(t->service->config.loop, &p->watch, LOOP_READ | LOOP_WRITE);
}

/* A lone small frame leaves with those of other transfers at the end of the turn. */
static void send_lone(struct tftp_transfer *t, const struct data_packets *f)
{
    struct kedge_span head = { f->memory, KEDGE_TFTP_HEADER };
    struct kedge_span rest;

    if (!f->lent) {
        say(t, f->memory, f->len);
        return;
    }
    rest = (struct kedge_span){ f->pieces[1].iov_base, f->pieces[1].iov_len };
    port_lend(t->port, &t->channel, head, rest);
    t->lent = t->port->out.emptied + 1;
}

/* Send frames; how many blocks of them are done. */
static unsigned send_frames(struct tftp_transfer *t, const struct data_packets *f)
{
    unsigned count = (unsigned)(f->end - f->first);
    unsigned done = count;

    if (count == 1 && f->len <= SMALL_FRAME)
        send_lone(t, f);
    else
        done = channel_send(&t->channel, f, block_reader_stride(&t->block_reader));
    if (done < count)
        wait_for_room(t);
    return done;
}

/* True if the machine may be asked for more. */
static bool send_blocks(struct tftp_transfer *t, const struct kedge_tftp_action *blocks)
{
    struct kedge_tftp_sender *sender = &t->session->machine.sender;
    kedge_nanos now = loop_now(t->service->config.loop);
    struct data_packets f = { .memory = t->service->batch,
                              .room = BATCH_BYTES,
                              .pieces = t->service->pieces };
    struct store_result result;
    unsigned done;

    if (blocks->first == 0) {
        say_oack(t);
        kedge_tftp_sender_sent(sender, 0, 1, now);
        return true;
    }
    t->block_reader.blksize = sender->terms.blksize;
    result = block_reader_fill(&t->block_reader, blocks, sender->terms.rollover, &f);
    if (result.error == STORE_LATER) {
        transfer_read_later(t);
        return !t->job;
    }
    transfer_forget_cold(t);
    if (result.error != STORE_OK) {
        transfer_fail(t, &result);
        return true;
    }
    if (f.last)
        kedge_tftp_sender_end(sender, f.end - 1);
    done = send_frames(t, &f);
    kedge_tftp_sender_sent(sender, f.first, f.first + done, now);
    return !t->is_stuck;
}

/* Do one action. False when nothing is to be done for now. */
static bool act(struct tftp_transfer *t, const struct kedge_tftp_action *action)
{
    switch (action->todo) {
    case KEDGE_TFTP_BLOCKS:
        return send_blocks(t, action);
    case KEDGE_TFTP_REPLY:
        reply(t, action->first);
        return true;
    case KEDGE_TFTP_COMMIT:
        commit(t);
        return !t->job;
    case KEDGE_TFTP_REFUSE:
        send_error(t, action->code);
        return true;
    case KEDGE_TFTP_OVER:
        transfer_end(t);
        return false;
    default:
        return false;
    }
}

static void note_turn(struct tftp_transfer *t)
{
    struct kedge_tftp_machine *m = &t->session->machine;

    if (m->sends)
        m->sender.rtt.own_delay = t->service->turn;
    else
        m->receiver.rtt.own_delay = t->service->turn;
}

void transfer_pump(struct tftp_transfer *t)
{
    kedge_nanos now = loop_now(t->service->config.loop);
    struct kedge_tftp_action action;

    if (t->job || t->ending || t->is_stuck || t->session->state != TFTP_LIVE)
        return;
    note_turn(t);
    if (upload_is_late(t))
        return;
    do
        action = kedge_tftp_machine_write(&t->session->machine, now);
    while (act(t, &action));
    if (t->ending)
        return;
    tftp_sessions_settle(&t->service->sessions, t->session);
    if (tftp_session_outcome(t->session) != KEDGE_TFTP_RUNNING)
        transfer_record(t);
}

static void unlink_stuck(struct tftp_transfer *t)
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

/* No bytes of its file may wait in a queue when it lets go of that. */
static void take_back(struct tftp_transfer *t)
{
    if (t->lent > 0 && t->lent == t->port->out.emptied + 1)
        port_empty(t->port);
    t->lent = 0;
}

/* The transfer is over. What a helper still works on ends first, and calls this again. */
void transfer_end(struct tftp_transfer *t)
{
    struct tftp_service *s = t->service;
    kedge_nanos now = loop_now(s->config.loop);

    transfer_record(t);
    t->ending = true;
    unlink_stuck(t);
    take_back(t);
    if (t->job || upload_drop(t))
        return;
    transfer_forget_cold(t);
    if (t->file)
        cache_release(t->file, now);
    t->file = NULL;
    tftp_sessions_release(&s->sessions, t->session, now);
}
