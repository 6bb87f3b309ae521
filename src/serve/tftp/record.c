/* SPDX-License-Identifier: MIT */
/* What became of a transfer: one record each, refusals and probes too. */
#include "serve/tftp/private.h"

#include "base/number.h"
#include "report/text.h"
#include "serve/tftp/verdict_text.h"
#include "tftp/options.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void reason_set(struct tftp_transfer *t, const char *text)
{
    snprintf(t->reason, sizeof t->reason, "%s", text);
}

static enum verdict_fault verdict_fault_of(enum store_error error)
{
    static const enum verdict_fault faults[] = {
        [STORE_NOT_FOUND] = FAULT_NOT_FOUND,
        [STORE_BAD_NAME] = FAULT_BAD_NAME,
        [STORE_DENIED] = FAULT_DENIED,
        [STORE_EXISTS] = FAULT_EXISTS,
        [STORE_FULL] = FAULT_DISK_FULL,
        [STORE_TOO_LARGE] = FAULT_TOO_LARGE,
        [STORE_WRONG_SIZE] = FAULT_WRONG_SIZE,
        [STORE_CHANGED] = FAULT_CHANGED,
        [STORE_GONE] = FAULT_GONE,
        [STORE_BUSY] = FAULT_BUSY,
        [STORE_IO] = FAULT_STORAGE,
    };

    return faults[error];
}

void failure_note(struct tftp_transfer *t, const struct store_result *why)
{
    reason_set(t, why->why);
    if (t->fault == FAULT_NONE)
        t->fault = verdict_fault_of(why->error);
}

/* Room for the texts of one record, which only borrows them. */
struct texts {
    char peer[NET_ADDRESS_TEXT];
    char local[NET_ADDRESS_TEXT];
    uint8_t asked[160];
    uint8_t granted[160];
    char by[NET_ADDRESS_TEXT];
    uint8_t verdict[512];
};

static struct kedge_span options_text(const struct kedge_tftp_options *o, uint8_t *buf,
                                      size_t room)
{
    struct writer w = { .ptr = buf, .room = room };

    options_list(&w, o);
    return written(&w);
}

static struct kedge_span port_text(const struct tftp_port *p)
{
    return span_of(p->requests ? "request" : "data");
}

/* True: its record is left out. */
static bool fill_story(struct transfer_record *r, struct tftp_transfer *t)
{
    struct provider_story story = { 0 };

    if (t->judged && t->service->config.provider->story)
        story = t->service->config.provider->story(t->file);
    r->rule = story.rule;
    r->path = story.path;
    if (t->answered)
        r->port = port_text(port_last(t));
    if (story.refused && t->fault == FAULT_DENIED)
        t->fault = FAULT_POLICY;
    return story.hushed;
}

static void verdict_say(struct transfer_record *r, struct texts *texts,
                        struct tftp_counters *counters, const struct verdict_words *words)
{
    enum verdict v = verdict_of(words->facts);
    struct writer w = { .ptr = texts->verdict, .room = sizeof texts->verdict };

    if (v == VERDICT_NONE)
        return;
    tftp_counters_add(counters, TFTP_VERDICTS + (unsigned)v, 1);
    verdict_put(&w, v, words);
    r->verdict_id = span_of(verdict_id(v));
    r->verdict = written(&w);
}

static uint16_t port_number(const struct tftp_transfer *t, uint32_t port)
{
    const struct tftp_listener *l = &t->service->listeners[t->session->listener];

    return port < l->ports ? net_address_port(&l->port[port].socket.at) : 0;
}

/* Once for each end: it remembers where the last ones were. */
static bool stopped_again(const struct tftp_transfer *t, const struct verdict_facts *f)
{
    struct tftp_service *s = t->service;

    bool closed = f->outcome == KEDGE_TFTP_ABORTED && f->code == 0; /* it has enough */

    return f->outcome != KEDGE_TFTP_OK && !closed && f->validated && f->block > 1 &&
           verdict_stopped_again(&s->stops, &s->sessions, t->session, f->block);
}

static struct verdict_facts facts_of(const struct tftp_transfer *t,
                                     enum kedge_tftp_outcome outcome)
{
    struct verdict_facts f;

    verdict_facts_of(&t->service->sessions, t->session, &f);
    f.outcome = outcome;
    f.fault = outcome == KEDGE_TFTP_OK ? FAULT_NONE : t->fault;
    if (outcome == KEDGE_TFTP_OK || f.block == t->icmp_block)
        f.icmp = t->icmp; /* what went through since says otherwise */
    f.stopped_before = stopped_again(t, &f);
    return f;
}

static void fill_verdict(struct transfer_record *r, struct texts *texts,
                         const struct tftp_transfer *t, enum kedge_tftp_outcome outcome)
{
    struct net_address by = net_address_from_raw(t->icmp_by, 0, 0);
    struct verdict_facts facts = facts_of(t, outcome);
    struct verdict_words words = {
        .facts = &facts,
        .reason = r->reason,
        .granted = r->granted,
        .port = net_address_port(&t->port->socket.at),
        .data_port = port_number(t, t->session->socket + 1),
        .request_port = port_number(t, 0),
        .auto_port = t->service->config.auto_port,
    };

    if (t->icmp != ICMP_SAYS_NOTHING)
        words.by = span_of(net_address_print_host(&by, texts->by));
    verdict_say(r, texts, &t->service->counters, &words);
}

/* The address that was asked: of the request port, as the peer knows it. */
static struct net_address asked_address(const struct tftp_port *p,
                                        const struct net_local *local)
{
    const struct net_address *at = &p->listener->port[0].socket.at;
    struct net_address asked = local->address.len ? local->address : *at;

    net_address_set_port(&asked, net_address_port(at));
    return asked;
}

static void fill_addresses(struct transfer_record *r, struct texts *texts,
                           const struct net_address *peer,
                           const struct net_address *asked)
{
    r->peer = span_of(net_address_print(peer, texts->peer));
    r->local = span_of(net_address_print(asked, texts->local));
}

static void fill_half(struct transfer_record *r, const struct kedge_tftp_half *h)
{
    r->resent = h->resent;
    r->dup = h->duplicates;
    r->rtt = h->rtt.smallest == KEDGE_NEVER ? RECORD_UNKNOWN : h->rtt.smoothed;
}

static void fill_sent(struct transfer_record *r, const struct tftp_transfer *t,
                      enum kedge_tftp_outcome outcome)
{
    const struct kedge_tftp_sender *s = &t->session->machine.sender;
    bool all = s->top > s->last;

    r->blocks = s->top > 0 ? s->top - 1 : 0;
    if (outcome == KEDGE_TFTP_OK || (all && outcome == KEDGE_TFTP_UNCONFIRMED))
        r->bytes = t->block_reader.size;
    else
        r->bytes = min_u64(sub_sat(s->half.base, 1) * s->half.terms.blksize,
                           t->block_reader.size);
}

static void fill_taken(struct transfer_record *r, const struct tftp_transfer *t)
{
    const struct kedge_tftp_receiver *m = &t->session->machine.receiver;

    r->blocks = m->half.base - 1;
    r->bytes = t->block_writer.offset;
}

static struct kedge_span before_nul(struct kedge_span text)
{
    const uint8_t *nul = text.len > 0 ? memchr(text.ptr, 0, text.len) : NULL;

    return (struct kedge_span){ text.ptr, nul ? (size_t)(nul - text.ptr) : text.len };
}

/* The peer's own words, of any bytes. */
void transfer_heard_error(struct tftp_transfer *t, struct kedge_span datagram)
{
    enum kedge_tftp_outcome outcome = tftp_session_outcome(t->session);
    struct writer w = { .ptr = (uint8_t *)t->reason, .room = sizeof t->reason - 1 };
    struct kedge_tftp_packet in;
    char code[40];

    if (!kedge_tftp_parse(datagram, &in) || in.op != KEDGE_TFTP_ERROR || t->reason[0] ||
        (outcome != KEDGE_TFTP_ABORTED && outcome != KEDGE_TFTP_PROBE))
        return;
    snprintf(code, sizeof code, "the peer sent ERROR %u", in.number);
    put(&w, span_of(code));
    in.body = before_nul(in.body);
    if (in.body.len > 0) {
        put(&w, span_of(": "));
        text_printable(&w, in.body, sizeof t->reason - 1 - w.len);
    }
    t->reason[w.len] = 0;
}

static void record_error(struct tftp_transfer *t, enum kedge_tftp_outcome outcome)
{
    const struct kedge_tftp_machine *m = &t->session->machine;

    if (t->reason[0])
        return;
    if (outcome == KEDGE_TFTP_ABORTED || outcome == KEDGE_TFTP_PROBE)
        snprintf(t->reason, sizeof t->reason, "the peer sent ERROR %u", m->half.code);
    else if (outcome == KEDGE_TFTP_TIMEOUT)
        reason_set(t, "the peer fell silent");
    else if (outcome == KEDGE_TFTP_UNCONFIRMED)
        reason_set(t, "all was sent, the last ACK never came");
    else if (outcome == KEDGE_TFTP_GONE)
        reason_set(t, "ICMP says that nobody listens at the peer's port");
    else if (outcome == KEDGE_TFTP_REPLACED)
        reason_set(t, "the peer sent a new request");
    else if (outcome == KEDGE_TFTP_FAILED)
        reason_set(t, "the peer numbers its blocks from 0");
}

static enum record_event event_of(const struct tftp_session *s,
                                  enum kedge_tftp_outcome outcome)
{
    if (outcome == KEDGE_TFTP_REFUSED)
        return RECORD_REFUSED;
    if (outcome == KEDGE_TFTP_PROBE)
        return RECORD_PROBE;
    return s->op == KEDGE_TFTP_RRQ ? RECORD_GET : RECORD_PUT;
}

static const char altered[] = "the file was altered while it was served";

/* It answered what was sent to its address; an ERROR is an answer too. */
static bool is_met(enum kedge_tftp_outcome outcome, const struct kedge_tftp_half *h)
{
    return h->validated || outcome == KEDGE_TFTP_ABORTED || outcome == KEDGE_TFTP_PROBE;
}

static bool file_has_changed(const struct tftp_transfer *t)
{
    return t->open && t->session->op == KEDGE_TFTP_RRQ &&
           t->service->config.provider->changed(t->file);
}

struct store_result transfer_unaltered(const struct tftp_transfer *t)
{
    return file_has_changed(t) ? store_fail(STORE_CHANGED, altered) : store_ok();
}

static enum kedge_tftp_outcome outcome_of(struct tftp_transfer *t)
{
    enum kedge_tftp_outcome outcome = tftp_session_outcome(t->session);

    if (outcome == KEDGE_TFTP_OK && file_has_changed(t)) {
        reason_set(t, altered);
        t->fault = FAULT_CHANGED;
        return KEDGE_TFTP_CHANGED;
    }
    return outcome;
}

static void record(const struct tftp_service *s, const struct transfer_record *r)
{
    if (s->recorder.record)
        s->recorder.record(s->recorder.owner, r);
}

/* After its verdict: that may find another fault. */
static void count_end(const struct tftp_transfer *t, const struct transfer_record *r,
                      enum kedge_tftp_outcome outcome)
{
    struct tftp_counters *c = &t->service->counters;
    unsigned direction = t->session->op == KEDGE_TFTP_RRQ ? TFTP_GETS : TFTP_PUTS;

    tftp_counters_add(c, tftp_counters_end(direction, outcome), 1);
    tftp_counters_add(c, TFTP_BYTES + direction, r->bytes);
    tftp_counters_add(c, TFTP_RESENT, r->resent);
    tftp_counters_add(c, TFTP_DUPLICATES, r->dup);
    tftp_counters_set(c, TFTP_ACTIVE, t->service->busy);
    if (outcome == KEDGE_TFTP_REFUSED)
        tftp_counters_add(c, TFTP_REFUSALS + (unsigned)t->fault, 1);
}

static void write_record(struct tftp_transfer *t, enum kedge_tftp_outcome outcome)
{
    struct tftp_service *s = t->service;
    const struct tftp_session *session = t->session;
    struct net_address asked = asked_address(t->port, &t->channel.local);
    struct texts texts;
    struct transfer_record r = { .time_ms = record_wall_ms(),
                                 .event = event_of(session, outcome),
                                 .outcome = kedge_tftp_outcome_name(outcome),
                                 .failed = tftp_outcome_failed(outcome),
                                 .file = { t->name, t->name_len },
                                 .took = loop_now(s->config.loop) - session->started,
                                 .rtt = RECORD_UNKNOWN };
    bool hushed = false;

    if (t->reason[0])
        r.reason = span_of(t->reason);
    fill_addresses(&r, &texts, &t->channel.peer, &asked);
    hushed = fill_story(&r, t);
    r.asked = options_text(&session->asked, texts.asked, sizeof texts.asked);
    if (session->state == TFTP_LIVE) {
        r.granted = options_text(&session->granted, texts.granted, sizeof texts.granted);
        r.met = is_met(outcome, &session->machine.half);
        fill_half(&r, &session->machine.half);
        if (session->machine.sends)
            fill_sent(&r, t, outcome);
        else
            fill_taken(&r, t);
    }
    fill_verdict(&r, &texts, t, outcome);
    s->totals.bytes += r.bytes;
    count_end(t, &r, outcome);
    if (!hushed)
        record(s, &r);
}

/* Once: when it ends its port may be closed already, for a helper was still at work. */
void transfer_record(struct tftp_transfer *t)
{
    enum kedge_tftp_outcome outcome;

    if (t->recorded)
        return;
    t->recorded = true;
    outcome = outcome_of(t);
    record_error(t, outcome);
    if (!t->reason[0] && t->file->note)
        reason_set(t, t->file->note);
    if (t->counted)
        t->service->busy--;
    t->counted = false;
    t->service->totals.outcomes[outcome]++;
    write_record(t, outcome);
}

void malformed_record(const struct tftp_port *p, const struct udp_message *m,
                      const char *part)
{
    struct tftp_service *s = p->service;
    struct net_address asked = asked_address(p, &m->local);
    struct texts texts;
    struct transfer_record r = { .time_ms = record_wall_ms(),
                                 .event = RECORD_REFUSED,
                                 .outcome = kedge_tftp_outcome_name(KEDGE_TFTP_REFUSED),
                                 .failed = tftp_outcome_failed(KEDGE_TFTP_REFUSED),
                                 .reason = span_of(part),
                                 .port = port_text(p),
                                 .rtt = RECORD_UNKNOWN };
    struct verdict_facts facts = { .fault = FAULT_MALFORMED };

    fill_addresses(&r, &texts, &m->peer, &asked);
    verdict_say(&r, &texts, &s->counters,
                &(struct verdict_words){ .facts = &facts, .reason = r.reason });
    s->totals.outcomes[KEDGE_TFTP_REFUSED]++;
    tftp_counters_add(&s->counters, TFTP_REQUESTS, 1);
    tftp_counters_add(&s->counters, TFTP_REFUSALS + (unsigned)FAULT_MALFORMED, 1);
    record(s, &r);
}
