/* SPDX-License-Identifier: MIT */
/* The simulated world: virtual time, and everyone in it. */
#include "world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "content.h"
#include "server.h"

enum {
    WIRE_ROOM = 20000,
    DATAGRAM_MAX = KEDGE_TFTP_BLKSIZE_MAX + KEDGE_TFTP_HEADER,
    AT_ONCE_MAX = 200000,
};

struct world *world_open(const struct world_setup *setup)
{
    struct world *w = calloc(1, sizeof *w);

    w->dice.state = setup->seed;
    w->now = KEDGE_SEC; /* a clock whose zero is anywhere */
    w->end = KEDGE_NEVER;
    wire_init(&w->wire, &w->dice, WIRE_ROOM);
    w->actors = calloc(setup->actors, sizeof *w->actors);
    deadlines_init(&w->timers, malloc(setup->actors * sizeof(struct deadline_entry)),
                   malloc(setup->actors * sizeof(uint32_t)), setup->actors);
    w->buffer = malloc(DATAGRAM_MAX);
    w->server = server_open(setup);
    w->roomy = setup->sessions > 2 * setup->actors && setup->unvalidated_max >= 1000;
    return w;
}

void world_close(struct world *w)
{
    server_close(w->server);
    wire_free(&w->wire);
    free(w->timers.heap);
    free(w->timers.place);
    free(w->actors);
    free(w->buffer);
    free(w);
}

struct actor *world_add(struct world *w, const struct actor_kind *kind, void *self,
                        kedge_nanos start)
{
    struct actor *a = &w->actors[w->actor_count];

    *a = (struct actor){ .kind = kind, .self = self, .id = w->actor_count++ };
    a->address = a->id;
    a->port = (uint16_t)dice_between(&w->dice, 1024, 60000);
    a->ring = 10000;
    a->error_code = -1;
    a->file = (struct file){ .content = dice_roll(&w->dice), .refuse = -1 };
    a->file.full_at = UINT64_MAX;
    actor_wait(w, a, start);
    return a;
}

void world_fail(struct world *w, const char *text, ...)
{
    va_list args;
    int len;

    if (w->failure[0])
        return; /* the first says most */
    len = snprintf(w->failure, sizeof w->failure,
                   "at %.6f s: ", (double)(w->now - KEDGE_SEC) / 1e9);
    va_start(args, text);
    vsnprintf(w->failure + len, sizeof w->failure - (size_t)len, text, args);
    va_end(args);
}

void actor_wait(struct world *w, struct actor *a, kedge_nanos deadline)
{
    a->deadline = deadline;
    deadlines_set(&w->timers, a->id, deadline);
}

static void trace(const struct world *w, const struct datagram *d, const char *arrow)
{
    if (w->trace && d->head_len >= 4)
        fprintf(stderr, "%12.6f  client %u:%u %s socket %u  op %u  %u  %u bytes\n",
                (double)(w->now - KEDGE_SEC) / 1e9, d->actor, d->port, arrow, d->socket,
                d->head[1], d->head[2] << 8 | d->head[3], d->head_len + d->body_len);
}

static void to_server(struct world *w, struct actor *a, const struct datagram *d)
{
    struct nat_mapping from = { .actor = a->id, .inside = d->port, .socket = d->socket };
    struct datagram sent;

    trace(w, d, "-->");
    memcpy(&sent, d, offsetof(struct datagram, head) + d->head_len);
    sent.address = a->nat ? a->nat->address : a->address;
    if (a->nat && !nat_out(a->nat, &from, w->now, &sent.port)) {
        a->stopped++;
        return;
    }
    a->heard += wire_bytes(d);
    wire_send(&w->wire, &a->up, &sent, w->now);
}

void actor_send(struct world *w, struct actor *a, uint16_t socket,
                struct kedge_span bytes)
{
    struct datagram d = {
        .actor = a->id, .port = a->port, .socket = socket, .to_server = true
    };

    d.to_broadcast = a->broadcasts;
    d.head_len = (uint16_t)min_u64(bytes.len, WIRE_HEAD);
    memcpy(d.head, bytes.ptr, d.head_len);
    to_server(w, a, &d);
}

void actor_send_block(struct world *w, struct actor *a, uint16_t socket, uint16_t number,
                      const struct datagram *body)
{
    struct datagram d = {
        .actor = a->id, .port = a->port, .socket = socket, .to_server = true
    };

    d.file = body->file;
    d.offset = body->offset;
    d.body_len = body->body_len;
    d.head_len = (uint16_t)kedge_tftp_write_data(d.head, WIRE_HEAD, number);
    to_server(w, a, &d);
}

static void count_reply(struct actor *a, const struct datagram *d)
{
    uint16_t op = d->head[1];

    a->blocks += op == KEDGE_TFTP_DATA;
    a->replies += op != KEDGE_TFTP_DATA;
    a->acks += op == KEDGE_TFTP_ACK;
    a->told += wire_bytes(d);
    if (op == KEDGE_TFTP_ERROR) {
        a->errors++;
        a->error_code = d->head[3];
    }
}

void world_reply(struct world *w, const struct datagram *d)
{
    struct actor *a = &w->actors[d->actor];

    count_reply(a, d);
    trace(w, d, "<--");
    wire_send(&w->wire, &a->down, d, w->now);
}

struct kedge_span world_bytes(struct world *w, const struct datagram *d)
{
    memcpy(w->buffer, d->head, d->head_len);
    if (d->body_len > 0)
        block_reader_fill(d->file, d->offset, w->buffer + d->head_len, d->body_len);
    return (struct kedge_span){ w->buffer, (size_t)d->head_len + d->body_len };
}

static void say_icmp(struct world *w, struct actor *a, const struct datagram *d,
                     enum verdict_icmp what)
{
    struct datagram icmp = *d;

    icmp.to_server = true;
    icmp.address = a->nat ? a->nat->address : a->address;
    icmp.icmp = (uint8_t)what;
    icmp.body_len = 0;
    wire_send(&w->wire, &a->up, &icmp, w->now);
}

/* Nobody listens at the client's port: its host may say so, if ERRORs are not to loop. */
static void closed(struct world *w, struct actor *a, const struct datagram *d)
{
    if (a->tells_closed)
        say_icmp(w, a, d, ICMP_SAYS_CLOSED);
}

/* The port inside that it is for. False: a box or a router on the way has stopped it. */
static bool let_in(struct world *w, struct actor *a, const struct datagram *d,
                   uint16_t *port)
{
    struct nat_mapping to = { .actor = a->id, .inside = d->port };

    *port = d->port;
    if (a->icmp != ICMP_SAYS_NOTHING) {
        say_icmp(w, a, d, (enum verdict_icmp)a->icmp);
        return false;
    }
    if (!a->nat)
        return true;
    if (!nat_in(a->nat, d->socket, d->port, w->now, &to)) {
        a->stopped++;
        return false;
    }
    if (to.actor != a->id)
        world_fail(w, "client %u hears what is another's", to.actor);
    *port = to.inside;
    return true;
}

/* Something is there for it. It sleeps, and is not woken at once; till then all waits. */
static bool wakes_late(struct world *w, struct actor *a)
{
    if (a->late == 0 || w->now <= a->busy_until)
        return false;
    a->busy_until = w->now + dice_between(&w->dice, KEDGE_MSEC, a->late);
    return true;
}

static void to_actor(struct world *w, const struct datagram *d)
{
    struct actor *a = &w->actors[d->actor];
    uint16_t port;

    if (wakes_late(w, a)) {
        a->waiting++;
        wire_put(&w->wire, d, a->busy_until);
        return;
    }
    if (!let_in(w, a, d, &port))
        return;
    if (w->now < a->busy_until && a->waiting >= a->ring) {
        a->down.troubles++;
    } else if (w->now < a->busy_until) {
        a->waiting++;
        wire_put(&w->wire, d, a->busy_until);
    } else if (!a->open || port != a->port) {
        a->waiting -= a->waiting > 0;
        closed(w, a, d);
    } else {
        a->waiting -= a->waiting > 0;
        if (dice_ppm(&w->dice, a->busy_ppm))
            a->busy_until = w->now + dice_below(&w->dice, a->busy_most);
        a->kind->packet(w, a, d, world_bytes(w, d));
    }
}

static void arrive(struct world *w)
{
    struct datagram d;

    wire_take(&w->wire, &d);
    if (d.to_server)
        server_arrive(w, &d);
    else
        to_actor(w, &d);
}

static void ring(struct world *w)
{
    uint32_t number;

    while (deadlines_pop(&w->timers, w->now, &number)) {
        struct actor *a = &w->actors[number];

        if (wakes_late(w, a) || (a->late > 0 && w->now < a->busy_until)) {
            actor_wait(w, a, a->busy_until);
            continue;
        }
        a->deadline = KEDGE_NEVER;
        if (a->open)
            a->kind->timer(w, a);
        else
            a->kind->start(w, a);
    }
}

static void step(struct world *w, kedge_nanos next)
{
    w->at_once = next > w->now ? 0 : w->at_once + 1;
    if (next < w->now)
        world_fail(w, "a deadline lies in the past");
    if (next > w->end)
        world_fail(w, "it should be over by now");
    if (w->at_once > AT_ONCE_MAX)
        world_fail(w, "it spins");
    w->now = max_u64(w->now, next);
    w->events++;
    if (wire_next(&w->wire) <= w->now)
        arrive(w);
    if (server_next(w) <= w->now)
        server_act(w);
    if (deadlines_next(&w->timers) <= w->now)
        ring(w);
}

void world_run(struct world *w)
{
    while (!w->failure[0]) {
        kedge_nanos next = min_u64(wire_next(&w->wire), deadlines_next(&w->timers));

        next = min_u64(next, server_next(w));
        if (next == KEDGE_NEVER)
            break;
        step(w, next);
    }
    if (w->failure[0])
        return;
    server_check(w);
    for (uint32_t i = 0; i < w->actor_count; i++)
        if (w->actors[i].kind->check)
            w->actors[i].kind->check(w, &w->actors[i]);
}
