/* SPDX-License-Identifier: MIT */
/* Where there is no room: the budget of unvalidated transfers, who waits for it, and who gives
 * way. A forged request costs its sender one datagram, so what it may hold is bounded, and
 * is never held against those who have answered. */
#include "tftp/admission.h"

#include <string.h>

#include "base/number.h"
#include "tftp/table.h"

enum {
    LOOK = 16,      /* at so many of the oldest, for one that can give way */
    FLOOD_MIN = 64, /* so many unvalidated of one network are no flood */
};

/* A rack that boots proves itself within some round trips, and each proof lets another in.
 * A client that has asked again meanwhile has not waited in vain. */
static const kedge_nanos wait_max = KEDGE_SEC;

/* Until the first timeout the peer's answer may be on its way. */
static const kedge_nanos first_timeout = KEDGE_SEC;

static struct tftp_session *at(const struct tftp_sessions *t, uint32_t place)
{
    return place > 0 ? &t->all[place - 1] : NULL;
}

static void enter(const struct tftp_sessions *t, struct tftp_queue *q,
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

static void leave(const struct tftp_sessions *t, struct tftp_queue *q,
                  struct tftp_session *s)
{
    struct tftp_session *older = at(t, s->older);
    struct tftp_session *newer = at(t, s->newer);

    *(older ? &older->newer : &q->oldest) = s->newer;
    *(newer ? &newer->older : &q->newest) = s->older;
    s->older = s->newer = 0;
}

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* A network is a /24, or a /56 of IPv6: what one customer is given. */
static struct tftp_network *network_of(const struct tftp_sessions *t,
                                       const struct tftp_peer *peer)
{
    bool v4 = memcmp(peer->ip, mapped, sizeof mapped) == 0;
    struct kedge_span prefix = { peer->ip, v4 ? 15 : 7 };

    return &t->network[hash_bytes(t->limits.key, prefix) & (t->past - 1)];
}

bool budget_left(const struct tftp_sessions *t, const struct tftp_peer *peer)
{
    return network_of(t, peer)->unvalidated < t->limits.unvalidated_max;
}

void budget_charge(struct tftp_sessions *t, struct tftp_session *s)
{
    network_of(t, &s->peer)->unvalidated++;
    s->charged = true;
    enter(t, &t->unvalidated, s);
}

/* Who has waited longest takes what was given back. */
static void let_in(struct tftp_sessions *t, struct tftp_network *n)
{
    struct tftp_session *s = at(t, n->waiting.oldest);

    if (!s)
        return;
    leave(t, &n->waiting, s);
    n->unvalidated++;
    s->charged = true;
    enter(t, &t->ready, s);
    deadlines_set(&t->deadlines, tftp_session_number(t, s), KEDGE_NEVER);
}

void budget_refund(struct tftp_sessions *t, struct tftp_session *s)
{
    struct tftp_network *n;

    if (!s->charged)
        return;
    s->charged = false;
    leave(t, s->state == TFTP_WAITING ? &t->ready : &t->unvalidated, s);
    n = network_of(t, &s->peer);
    n->unvalidated--;
    let_in(t, n);
}

/* A quarter of the places is for those who need not wait. */
bool admission_may_wait(const struct tftp_sessions *t)
{
    return t->used < t->limits.room / 4 * 3;
}

void admission_wait_on(struct tftp_sessions *t, struct tftp_session *s, kedge_nanos now)
{
    if (!s->charged)
        deadlines_set(&t->deadlines, tftp_session_number(t, s), now + wait_max);
}

void admission_wait(struct tftp_sessions *t, struct tftp_session *s, kedge_nanos now)
{
    s->state = TFTP_WAITING;
    enter(t, &network_of(t, &s->peer)->waiting, s);
    admission_wait_on(t, s, now);
}

struct tftp_session *tftp_sessions_admitted(struct tftp_sessions *t)
{
    struct tftp_session *s = at(t, t->ready.oldest);

    if (!s)
        return NULL;
    leave(t, &t->ready, s);
    enter(t, &t->unvalidated, s);
    s->state = TFTP_OPENING;
    return s;
}

void admission_leave(struct tftp_sessions *t, struct tftp_session *s)
{
    if (s->state == TFTP_WAITING && !s->charged)
        leave(t, &network_of(t, &s->peer)->waiting, s);
    budget_refund(t, s);
}

/* Within its first timeout an unvalidated transfer gives way only if its network has taken far
 * more places than the other's. So a flood from some networks locks out no other, and one
 * from everywhere whom it meets for no longer than that. */
struct tftp_session *admission_gives_way(const struct tftp_sessions *t,
                                         const struct tftp_peer *peer, kedge_nanos now)
{
    uint32_t fair = 2 * (network_of(t, peer)->unvalidated + FLOOD_MIN);
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
