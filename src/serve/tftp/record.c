/* SPDX-License-Identifier: MIT */
/* What became of a transfer: one record each, refusals and probes too. */
#include "serve/tftp/private.h"

#include "base/number.h"
#include "report/text.h"
#include "tftp/options.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void reason_set(struct tftp_transfer *t, const char *text)
{
    snprintf(t->reason, sizeof t->reason, "%s", text);
}

/* Room for the texts of one record, which only borrows them. */
struct texts {
    char peer[NET_ADDRESS_TEXT];
    char local[NET_ADDRESS_TEXT];
    uint8_t asked[160];
    uint8_t granted[160];
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

static void fill_story(struct transfer_record *r, const struct tftp_transfer *t)
{
    struct provider_story story = { 0 };

    if (t->judged && t->service->config.provider->story)
        story = t->service->config.provider->story(t->file);
    r->rule = story.rule;
    r->path = story.path;
    if (t->answered)
        r->port = port_text(port_last(t));
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

static void fill_sent(struct transfer_record *r, const struct tftp_transfer *t,
                      enum kedge_tftp_outcome outcome)
{
    const struct kedge_tftp_sender *s = &t->session->machine.sender;
    bool all = s->top > s->last;

    r->blocks = s->top > 0 ? s->top - 1 : 0;
    r->resent = s->resent;
    r->dup = s->duplicates;
    r->rtt = s->rtt.smallest == KEDGE_NEVER ? RECORD_UNKNOWN : s->rtt.smoothed;
    if (outcome == KEDGE_TFTP_OK || (all && outcome == KEDGE_TFTP_UNCONFIRMED))
        r->bytes = t->block_reader.size;
    else
        r->bytes = min_u64(sub_sat(s->base, 1) * s->terms.blksize, t->block_reader.size);
}

static void fill_taken(struct transfer_record *r, const struct tftp_transfer *t)
{
    const struct kedge_tftp_receiver *m = &t->session->machine.receiver;

    r->blocks = m->next - 1;
    r->resent = m->resent;
    r->dup = m->duplicates;
    r->rtt = m->rtt.smallest == KEDGE_NEVER ? RECORD_UNKNOWN : m->rtt.smoothed;
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

static void report_error(struct tftp_transfer *t, enum kedge_tftp_outcome outcome)
{
    const struct kedge_tftp_machine *m = &t->session->machine;

    if (t->reason[0])
        return;
    if (outcome == KEDGE_TFTP_ABORTED || outcome == KEDGE_TFTP_PROBE)
        snprintf(t->reason, sizeof t->reason, "the peer sent ERROR %u",
                 m->sends ? m->sender.code : m->receiver.code);
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
        return KEDGE_TFTP_CHANGED;
    }
    return outcome;
}

static void record(const struct tftp_service *s, const struct transfer_record *r)
{
    if (s->recorder.record)
        s->recorder.record(s->recorder.owner, r);
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
                                 .file = { t->name, t->name_len },
                                 .took = loop_now(s->config.loop) - session->started,
                                 .rtt = RECORD_UNKNOWN };

    if (t->reason[0])
        r.reason = span_of(t->reason);
    fill_addresses(&r, &texts, &t->channel.peer, &asked);
    fill_story(&r, t);
    r.asked = options_text(&session->asked, texts.asked, sizeof texts.asked);
    if (session->state == TFTP_LIVE) {
        r.granted = options_text(&session->granted, texts.granted, sizeof texts.granted);
        if (session->machine.sends)
            fill_sent(&r, t, outcome);
        else
            fill_taken(&r, t);
    }
    s->totals.bytes += r.bytes;
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
    report_error(t, outcome);
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
                                 .reason = span_of(part),
                                 .port = port_text(p),
                                 .rtt = RECORD_UNKNOWN };

    fill_addresses(&r, &texts, &m->peer, &asked);
    s->totals.outcomes[KEDGE_TFTP_REFUSED]++;
    record(s, &r);
}
