/* SPDX-License-Identifier: MIT */
/* The packets between two TUN devices: read, delayed, written. */
#include "carry.h"

#include "flight.h"
#include "impair.h"
#include "random.h"
#include "stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A packet between its reading and its fate. */
struct arrival {
    uint8_t *data;
    size_t len;
    int64_t now;
    uint64_t n;
};

static void note(const struct badlink *b, const struct link *l, const struct arrival *a,
                 const char *fate, int64_t delay)
{
    if (b->trace)
        fprintf(b->trace, "%.1f %s %llu %zu %s %.1f\n",
                (double)(a->now - b->started) / 1e3, l->name, (unsigned long long)a->n,
                a->len, fate, (double)delay / 1e3);
}

/* The kernel's own IPv6 multicast listener reports and router requests go to ff02::16 and
 * ff02::2 at times of its choosing: left out, so that packet numbers do not shift. */
static bool is_housekeeping(const uint8_t *data, size_t len)
{
    static const uint8_t ff02[15] = { 0xff, 0x02 };

    return len >= 40 && data[0] >> 4 == 6 && !memcmp(data + 24, ff02, sizeof ff02) &&
           (data[39] == 0x16 || data[39] == 0x02);
}

/* When the packet's last bit has left the rate limiter; -1 if the queue is full. */
static int64_t pass_queue(struct link *l, int64_t now, size_t len)
{
    const struct params *p = &l->params;
    int64_t wait = l->free_at > now ? l->free_at - now : 0;
    bool full = wait > p->queue_ns;

    if (p->rate <= 0)
        return now;
    if (p->queue_bytes)
        full = (double)wait * p->rate / 8e9 + (double)len > (double)p->queue_bytes;
    if (wait && full)
        return -1;
    if (wait > l->stats.backlog_max)
        l->stats.backlog_max = wait;
    l->free_at =
        now + wait + (int64_t)((double)((int64_t)len + p->overhead) * 8e9 / p->rate);
    return l->free_at;
}

/* Why the packet is lost, NULL if it is not; then *sent is when it has left the queue. */
static const char *lose(struct link *l, const struct arrival *a, int64_t *sent)
{
    struct stats *s = &l->stats;
    bool in_burst = burst_lost(l, a->n);

    if (l->params.drop_over && (int64_t)a->len > l->params.drop_over) {
        s->dropped_size++;
        return "size";
    }
    *sent = pass_queue(l, a->now, a->len);
    if (*sent < 0) {
        s->dropped_queue++;
        return "queue";
    }
    if (in_burst) {
        s->lost_burst++;
        return "burst";
    }
    if (chance(l, R_LOSS, a->n, l->params.loss)) {
        s->lost_random++;
        return "lost";
    }
    return NULL;
}

static int64_t due_at(struct link *l, uint64_t n, int64_t sent)
{
    int64_t due = sent + l->params.delay + jitter(l, n);

    if (due < sent)
        due = sent;
    if (!l->params.jitter_reorder) { /* first in, first out */
        if (due < l->last_due)
            due = l->last_due;
        l->last_due = due;
    }
    return due;
}

static void send_on(struct badlink *b, struct link *l, struct arrival *a, int64_t sent)
{
    const struct params *p = &l->params;
    int64_t due = due_at(l, a->n, sent);
    bool late = chance(l, R_REORDER, a->n, p->reorder);
    bool dup = chance(l, R_DUP, a->n, p->dup);
    bool bent =
        chance(l, R_CORRUPT, a->n, p->corrupt) && corrupt(l, a->n, a->data, a->len);
    char fate[32];

    if (late)
        due += p->reorder_by; /* others overtake it */
    if (hold(l, a->data, a->len, due)) {
        l->stats.reordered += late;
        l->stats.corrupted += bent;
        if (dup && hold(l, a->data, a->len, due))
            l->stats.duplicated++;
    }
    snprintf(fate, sizeof fate, "ok%s%s%s", late ? "+reorder" : "", dup ? "+dup" : "",
             bent ? "+corrupt" : "");
    note(b, l, a, fate, due - a->now);
}

static void carry(struct badlink *b, struct link *l, uint8_t *data, size_t len)
{
    struct arrival a = { .data = data, .len = len, .now = clock_ns() };
    const char *lost;
    int64_t sent = 0;

    if (is_housekeeping(data, len)) {
        l->stats.housekeeping++;
        return;
    }
    a.n = l->stats.in_packets++;
    l->stats.in_bytes += len;
    lost = lose(l, &a, &sent);
    if (lost)
        note(b, l, &a, lost, 0);
    else
        send_on(b, l, &a, sent);
}

void receive(struct badlink *b, struct link *l)
{
    uint8_t data[PACKET_MAX];

    for (int i = 0; i < BATCH; i++) {
        ssize_t len = read(l->from->tun, data, sizeof data);

        if (len > 0)
            carry(b, l, data, (size_t)len);
        else if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        else
            die("read from %s in %s: %s", b->device, l->from->ns, strerror(errno));
    }
}

void deliver(struct link *l)
{
    for (int i = 0; i < BATCH && l->count > 0; i++) {
        int64_t late = clock_ns() - l->heap[0].due;
        struct packet *packet;

        if (late < 0)
            return;
        stats_late(&l->stats, late);
        packet = unhold(l);
        if (write(l->to->tun, packet->data, packet->len) == (ssize_t)packet->len) {
            l->stats.out_packets++;
            l->stats.out_bytes += packet->len;
        } else { /* e.g. a corrupted IP version */
            l->stats.write_errors++;
        }
        free(packet);
    }
}
