/* SPDX-License-Identifier: MIT */
/* What a datagram on the request port gets: nothing, one reply, or a transfer. */
#include "tftp/sessions.h"

#include <string.h>

#include "base/bytes.h"
#include "base/number.h"
#include "tftp/patience.h"
#include "tftp/admission.h"
#include "tftp/port_choice.h"
#include "tftp/port_memory.h"
#include "tftp/request.h"
#include "tftp/table.h"

enum {
    REFLECT_MAX = 100, /* bytes to an unvalidated peer for each byte of its request */
    REPEATS_FREE = 4,  /* of the first reply to it; from then on one a second */
};

/* Its words, as many as fit. */
static size_t write_malformed(struct tftp_event *out, size_t room)
{
    size_t all = KEDGE_TFTP_ERROR_MIN + span_of(out->malformed).len;

    return kedge_tftp_write_error(out->reply, room, KEDGE_TFTP_ILLEGAL,
                                  all <= room ? out->malformed : "malformed");
}

static void note_elsewhere(const struct tftp_sessions *t, const struct tftp_arrival *in)
{
    struct tftp_session *s = tftp_sessions_find(t, in->listener, &in->peer);

    if (s)
        count_up(&s->elsewhere);
}

/* A request that cannot be read is answered, within its own length; whatever else comes
 * to the request port is not, or two servers could answer each other for ever. */
static void refuse_malformed(struct tftp_sessions *t, const struct tftp_arrival *in,
                             struct tftp_event *out)
{
    bool request =
        in->bytes.len >= 2 && in->bytes.ptr[0] == 0 &&
        (in->bytes.ptr[1] == KEDGE_TFTP_RRQ || in->bytes.ptr[1] == KEDGE_TFTP_WRQ);

    drop_datagram(t, out, request ? TFTP_DROP_MALFORMED : TFTP_DROP_NOT_REQUEST);
    if (!request)
        note_elsewhere(t, in);
    if (!request || !budget_left(t, &in->peer))
        return;
    out->malformed = request_malformed(in->bytes);
    out->reply_len = write_malformed(out, min_u64(sizeof out->reply, in->bytes.len));
    if (out->reply_len > 0)
        out->verdict = TFTP_ANSWER;
}

static kedge_nanos rto_of(const struct tftp_session *s)
{
    return kedge_tftp_rto(&s->machine.half.rtt);
}

static bool same_request(const struct tftp_session *s, const struct tftp_arrival *in,
                         uint64_t hash)
{
    return s->request_hash == hash && s->request_len == in->bytes.len &&
           memcmp(s->local, in->local, sizeof s->local) == 0;
}

/* Whoever forges requests would get a reply for each, as fast as it likes. A client that
 * hears nothing asks some times in a second, and then does not mind which of its requests
 * is answered. */
static bool repeated_too_often(const struct tftp_session *s, kedge_nanos now)
{
    return s->repeats >= REPEATS_FREE + (now - s->started) / KEDGE_SEC;
}

/* Not before this. */
static kedge_nanos came_at(const struct tftp_arrival *in, kedge_nanos now)
{
    return in->came ? in->came : now;
}

/* The client has begun anew: a board was reset, and its port came again. A request that
 * waited in a queue while its transfer went on says nothing of what came after it. */
static bool begun_anew(const struct tftp_session *s, const struct tftp_arrival *in,
                       kedge_nanos now)
{
    kedge_nanos came = came_at(in, now);

    return session_validated(s) && sub_sat(came, s->progress_at) > rto_of(s);
}

/* A datagram may come twice. The shortest wait of a client that asks again is 100 ms. */
static const kedge_nanos duplicate_within = 10 * KEDGE_MSEC;

/* The client has not heard the data port's answer, or cannot say so there. It is answered from
 * the request port too, and the first of both that hears it has the transfer. */
static void try_request_port(struct tftp_sessions *t, struct tftp_session *s,
                             const struct tftp_arrival *in, kedge_nanos now)
{
    if (!t->limits.auto_port || s->from != TFTP_FROM_DATA || s->heard ||
        sub_sat(came_at(in, now), s->answered) <= duplicate_within)
        return;
    s->from = TFTP_FROM_EITHER;
    s->moved = true;
    port_memory_silent(t, s, now);
}

static void answer_again(struct tftp_session *s, kedge_nanos now)
{
    if (s->machine.sends)
        kedge_tftp_sender_again(&s->machine.sender, now);
    else
        kedge_tftp_receiver_again(&s->machine.receiver, now);
}

/* No word about the peer: a table of connections may have been full for a moment. */
bool tftp_sessions_blocked(struct tftp_sessions *t, struct tftp_session *s,
                           kedge_nanos now)
{
    if (!t->limits.auto_port || s->state != TFTP_LIVE || s->from != TFTP_FROM_DATA ||
        s->heard)
        return false;
    s->from = TFTP_FROM_REQUEST;
    s->barred = true;
    port_memory_settled(t, s);
    answer_again(s, now);
    return true;
}

/* The transfer's own request again, and that is all it is. */
static void repeated(struct tftp_sessions *t, struct tftp_session *s,
                     const struct tftp_arrival *in, kedge_nanos now,
                     struct tftp_event *out)
{
    drop_datagram(t, out, TFTP_DROP_REPEATED);
    if (s->state == TFTP_WAITING)
        admission_wait_on(t, s, now);
    if (s->state != TFTP_LIVE || session_validated(s) || repeated_too_often(s, now))
        return;
    s->repeats++;
    try_request_port(t, s, in, now);
    answer_again(s, now);
    out->verdict = TFTP_PUMP;
    out->session = s;
}

/* One that still opens keeps its slot until a helper is done, and so its charge: else a peer
 * that asks for ever other files would fill the table. */
static void replace_session(struct tftp_sessions *t, struct tftp_session *old,
                            struct tftp_event *out)
{
    if (tftp_session_outcome(old) == KEDGE_TFTP_RUNNING)
        old->outcome = KEDGE_TFTP_REPLACED;
    table_unlink(t, old);
    if (old->state != TFTP_OPENING)
        budget_refund(t, old);
    deadlines_set(&t->deadlines, tftp_session_number(t, old), KEDGE_NEVER);
    out->replaced = old;
}

static kedge_nanos smallest_of(const struct tftp_session *old,
                               const struct tftp_ended *ended)
{
    if (old && old->state == TFTP_LIVE)
        return old->machine.half.rtt.smallest;
    return ended ? ended->smallest : KEDGE_NEVER;
}

/* A session for the request, or NULL. old is the peer's last, if it is here still. */
static struct tftp_session *request_port_begin(struct tftp_sessions *t,
                                               const struct tftp_arrival *in,
                                               const struct tftp_session *old,
                                               kedge_nanos now, struct tftp_event *out)
{
    const struct tftp_ended *ended = table_ended(t, in->listener, &in->peer);
    kedge_nanos smallest = smallest_of(old, ended);
    struct tftp_session *s = table_add(t, in->listener, &in->peer);

    if (!s)
        return NULL;
    memcpy(s->local, in->local, sizeof s->local);
    s->socket = port_choose(t, in, old || ended,
                            old     ? old->socket
                            : ended ? ended->socket
                                    : 0,
                            now);
    s->op = out->request.op;
    s->mode = out->request.mode;
    s->asked = out->request.options;
    s->request_len = (uint16_t)in->bytes.len;
    s->request_hash = hash_bytes(t->limits.key, in->bytes);
    s->file = hash_bytes(t->limits.key + s->op, out->request.name);
    if (port_memory_prefers(t, s, now))
        s->from = TFTP_FROM_REQUEST;
    s->started = s->progress_at = now;
    admission_take_place(t, s);
    /* At one port only the time tells the stragglers of the last transfer: what comes
     * much sooner than any round trip was answers nothing of this one. A quarter, for a
     * short transfer saw few round trips, and none may have been the path's best. */
    if ((t->limits.single_port || s->from == TFTP_FROM_REQUEST) &&
        smallest != KEDGE_NEVER)
        s->ignore_for = smallest / 4;
    out->session = s;
    return s;
}

/* Another has to go where all places are taken. It is as if its peer had fallen silent; who
 * only waits is not told, as ever. */
static bool make_session_room(struct tftp_sessions *t, const struct tftp_arrival *in,
                              kedge_nanos now, struct tftp_event *out)
{
    struct tftp_session *s;

    if (out->replaced || admission_has_place(t, &in->peer))
        return true;
    s = table_has_slot(t) ? admission_gives_way(t, &in->peer, now) : NULL;
    if (!s)
        return false;
    if (s->state == TFTP_WAITING) {
        t->dropped[TFTP_DROP_OVER_BUDGET]++;
        tftp_sessions_release(t, s, now);
        return true;
    }
    s->outcome = KEDGE_TFTP_TIMEOUT;
    s->displaced = true;
    table_remember(t, s, now);
    replace_session(t, s, out);
    return true;
}

static void open_session(struct tftp_sessions *t, const struct tftp_arrival *in,
                         kedge_nanos now, struct tftp_event *out)
{
    const struct tftp_session *old = out->replaced;
    struct tftp_session *s = NULL;

    if (make_session_room(t, in, now, out))
        s = request_port_begin(t, in, old, now, out);
    if (!s) {
        drop_datagram(t, out, TFTP_DROP_FULL);
        return;
    }
    s->state = TFTP_OPENING;
    budget_charge(t, s);
    out->verdict = TFTP_OPEN;
}

/* Rather than be asked for again, it is answered as soon as another is validated. */
static void keep_waiting(struct tftp_sessions *t, const struct tftp_arrival *in,
                         kedge_nanos now, struct tftp_event *out)
{
    struct tftp_session *s = admission_may_wait(t, &in->peer)
                                 ? request_port_begin(t, in, NULL, now, out)
                                 : NULL;

    if (!s) {
        drop_datagram(t, out, TFTP_DROP_OVER_BUDGET);
        return;
    }
    admission_wait(t, s, now);
    out->verdict = TFTP_KEEP;
}

/* A new upload in the place of the peer's own is none more. */
static bool too_many_uploads(const struct tftp_sessions *t, const struct tftp_arrival *in,
                             const struct tftp_session *old, enum kedge_tftp_op op)
{
    return op == KEDGE_TFTP_WRQ && !(old && old->op == KEDGE_TFTP_WRQ) &&
           !admission_may_upload(t, &in->peer);
}

void tftp_sessions_request(struct tftp_sessions *t, const struct tftp_arrival *in,
                           kedge_nanos now, struct tftp_event *out)
{
    struct tftp_session *old;

    *out = (struct tftp_event){ .verdict = TFTP_DROPPED };
    if (in->to_broadcast) {
        drop_datagram(t, out, TFTP_DROP_TO_BROADCAST);
        return;
    }
    if (!kedge_tftp_parse_request(in->bytes, &out->request)) {
        refuse_malformed(t, in, out);
        return;
    }
    old = tftp_sessions_find(t, in->listener, &in->peer);
    if (old && same_request(old, in, hash_bytes(t->limits.key, in->bytes)) &&
        !begun_anew(old, in, now)) {
        repeated(t, old, in, now, out);
        return;
    }
    if (too_many_uploads(t, in, old, out->request.op)) {
        drop_datagram(t, out, TFTP_DROP_UPLOADS);
        return;
    }
    if (old && old->state == TFTP_WAITING) {
        tftp_sessions_release(t, old, now);
        old = NULL;
    }
    if (budget_left(t, &in->peer)) {
        if (old)
            replace_session(t, old, out);
        open_session(t, in, now, out);
    } else if (old) {
        drop_datagram(t, out, TFTP_DROP_OVER_BUDGET);
    } else {
        keep_waiting(t, in, now, out);
    }
}

/* Two blocks of DATA for a request of ten bytes are 103 times what it cost its sender, whose
 * address may be another's: then there is no second by the timer, only for a request. */
static bool repeats_too_much(const struct tftp_session *s,
                             const struct kedge_tftp_limits *limits)
{
    uint64_t size = limits->size_known ? limits->size : KEDGE_TFTP_BLKSIZE_DEFAULT;
    uint64_t block = KEDGE_TFTP_HEADER + min_u64(size, KEDGE_TFTP_BLKSIZE_DEFAULT);

    return s->granted.has == 0 && 2 * block > REFLECT_MAX * s->request_len;
}

void tftp_sessions_opened(struct tftp_sessions *t, struct tftp_session *s,
                          const struct kedge_tftp_limits *limits, kedge_nanos now)
{
    struct kedge_tftp_request request = { .op = s->op,
                                          .mode = s->mode,
                                          .options = s->asked };
    struct kedge_tftp_terms terms;
    struct kedge_tftp_sender *sender = &s->machine.sender;

    KEDGE_ASSERT(s->state == TFTP_OPENING);
    s->granted = kedge_tftp_grant(&request, limits);
    terms = kedge_tftp_terms_of(&s->granted);
    terms.ignore_before = now + s->ignore_for;
    if (terms.timeout == 0)
        terms.timeout = limits->timeout;
    s->state = TFTP_LIVE;
    s->answered = now;
    port_memory_answered(t, s, now);
    s->machine.sends = s->op == KEDGE_TFTP_RRQ;
    if (!s->machine.sends) {
        kedge_tftp_receiver_init(&s->machine.receiver, &terms, true,
                                 2 * oack_wait(&terms), now);
        return;
    }
    kedge_tftp_sender_init(sender, &terms, s->granted.has ? 0 : 1, false, now);
    if (limits->size_known && s->mode == KEDGE_TFTP_OCTET)
        kedge_tftp_sender_end(sender, limits->size / terms.blksize + 1);
    sender->repeats = repeats_too_much(s, limits) ? UNVALIDATED_REPEATS : 0;
}

size_t tftp_session_refused(struct tftp_session *s, uint16_t code, const char *text,
                            uint8_t reply[64])
{
    if (tftp_session_outcome(s) != KEDGE_TFTP_RUNNING)
        return 0; /* replaced meanwhile: its peer waits for another answer */
    s->outcome = KEDGE_TFTP_REFUSED;
    return kedge_tftp_write_error(reply, min_u64(64, s->request_len), code, text);
}
