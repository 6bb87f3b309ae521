/* SPDX-License-Identifier: MIT */
/* Where there is no room: the budget of unvalidated transfers, who waits for it, and who gives
 * way. A forged request costs its sender one datagram, so what it may hold is bounded, and
 * is never held against those who have answered. */
#include "tftp/admission.h"

#include "base/number.h"
#include "tftp/table.h"

enum {
    LOOK = 16,      /* at so many of the oldest, for one that can give way */
    SAMPLE = 32,    /* at so many places after that */
    FLOOD_MIN = 64, /* so many unvalidated of one network are no flood */
    SHARE_MIN = 64, /* so many places a network may have in any table */
};

/* From place to place of a sample: a prime, so that it comes to all, and near the golden
 * section of 2^32, so that any few of them lie all over the table. */
static const uint32_t stride = 2654435761;

/* A rack that boots proves itself within some round trips, and each proof lets another in.
 * A client that has asked again meanwhile has not waited in vain. */
static const kedge_nanos wait_max = KEDGE_SEC;

/* Until the first timeout the peer's answer may be on its way. */
static const kedge_nanos first_timeout = KEDGE_SEC;

/* Until the longest timeout, that of a client which has lost two packets, its next may be. */
static const kedge_nanos longest_timeout = 6 * KEDGE_SEC;

static struct tftp_session *at(const struct tftp_sessions *t, uint32_t place)
{
    return place > 0 ? &t->all[place - 1] : NULL;
}

static void queue_enter(const struct tftp_sessions *t, struct tftp_queue *q,
                        struct tftp_session *s)
{
    uint32_t place = tftp_session_number(t, s) + 1;
    struct tftp_session *before = at(t, q->newest);

    s->older = q->newest;
    s->newer = 0;
    if (before)
        before->newer = place;
    else
        q->oldest = place;
    q->newest = place;
}

static void queue_leave(const struct tftp_sessions *t, struct tftp_queue *q,
                        struct tftp_session *s)
{
    struct tftp_session *older = at(t, s->older);
    struct tftp_session *newer = at(t, s->newer);

    *(older ? &older->newer : &q->oldest) = s->newer;
    *(newer ? &newer->older : &q->newest) = s->older;
    s->older = s->newer = 0;
}

static struct tftp_network *network_of(const struct tftp_sessions *t,
                                       const struct tftp_peer *peer)
{
    return &t->network[hash_bytes(t->limits.key, network_prefix(peer)) & (t->past - 1)];
}

bool budget_left(const struct tftp_sessions *t, const struct tftp_peer *peer)
{
    return network_of(t, peer)->unvalidated < t->limits.unvalidated_max;
}

void budget_charge(struct tftp_sessions *t, struct tftp_session *s)
{
    network_of(t, &s->peer)->unvalidated++;
    s->charged = true;
    queue_enter(t, &t->unvalidated, s);
}

/* Who has waited longest takes what was given back. */
static void let_in(struct tftp_sessions *t, struct tftp_network *n)
{
    struct tftp_session *s = at(t, n->waiting.oldest);

    if (!s)
        return;
    queue_leave(t, &n->waiting, s);
    n->unvalidated++;
    s->charged = true;
    queue_enter(t, &t->ready, s);
    deadlines_set(&t->deadlines, tftp_session_number(t, s), KEDGE_NEVER);
}

void budget_refund(struct tftp_sessions *t, struct tftp_session *s)
{
    struct tftp_network *n;

    if (!s->charged)
        return;
    s->charged = false;
    queue_leave(t, s->state == TFTP_WAITING ? &t->ready : &t->unvalidated, s);
    n = network_of(t, &s->peer);
    n->unvalidated--;
    let_in(t, n);
}

static bool share_left(const struct tftp_sessions *t, const struct tftp_network *n)
{
    return n->transfers < max_u64(t->limits.room / 2, SHARE_MIN);
}

bool admission_has_place(const struct tftp_sessions *t, const struct tftp_peer *peer)
{
    return t->used < t->limits.room && share_left(t, network_of(t, peer));
}

void admission_take_place(struct tftp_sessions *t, const struct tftp_session *s)
{
    struct tftp_network *n = network_of(t, &s->peer);

    n->transfers++;
    n->uploads += s->op == KEDGE_TFTP_WRQ;
}

bool admission_may_upload(const struct tftp_sessions *t, const struct tftp_peer *peer)
{
    return network_of(t, peer)->uploads < t->limits.uploads_max;
}

/* A quarter of the places is for those who need not wait. */
bool admission_may_wait(const struct tftp_sessions *t, const struct tftp_peer *peer)
{
    return t->used < t->limits.room / 4 * 3 && share_left(t, network_of(t, peer));
}

void admission_wait_on(struct tftp_sessions *t, struct tftp_session *s, kedge_nanos now)
{
    if (!s->charged)
        deadlines_set(&t->deadlines, tftp_session_number(t, s), now + wait_max);
}

void admission_wait(struct tftp_sessions *t, struct tftp_session *s, kedge_nanos now)
{
    s->state = TFTP_WAITING;
    queue_enter(t, &network_of(t, &s->peer)->waiting, s);
    admission_wait_on(t, s, now);
}

struct tftp_session *tftp_sessions_admitted(struct tftp_sessions *t)
{
    struct tftp_session *s = at(t, t->ready.oldest);

    if (!s)
        return NULL;
    queue_leave(t, &t->ready, s);
    queue_enter(t, &t->unvalidated, s);
    s->state = TFTP_OPENING;
    return s;
}

void admission_leave(struct tftp_sessions *t, struct tftp_session *s)
{
    struct tftp_network *n = network_of(t, &s->peer);

    if (s->state == TFTP_WAITING && !s->charged)
        queue_leave(t, &n->waiting, s);
    budget_refund(t, s);
    n->transfers--;
    n->uploads -= s->op == KEDGE_TFTP_WRQ;
}

/* Within its first timeout an unvalidated transfer gives way only if its network has taken far
 * more places than the other's. So a flood from some networks locks out no other, and one
 * from everywhere whom it meets for no longer than that. */
static struct tftp_session *unvalidated_gives_way(const struct tftp_sessions *t,
                                                  const struct tftp_network *asking,
                                                  kedge_nanos now)
{
    uint32_t fair = 2 * (asking->unvalidated + FLOOD_MIN);
    struct tftp_session *s = at(t, t->unvalidated.oldest);

    for (int i = 0; i < LOOK && s; i++, s = at(t, s->newer)) {
        if (s->state != TFTP_LIVE || !s->linked || session_advanced(s))
            continue;
        if (now - s->started >= first_timeout ||
            network_of(t, &s->peer)->unvalidated >= fair)
            return s;
    }
    return NULL;
}

/* Not one for whom a helper is at work, nor one that is over and not yet released. */
static bool can_give_way(const struct tftp_session *s)
{
    return s->linked &&
           (s->state == TFTP_LIVE || (s->state == TFTP_WAITING && !s->charged));
}

/* Of networks that have at least so many places, the one with most; of its sessions, the one
 * without progress for longest. Exact would be a list for each network, in order of progress,
 * to be mended at each ACK. Who has a third of the places is missed by a sample of 32 once in
 * 400,000 requests. */
static struct tftp_session *least_advanced(struct tftp_sessions *t, uint32_t places,
                                           const struct tftp_network *only)
{
    const struct tftp_network *most = NULL;
    struct tftp_session *found = NULL;

    for (int i = 0; i < SAMPLE; i++) {
        const struct tftp_network *n;
        struct tftp_session *s;

        t->hand =
            (uint32_t)(((uint64_t)t->hand + stride) % (t->limits.room + TFTP_SPARE));
        s = &t->all[t->hand];
        if (!can_give_way(s))
            continue;
        n = network_of(t, &s->peer);
        if (n->transfers < places || (only && n != only))
            continue;
        if (!most || n->transfers > most->transfers ||
            (n == most && s->progress_at < found->progress_at)) {
            most = n;
            found = s;
        }
    }
    return found;
}

/* A validated address can take places as well as a forged one. So a network that has far more
 * than the other's gives way, whatever it has proved; and one that has all of its share makes
 * room for its own, by who has been silent for long. */
struct tftp_session *admission_gives_way(struct tftp_sessions *t,
                                         const struct tftp_peer *peer, kedge_nanos now)
{
    const struct tftp_network *asking = network_of(t, peer);
    struct tftp_session *s;

    if (!share_left(t, asking)) {
        s = least_advanced(t, 0, asking);
        return s && now - s->progress_at >= longest_timeout ? s : NULL;
    }
    s = unvalidated_gives_way(t, asking, now);
    if (!s)
        s = least_advanced(t, 2 * (asking->transfers + FLOOD_MIN), NULL);
    return s;
}
