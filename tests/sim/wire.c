/* SPDX-License-Identifier: MIT */
/* The simulated network: delay, loss, duplication, reordering. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

void wire_init(struct wire *w, struct dice *dice, uint32_t room)
{
    *w = (struct wire){ .dice = dice, .room = room };
    w->slot = malloc(room * sizeof *w->slot);
    w->free = malloc(room * sizeof *w->free);
    w->heap = malloc(room * sizeof *w->heap);
    for (uint32_t i = 0; i < room; i++)
        w->free[i] = i;
}

void wire_free(struct wire *w)
{
    free(w->slot);
    free(w->free);
    free(w->heap);
}

uint32_t wire_bytes(const struct datagram *d)
{
    uint32_t len = WIRE_HEADERS + d->head_len + d->body_len;

    return len + (len - 21) / (WIRE_MTU - 20) * 20;
}

static bool before(const struct flight *a, const struct flight *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void swap(struct flight *a, struct flight *b)
{
    struct flight was = *a;

    *a = *b;
    *b = was;
}

static void rise(struct wire *w, uint32_t i)
{
    while (i > 0 && before(&w->heap[i], &w->heap[(i - 1) / 2])) {
        swap(&w->heap[i], &w->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static void sink(struct wire *w)
{
    for (uint32_t i = 0, low; (low = 2 * i + 1) < w->flying; i = low) {
        if (low + 1 < w->flying && before(&w->heap[low + 1], &w->heap[low]))
            low++;
        if (!before(&w->heap[low], &w->heap[i]))
            return;
        swap(&w->heap[i], &w->heap[low]);
    }
}

void wire_put(struct wire *w, const struct datagram *d, kedge_nanos at)
{
    uint32_t slot;

    if (w->flying == w->room)
        return; /* a network is never without end */
    slot = w->free[w->flying];
    memcpy(&w->slot[slot], d, offsetof(struct datagram, head) + d->head_len);
    w->heap[w->flying] = (struct flight){ at, w->order++, slot };
    rise(w, w->flying++);
}

kedge_nanos wire_next(const struct wire *w)
{
    return w->flying ? w->heap[0].at : KEDGE_NEVER;
}

void wire_take(struct wire *w, struct datagram *out)
{
    uint32_t slot = w->heap[0].slot;
    const struct datagram *d = &w->slot[slot];

    memcpy(out, d, offsetof(struct datagram, head) + d->head_len);
    w->heap[0] = w->heap[--w->flying];
    w->free[w->flying] = slot;
    sink(w);
}

static bool matches(const struct rule *r, const struct datagram *d)
{
    if (d->head_len < 4 || d->head[1] != r->op)
        return false;
    return r->number < 0 || r->number == (d->head[2] << 8 | d->head[3]);
}

static struct rule *rule_for(struct link *l, const struct datagram *d)
{
    for (unsigned i = 0; i < l->rules; i++) {
        struct rule *r = &l->rule[i];

        if (r->times == 0 || !matches(r, d))
            continue;
        if (r->skip > 0) {
            r->skip--;
            continue;
        }
        r->times--;
        return r;
    }
    return NULL;
}

static bool is_lost(struct wire *w, struct link *l, uint32_t len)
{
    const struct link_params *p = &l->params;

    if (l->in_burst)
        l->in_burst = !dice_ppm(w->dice, p->burst_end_ppm);
    else
        l->in_burst = dice_ppm(w->dice, p->burst_ppm);
    return l->in_burst || dice_ppm(w->dice, p->loss_ppm) || (p->mtu && len > p->mtu);
}

/* When the last bit has left; KEDGE_NEVER if the queue is full. */
static kedge_nanos departure(struct link *l, uint32_t len, kedge_nanos now)
{
    const struct link_params *p = &l->params;
    kedge_nanos start = max_u64(now, l->busy_until);

    if (p->bits_per_s == 0)
        return now;
    if (mul_div(start - now, p->bits_per_s, 8 * KEDGE_SEC) > p->queue_bytes)
        return KEDGE_NEVER;
    l->busy_until = start + mul_div(8ULL * len, KEDGE_SEC, p->bits_per_s);
    return l->busy_until;
}

/* In order, unless it is overtaken. */
static kedge_nanos arrival(struct wire *w, struct link *l, kedge_nanos left)
{
    const struct link_params *p = &l->params;
    kedge_nanos at = left + p->delay + dice_below(w->dice, p->jitter + 1);

    at = max_u64(at, l->last_arrival);
    if (dice_ppm(w->dice, p->overtaken_ppm)) {
        l->troubles++;
        return at + dice_below(w->dice, p->overtaken_by + 1);
    }
    l->last_arrival = at;
    return at;
}

static void put_copy(struct wire *w, struct link *l, const struct datagram *d,
                     kedge_nanos at)
{
    l->troubles++;
    wire_put(w, d, at);
}

/* Half of the damaged ones are found out by the checksum: false, as though lost. The others
 * get an opcode that no parser may take. A file's bytes that UDP lets through damaged are
 * beyond what TFTP can know. */
static bool survives(struct wire *w, struct link *l, struct datagram *d)
{
    if (!dice_ppm(w->dice, l->params.damage_ppm))
        return true;
    l->troubles++;
    if (d->head_len > 0)
        d->head[0] = (uint8_t)dice_between(w->dice, 1, 255);
    return dice_ppm(w->dice, 500000);
}

void wire_send(struct wire *w, struct link *l, const struct datagram *d, kedge_nanos now)
{
    uint32_t len = WIRE_HEADERS + d->head_len + d->body_len;
    struct rule *r = rule_for(l, d);
    kedge_nanos left = departure(l, len, now);
    struct datagram sent;
    kedge_nanos at;

    w->datagrams++;
    l->sent++;
    if (left == KEDGE_NEVER) {
        l->dropped++;
        return;
    }
    if ((r && r->deed == DROP) || is_lost(w, l, len)) {
        l->troubles++;
        return;
    }
    memcpy(&sent, d, offsetof(struct datagram, head) + d->head_len);
    if (!survives(w, l, &sent))
        return;
    at = arrival(w, l, left);
    if (r && r->deed == COPY)
        put_copy(w, l, &sent, at + r->delay);
    if (dice_ppm(w->dice, l->params.copy_ppm))
        put_copy(w, l, &sent, at + dice_below(w->dice, l->params.overtaken_by + 1));
    wire_put(w, &sent, at + (r && r->deed == DELAY ? r->delay : 0));
}
