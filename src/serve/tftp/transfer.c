/* SPDX-License-Identifier: MIT */
/* A transfer: its file is opened, it does what its machine says until that says wait, and it
 * ends. Where its provider says "later", transfer_resume() goes on. */
#include "serve/tftp/private.h"

#include "base/bytes.h"
#include "base/number.h"
#include "serve/tftp/refusal.h"

struct tftp_transfer *transfer_of(struct tftp_service *s,
                                  const struct tftp_session *session)
{
    return &s->transfers[tftp_session_number(&s->sessions, session)];
}

static void send_repeatable(struct tftp_transfer *t, const uint8_t *packet, size_t len)
{
    port_say(t->port, &t->channel, (struct kedge_span){ packet, len });
}

/* Block 0, sent or acknowledged, is the reply to the options. */
static void say_oack(struct tftp_transfer *t)
{
    uint8_t packet[KEDGE_TFTP_CONTROL_MAX];
    const struct kedge_tftp_options *granted = &t->session->granted;
    size_t len = kedge_tftp_write_oack(packet, sizeof packet, granted);
    struct writer w = { .ptr = packet + len, .room = sizeof packet - len };

    if (granted->has & TFTP_HAS_COOKIE) {
        put_string(&w, span_of("cookie"));
        put_string(&w, (struct kedge_span){ t->name + t->name_len, t->cookie_len });
    }
    send_repeatable(t, packet, len + w.len);
}

static void reply(struct tftp_transfer *t, uint64_t block)
{
    uint32_t rollover = t->session->machine.receiver.half.terms.rollover;
    uint8_t packet[KEDGE_TFTP_HEADER];

    if (block == 0 && t->session->granted.has) {
        say_oack(t);
        return;
    }
    send_repeatable(
        t, packet,
        kedge_tftp_write_ack(packet, sizeof packet, kedge_tftp_wire(block, rollover)));
}

static void transfer_send_error(struct tftp_transfer *t, uint16_t code)
{
    uint8_t packet[64];

    send_repeatable(
        t, packet,
        kedge_tftp_write_error(packet, sizeof packet, code, refusal_text(code)));
}

void transfer_fail(struct tftp_transfer *t, const struct store_result *why)
{
    bool changed = why->error == STORE_CHANGED;
    int code = refusal_code(t->session->op, why->error);

    if (code < 0 && t->session->op == KEDGE_TFTP_WRQ)
        code = KEDGE_TFTP_UNDEFINED; /* what it has sent is gone: it must begin again */
    failure_note(t, why);
    kedge_tftp_machine_end(&t->session->machine,
                           changed ? KEDGE_TFTP_CHANGED : KEDGE_TFTP_FAILED, code);
}

static struct store_result read_part(void *transfer, const struct block_part *part,
                                     size_t *got)
{
    struct tftp_transfer *t = transfer;

    return t->service->config.provider->read(t->file, part, got);
}

/* What leaves a second time is read: if it was lent before, that may be why it was lost. */
static const uint8_t *lend_part(void *transfer, uint64_t offset, size_t len)
{
    struct tftp_transfer *t = transfer;
    const struct kedge_tftp_sender *sender = &t->session->machine.sender;

    if (sender->next < sender->top)
        return NULL;
    return t->service->config.provider->lend(t->file, offset, len);
}

static struct store_result write_part(void *transfer, struct kedge_span bytes,
                                      uint64_t offset)
{
    struct tftp_transfer *t = transfer;

    return t->service->config.provider->write(t->file, bytes, offset);
}

void transfer_store(struct tftp_transfer *t, struct kedge_span body)
{
    struct store_result result = block_writer_put(&t->block_writer, body);

    if (result.error == STORE_LATER)
        t->waits = WAITS_FOR_WRITE;
    else if (result.error != STORE_OK)
        transfer_fail(t, &result);
}

static void committed(struct tftp_transfer *t, const struct store_result *result)
{
    if (result->error == STORE_OK)
        kedge_tftp_receiver_committed(&t->session->machine.receiver,
                                      loop_now(t->service->config.loop));
    else
        transfer_fail(t, result);
}

/* All has come. */
static void commit(struct tftp_transfer *t)
{
    struct store_result result = block_writer_end(&t->block_writer);

    if (result.error == STORE_OK || result.error == STORE_LATER)
        result = t->service->config.provider->commit(t->file);
    if (result.error == STORE_LATER)
        t->waits = WAITS_FOR_COMMIT;
    else
        committed(t, &result);
}

/* A lone small frame leaves with those of other transfers at the end of the turn. */
static void send_lone(struct tftp_transfer *t, const struct data_packets *f)
{
    struct kedge_span head = { f->memory, KEDGE_TFTP_HEADER };
    struct kedge_span rest;

    if (!f->lent) {
        send_repeatable(t, f->memory, f->len);
        return;
    }
    rest = (struct kedge_span){ f->pieces[1].iov_base, f->pieces[1].iov_len };
    port_lend(t->port, &t->channel, head, rest);
    t->lent = port_emptied(t->port) + 1;
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
        port_stick(t);
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
    t->block_reader.blksize = sender->half.terms.blksize;
    result = block_reader_fill(&t->block_reader, blocks, sender->half.terms.rollover, &f);
    if (result.error == STORE_LATER) {
        t->waits = WAITS_FOR_READ;
        return false;
    }
    /* A mixture never comes to its end. */
    if (result.error == STORE_OK && f.last)
        result = transfer_unaltered(t);
    if (result.error != STORE_OK) {
        transfer_fail(t, &result);
        return true;
    }
    if (f.last)
        kedge_tftp_sender_end(sender, f.end - 1);
    done = send_frames(t, &f);
    kedge_tftp_sender_sent(sender, f.first, f.first + done, now);
    tftp_sessions_sent(&t->service->sessions, t->session, done, now);
    return !t->is_stuck;
}

/* Do one action. False when nothing is to be done for now. */
static bool transfer_act(struct tftp_transfer *t, const struct kedge_tftp_action *action)
{
    switch (action->todo) {
    case KEDGE_TFTP_BLOCKS:
        return send_blocks(t, action);
    case KEDGE_TFTP_REPLY:
        reply(t, action->first);
        return true;
    case KEDGE_TFTP_COMMIT:
        commit(t);
        return t->waits == WAITS_FOR_NOTHING;
    case KEDGE_TFTP_REFUSE:
        transfer_send_error(t, action->code);
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
    t->session->machine.half.rtt.own_delay = t->service->turn;
}

/* No bytes of its file may wait in a queue when it lets go of that. */
static void take_back(struct tftp_transfer *t)
{
    if (t->lent > 0 && t->lent == port_emptied(t->port) + 1)
        port_empty(t->port);
    t->lent = 0;
}

/* Its session has chosen the other port. */
static void follow(struct tftp_transfer *t)
{
    struct tftp_port *port = port_of(t);

    if (port == t->port)
        return;
    port_unlink(t);
    take_back(t);
    t->port = port;
    t->channel.fd = port->socket.fd;
}

void transfer_pump(struct tftp_transfer *t)
{
    kedge_nanos now = loop_now(t->service->config.loop);
    struct kedge_tftp_action action;

    if (t->waits || t->ending || t->session->state != TFTP_LIVE)
        return;
    follow(t);
    if (t->is_stuck)
        return;
    note_turn(t);
    while (port_may_send(t, now)) {
        action = kedge_tftp_machine_write(&t->session->machine, now);
        if (!transfer_act(t, &action))
            break;
    }
    if (t->ending)
        return;
    tftp_sessions_settle(&t->service->sessions, t->session);
    if (tftp_session_outcome(t->session) != KEDGE_TFTP_RUNNING)
        transfer_record(t);
}

/* What is under way for its file ends first, and then calls this again. */
void transfer_end(struct tftp_transfer *t)
{
    struct tftp_service *s = t->service;

    transfer_record(t);
    t->ending = true;
    port_unlink(t);
    take_back(t);
    if (t->waits)
        return;
    if (t->open && s->config.provider->close(t->file).error == STORE_LATER)
        t->waits = WAITS_FOR_CLOSE;
    t->open = false;
    if (!t->waits)
        tftp_sessions_release(&s->sessions, t->session, loop_now(s->config.loop));
}

void transfer_refuse(struct tftp_transfer *t, const struct store_result *why)
{
    enum kedge_tftp_op op = t->session->op;
    int code = refusal_code(op, why->error);
    uint8_t datagram[64];
    size_t room =
        sub_sat(min_u64(t->session->request_len, sizeof datagram), KEDGE_TFTP_ERROR_MIN);
    size_t len = 0;

    failure_note(t, why);
    if (code >= 0)
        len = tftp_session_refused(t->session, (uint16_t)code,
                                   refusal_words(op, why->error, room), datagram);
    else if (t->session->outcome == KEDGE_TFTP_RUNNING)
        t->session->outcome = KEDGE_TFTP_REFUSED;
    t->answered = len > 0;
    if (len > 0)
        port_refuse(t, (struct kedge_span){ datagram, len });
    transfer_end(t);
}

static void start_transfer(struct tftp_transfer *t)
{
    struct tftp_service *s = t->service;
    bool reads = t->session->op == KEDGE_TFTP_RRQ;
    struct kedge_tftp_limits limits = limits_of_transfer(t);
    unsigned asked = t->session->asked.has;

    if (!reads && t->file->slow)
        limits.windowsize_max = 1; /* each block waits until it is written */
    if (t->cookie_len > 0)
        t->session->asked.has |= TFTP_HAS_COOKIE;
    t->session->asked.has &= ~s->config.refused_options;
    tftp_sessions_opened(&s->sessions, t->session, &limits, loop_now(s->config.loop));
    t->session->asked.has = asked; /* for its record */
    t->counted = t->answered = true;
    s->busy++;
    tftp_counters_set(&s->counters, TFTP_ACTIVE, s->busy);
    transfer_pump(t);
}

static void opened(struct tftp_transfer *t, const struct store_result *result)
{
    bool netascii = t->session->mode == KEDGE_TFTP_NETASCII;

    t->judged = true;
    if (result->error != STORE_OK) {
        transfer_refuse(t, result);
        return;
    }
    t->open = true;
    t->block_writer =
        (struct block_writer){ .write = write_part, .file = t, .netascii = netascii };
    t->block_reader =
        (struct block_reader){ .read = read_part,
                               .lend =
                                   t->service->config.provider->lend ? lend_part : NULL,
                               .file = t,
                               .size = t->file->size,
                               .netascii = netascii };
    start_transfer(t);
}

/* What was under way for its file is over. */
static void transfer_resume(void *transfer, struct store_result result)
{
    struct tftp_transfer *t = transfer;
    enum tftp_wait waited = t->waits;

    t->waits = WAITS_FOR_NOTHING;
    if (t->ending) {
        t->open |= waited == WAITS_FOR_OPEN && result.error == STORE_OK;
        transfer_end(t);
        return;
    }
    if (waited == WAITS_FOR_OPEN) {
        opened(t, &result);
        return;
    }
    if (waited == WAITS_FOR_COMMIT)
        committed(t, &result);
    else if (result.error != STORE_OK)
        transfer_fail(t, &result);
    transfer_pump(t);
}

void transfer_open(struct tftp_transfer *t)
{
    const struct tftp_session *session = t->session;
    const struct kedge_tftp_options *asked = &session->asked;
    bool sized = session->mode == KEDGE_TFTP_OCTET && (asked->has & KEDGE_TFTP_HAS_TSIZE);
    struct provider_request request = { .name = { t->name, t->name_len },
                                        .writes = session->op == KEDGE_TFTP_WRQ,
                                        .peer = &t->channel.peer,
                                        .ifindex = t->ifindex,
                                        .announced_bytes = sized ? asked->tsize : 0 };
    struct provider *provider = t->service->config.provider;
    struct store_result result;

    *t->file = (struct provided_file){ .provider = provider,
                                       .resume = transfer_resume,
                                       .transfer = t };
    result = provider->open(t->file, &request);
    if (result.error == STORE_LATER)
        t->waits = WAITS_FOR_OPEN;
    else
        opened(t, &result);
}
