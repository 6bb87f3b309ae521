/* SPDX-License-Identifier: MIT */
/* The loop of the services on datagrams: batches in, guard, answers out. */
#include "serve/echo/datagrams.h"

#include "os/clock.h"
#include "os/random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nobody here waits for one peer: an error is only taken off the queue. */
static void pass_over(void *owner, const struct udp_error *e)
{
    (void)owner;
    (void)e;
}

static void flush_datagrams(struct datagrams *d)
{
    loop_watch_change(d->loop, &d->watch, udp_flush(&d->out) ? LOOP_READ : LOOP_WRITE);
}

static struct guard_datagram as_seen(const struct udp_in *in, struct kedge_span payload)
{
    const struct net_address *from = &in->m.peer;

    return (struct guard_datagram){ .peer = { (const uint8_t *)&from->u, from->len },
                                    .port = net_address_port(from),
                                    .to_broadcast = in->to_broadcast,
                                    .payload = payload };
}

static void look_at_datagram(struct datagrams *d, unsigned i)
{
    const struct udp_in *in = &d->in.in[i];
    struct guard_datagram g = as_seen(in, in->m.bytes);

    d->marks[i] = in->m.segment ? 0 : guard_look(&d->guard, &g);
}

static void receive_datagrams(struct datagrams *d)
{
    int n = udp_receive(d->socket.fd, &d->in);

    for (int i = 0; i < n; i++)
        look_at_datagram(d, (unsigned)i);
    for (int i = 0; i < n; i++)
        d->take(d, &d->in.in[i]);
    flush_datagrams(d);
}

static void on_ready(void *owner, unsigned events)
{
    struct datagrams *d = owner;

    if (events & LOOP_ERROR)
        (void)udp_drain_errors(d->socket.fd, pass_over, NULL);
    if (events & LOOP_WRITE)
        flush_datagrams(d);
    if (!(events & LOOP_READ))
        return;
    for (int i = 0; i < DATAGRAMS_ROUNDS && d->watch.events == LOOP_READ; i++) {
        receive_datagrams(d);
        if (d->in.count < d->in.room)
            break;
    }
}

int datagrams_open(struct datagrams *d, struct loop *l, int fd, bool gro)
{
    size_t size = (size_t)UDP_BATCH * DATAGRAMS_EACH;
    uint8_t *memory = malloc(size); /* pages that are never written cost nothing */
    int err = memory ? udp_adopt(fd, gro, &d->socket) : -ENOMEM;
    uint64_t seed = 0;

    d->loop = l;
    d->received = d->bytes = 0;
    d->watch = (struct loop_watch){ .ready = on_ready, .owner = d };
    if (!err && random_fill(&seed, sizeof seed) < 0)
        seed = clock_now();
    if (!err)
        err = loop_watch_add(l, &d->watch, fd, LOOP_READ);
    if (err) {
        free(memory);
        return err;
    }
    udp_one_address(&d->socket);
    guard_init(&d->guard, seed, (struct kedge_span){ 0 });
    guard_own_port(&d->guard, net_address_port(&d->socket.at));
    udp_inbox_init(&d->in, memory, size, DATAGRAMS_EACH);
    udp_outbox_init(&d->out, fd);
    return 0;
}

void datagrams_close(struct datagrams *d)
{
    loop_watch_remove(d->loop, &d->watch);
    udp_close(&d->socket);
    free(d->in.memory);
    d->in.memory = NULL;
}

struct kedge_span datagrams_peer(const struct net_raw *raw,
                                 uint8_t memory[DATAGRAMS_PEER])
{
    struct writer w = { .ptr = memory, .room = DATAGRAMS_PEER };

    put(&w, (struct kedge_span){ raw->ip, sizeof raw->ip });
    put_u32(&w, raw->scope);
    put_u16(&w, raw->port);
    return written(&w);
}

bool datagrams_may_answer(struct datagrams *d, const struct udp_in *in,
                          struct kedge_span payload)
{
    struct guard_datagram g = as_seen(in, payload);

    g.mark = d->marks[in - d->in.in];
    d->received++;
    d->bytes += payload.len;
    return guard_check(&d->guard, &g, loop_now(d->loop)) == GUARD_ANSWER;
}

static void append_count(char out[SERVE_SUMMARY], uint64_t count, const char *words)
{
    size_t len = strlen(out);

    snprintf(out + len, SERVE_SUMMARY - len, "%" PRIu64 " %s", count, words);
}

void guard_summary(const struct guard *g, char out[SERVE_SUMMARY])
{
    const char *before = " (";

    append_count(out, guard_refused(g), "unanswered");
    for (int v = GUARD_ANSWER + 1; v < GUARD_VERDICTS; v++) {
        if (g->counts[v] == 0)
            continue;
        strncat(out, before, SERVE_SUMMARY - strlen(out) - 1);
        append_count(out, g->counts[v], guard_word((enum guard_verdict)v));
        before = ", ";
    }
    if (guard_refused(g) > 0)
        strncat(out, ")", SERVE_SUMMARY - strlen(out) - 1);
}

const char *datagrams_summary(const struct datagrams *d, char out[SERVE_SUMMARY])
{
    *out = 0;
    append_count(out, d->received, "datagrams, ");
    append_count(out, d->bytes, "bytes; ");
    append_count(out, d->out.sent, "answered, ");
    guard_summary(&d->guard, out);
    strncat(out, "; ", SERVE_SUMMARY - strlen(out) - 1);
    append_count(out, d->out.lost, "answers lost here, ");
    append_count(out, d->in.drops, "dropped by the socket's queue");
    return out;
}
