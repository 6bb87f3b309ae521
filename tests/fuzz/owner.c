/* SPDX-License-Identifier: MIT */
/* The owner of a machine under the fuzzers, which does what the machine says. */
#include "owner.h"

#include "base/number.h"
#include "tftp/bursts.h"

#include <string.h>

enum { TURNS_MAX = 2 * 65536, RUN_OUT_STEPS = 60 };

void owner_init(struct owner *o, struct kedge_tftp_machine *m,
                struct kedge_tftp_client *client)
{
    *o = (struct owner){ .m = m, .client = client, .last = UINT64_MAX };
    o->stingy = GENEROUS;
    o->unvalidated_most = 2; /* the reply, and one more by the timer */
}

/* ---- what must hold ---- */

/* Blocks leave again by the timer, for a peer that asked again, or when an ACK tells of a
 * gap and its block has been away for a while: no packet is doubled by an answer. Of blocks
 * that were spaced the machine remembers the first and the last, and takes them for even:
 * with a late owner they are not, and one of them may have left later than it thinks. */
static void check_rewind(const struct owner *o, kedge_nanos now)
{
    const struct kedge_tftp_sender *s = &o->m->sender;
    const struct kedge_tftp_burst *left = bursts_newest(s, s->half.base);
    bool even = !left || left->at == left->until;

    if (s->next >= o->next_was || o->expired || !s->half.validated)
        return;
    MUST(s->half.terms.window > 1 && s->next == s->half.base);
    if (s->half.terms.window <= OWNER_RING / 2 && even)
        MUST(now - o->left[s->half.base % OWNER_RING] >= KEDGE_MSEC / 2);
}

static void check_sender(struct owner *o, kedge_nanos now)
{
    const struct kedge_tftp_sender *s = &o->m->sender;
    bool all = s->top > s->last;

    MUST(s->half.base >= o->base_was && s->half.base <= s->next && s->next <= s->top);
    MUST(s->top - s->half.base <= s->half.terms.window && s->bursts <= KEDGE_TFTP_BURSTS);
    MUST(s->last == UINT64_MAX || s->top <= s->last + 1);
    check_rewind(o, now);
    o->base_was = s->half.base;
    o->next_was = s->next;
    MUST((s->half.outcome == KEDGE_TFTP_RUNNING) == (s->half.deadline != KEDGE_NEVER));
    MUST(s->half.outcome != KEDGE_TFTP_OK || s->half.base > s->last ||
         (all && o->excused));
    MUST(s->half.outcome != KEDGE_TFTP_UNCONFIRMED || (all && s->half.validated));
    MUST(kedge_tftp_rto(&s->half.rtt) > 0 &&
         kedge_tftp_rto(&s->half.rtt) <= s->half.rtt.most);
    MUST(s->spacing <= s->half.rtt.most);
}

static void check_receiver(struct owner *o)
{
    const struct kedge_tftp_receiver *r = &o->m->receiver;
    bool good = kedge_tftp_machine_outcome(o->m) == KEDGE_TFTP_OK;

    MUST(r->half.base == o->blocks + 1 && r->bytes == o->stored);
    MUST(r->in_window <= r->half.terms.window);
    MUST(o->kept == (r->phase == KEDGE_TFTP_LINGERING) && (!good || o->kept));
    MUST(kedge_tftp_rto(&r->half.rtt) > 0 &&
         kedge_tftp_rto(&r->half.rtt) <= r->half.rtt.most);
}

static bool answered(const struct owner *o)
{
    return !o->client || o->client->answered;
}

void owner_check(struct owner *o, kedge_nanos now)
{
    if (!answered(o))
        return;
    if (o->m->sends)
        check_sender(o, now);
    else
        check_receiver(o);
}

/* ---- what a machine says ---- */

static bool send_blocks(struct owner *o, const struct kedge_tftp_action *a,
                        kedge_nanos now)
{
    struct kedge_tftp_sender *s = &o->m->sender;
    uint64_t end = a->end;

    MUST(s->half.outcome == KEDGE_TFTP_RUNNING && a->first == s->next && a->first < end);
    MUST(end <= s->half.base + s->half.terms.window && (s->half.base > 0 || end == 1));
    MUST(s->last == UINT64_MAX || end <= s->last + 1);
    if (a->first > 0)
        end = min_u64(end, a->first + o->stingy);
    o->stingy = GENEROUS;
    if (end > o->last) {
        end = o->last + 1;
        kedge_tftp_sender_end(s, o->last);
    }
    if (!s->half.validated && end > a->first)
        MUST(++o->unvalidated <= o->unvalidated_most);
    for (uint64_t b = a->first; b < end && b < a->first + OWNER_RING; b++)
        o->left[b % OWNER_RING] = now;
    kedge_tftp_sender_sent(s, a->first, end, now);
    o->sent += end - a->first;
    o->expired = o->expired && end == a->first;
    return end > a->first;
}

static void reply(struct owner *o, const struct kedge_tftp_action *a)
{
    const struct kedge_tftp_receiver *r = &o->m->receiver;

    MUST(a->first == o->blocks);
    MUST(r->phase != KEDGE_TFTP_COMMITTING); /* the last ACK says that the file is kept */
    if (!r->half.validated)
        MUST(++o->unvalidated <= o->unvalidated_most);
    o->sent++;
}

static bool commit(struct owner *o, kedge_nanos now)
{
    struct kedge_tftp_receiver *r = &o->m->receiver;

    MUST(r->phase == KEDGE_TFTP_COMMITTING && !o->kept && o->blocks > 0);
    if (o->commits_late) {
        o->commits_late = false;
        o->late = true;
        r->due = true;
        return false;
    }
    o->kept = true;
    kedge_tftp_receiver_committed(r, now);
    return true;
}

static struct kedge_tftp_action next_action(struct owner *o, kedge_nanos now)
{
    return o->client ? kedge_tftp_client_write(o->client, now)
                     : kedge_tftp_machine_write(o->m, now);
}

static kedge_nanos deadline_of(const struct owner *o)
{
    return o->client ? kedge_tftp_client_deadline(o->client)
                     : kedge_tftp_machine_deadline(o->m);
}

static enum kedge_tftp_outcome outcome_of(const struct owner *o)
{
    return o->client ? kedge_tftp_client_outcome(o->client)
                     : kedge_tftp_machine_outcome(o->m);
}

static void check_wait(const struct owner *o, kedge_nanos now)
{
    bool keeps =
        answered(o) && !o->m->sends && o->m->receiver.phase == KEDGE_TFTP_COMMITTING;

    MUST(deadline_of(o) > now);
    MUST(keeps || deadline_of(o) != KEDGE_NEVER);
}

/* Do one action; false when there is nothing to do for now. */
static bool act(struct owner *o, const struct kedge_tftp_action *a, kedge_nanos now)
{
    MUST(!o->over || a->todo == KEDGE_TFTP_OVER);
    switch (a->todo) {
    case KEDGE_TFTP_BLOCKS:
        o->late = !send_blocks(o, a, now);
        return !o->late;
    case KEDGE_TFTP_REPLY:
        reply(o, a);
        return true;
    case KEDGE_TFTP_COMMIT:
        return commit(o, now);
    case KEDGE_TFTP_ASK:
        MUST(o->client && !o->client->answered);
        o->sent++;
        return true;
    case KEDGE_TFTP_REFUSE:
        MUST(outcome_of(o) != KEDGE_TFTP_RUNNING);
        o->sent++;
        return true;
    case KEDGE_TFTP_WAIT:
        check_wait(o, now);
        return false;
    default:
        MUST(a->todo == KEDGE_TFTP_OVER && outcome_of(o) != KEDGE_TFTP_RUNNING);
        MUST(deadline_of(o) == KEDGE_NEVER);
        o->over = true;
        return false;
    }
}

void owner_pump(struct owner *o, kedge_nanos now)
{
    struct kedge_tftp_action a;

    o->late = false;
    for (unsigned own_delay = 0;; own_delay++) {
        MUST(own_delay < TURNS_MAX);
        if (answered(o) && o->m->sends && now >= o->m->sender.expiry)
            o->expired = true;
        a = next_action(o, now);
        owner_check(o, now);
        if (!act(o, &a, now))
            break;
        owner_check(o, now);
    }
    owner_check(o, now);
}

void owner_stored(struct owner *o, const struct kedge_tftp_packet *in,
                  struct kedge_span store, const struct kedge_tftp_receiver *was)
{
    if (!store.ptr)
        return;
    MUST(!o->m->sends && in->op == KEDGE_TFTP_DATA && store.ptr == in->body.ptr);
    MUST(store.len == in->body.len && store.len <= was->half.terms.blksize);
    MUST(was->phase == KEDGE_TFTP_TAKING && was->half.outcome == KEDGE_TFTP_RUNNING);
    MUST(in->number == kedge_tftp_wire(was->half.base, was->half.terms.rollover));
    o->blocks++;
    o->stored += store.len;
    MUST((store.len < was->half.terms.blksize) ==
         (o->m->receiver.phase == KEDGE_TFTP_COMMITTING));
}

void owner_read(struct owner *o, const struct kedge_tftp_packet *in, kedge_nanos now)
{
    const struct kedge_tftp_receiver was =
        o->m->sends ? (struct kedge_tftp_receiver){ 0 } : o->m->receiver;
    struct kedge_span store;

    if (in->op == KEDGE_TFTP_ERROR && in->number == 0)
        o->excused = true;
    kedge_tftp_machine_read(o->m, in, now, &store);
    owner_stored(o, in, store, &was);
    owner_check(o, now);
}

static kedge_nanos give_up(const struct owner *o)
{
    if (!answered(o))
        return o->client->give_up;
    return o->m->half.give_up;
}

kedge_nanos owner_run_out(struct owner *o, kedge_nanos now)
{
    kedge_nanos start = now;

    o->stingy = GENEROUS;
    o->commits_late = false;
    for (int i = 0; i < RUN_OUT_STEPS && !o->over; i++) {
        owner_pump(o, now);
        if (!o->over && deadline_of(o) != KEDGE_NEVER)
            now = max_u64(now, deadline_of(o));
    }
    if (!o->over) { /* a window of spaced blocks takes many steps */
        now = max_u64(now, give_up(o));
        owner_pump(o, now);
    }
    owner_pump(o, now);
    MUST(o->over);
    return now - start;
}

/* ---- the script ---- */

static uint64_t expected(const struct kedge_tftp_machine *m)
{
    if (!m)
        return 0;
    return m->half.base;
}

/* A number of 16 bits: near the one wanted, or any. */
static uint16_t script_number(struct reader *r, const struct kedge_tftp_machine *m)
{
    uint8_t delta = take_u8(r);
    uint32_t rollover = 0;
    uint64_t near;

    if (delta == 0x80)
        return take_u16(r);
    if (m)
        rollover = m->half.terms.rollover;
    near = expected(m) + delta;
    return kedge_tftp_wire(delta < 0x80 ? near : sub_sat(near, 256), rollover);
}

static size_t script_body(struct reader *r, const struct kedge_tftp_machine *m)
{
    size_t full = m && !m->sends ? m->receiver.half.terms.blksize : 512;
    uint8_t how = take_u8(r);
    size_t len = how < 0x80 ? full : how < 0xf0 ? how & 7u : full + 1;

    return min_u64(len, PACKET_MAX - KEDGE_TFTP_HEADER);
}

struct kedge_span script_packet(struct reader *r, const struct kedge_tftp_machine *m,
                                uint8_t buf[PACKET_MAX])
{
    static const uint16_t codes[] = { 0, 1, 3, 5, 8, 300 };
    struct kedge_span rest;
    size_t len;

    memset(buf, 'x', PACKET_MAX);
    switch (take_u8(r) % 6) {
    case 0:
        len = kedge_tftp_write_ack(buf, PACKET_MAX, script_number(r, m));
        break;
    case 1:
        len = kedge_tftp_write_data(buf, PACKET_MAX, script_number(r, m));
        len += script_body(r, m);
        break;
    case 2:
        len = kedge_tftp_write_error(buf, PACKET_MAX, PICK(r, codes), "no");
        break;
    case 3: /* OACK: its options are the script's bytes */
        len = kedge_tftp_write_data(buf, PACKET_MAX, 0) - 2;
        buf[1] = KEDGE_TFTP_OACK;
        rest = take_some(r, take_u8(r));
        if (rest.len > 0)
            memcpy(buf + len, rest.ptr, rest.len);
        len += rest.len;
        break;
    default:
        rest = take_some(r, take_u8(r));
        if (rest.len > 0)
            memcpy(buf, rest.ptr, rest.len);
        len = rest.len;
        break;
    }
    return (struct kedge_span){ buf, len };
}

kedge_nanos script_time(struct reader *r, kedge_nanos now, kedge_nanos deadline)
{
    static const kedge_nanos ahead[] = { 0,
                                         1,
                                         20 * KEDGE_USEC,
                                         KEDGE_MSEC,
                                         40 * KEDGE_MSEC,
                                         KEDGE_SEC,
                                         7 * KEDGE_SEC,
                                         31 * KEDGE_SEC };
    uint8_t how = take_u8(r);

    if (how < sizeof ahead / sizeof *ahead)
        return now + ahead[how];
    if (deadline == KEDGE_NEVER || deadline < now)
        return now + how * KEDGE_MSEC;
    return how % 2 ? deadline : max_u64(now, deadline - 1);
}

kedge_nanos script_start(struct reader *r)
{
    static const kedge_nanos starts[] = { 0, 1, KEDGE_SEC, (kedge_nanos)1 << 40,
                                          (kedge_nanos)1 << 62 };

    return PICK(r, starts);
}
