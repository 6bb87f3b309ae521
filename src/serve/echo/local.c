/* SPDX-License-Identifier: MIT */
/* The echo service on unix datagrams. */
#include "serve/echo/local.h"

#include "net/connection.h"
#include "os/clock.h"
#include "os/random.h"
#include "serve/echo/datagrams.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool has_name(const struct kedge_address *a)
{
    return a->len > sizeof a->storage.ss_family;
}

static void echo(struct echo_local *e, size_t size, const struct kedge_address *from)
{
    struct guard_datagram d = { .peer = { (const uint8_t *)&from->storage, from->len },
                                .port = -1,
                                .payload = { e->buffer, size } };

    e->received++;
    e->bytes += size;
    if (!has_name(from))
        e->nameless++;
    else if (guard_check(&e->guard, &d, loop_now(e->loop)) != GUARD_ANSWER)
        return;
    else if (kedge_send_to(e->watch.fd, e->buffer, size, from) < 0)
        e->lost++;
    else
        e->answered++;
}

static void on_ready(void *owner, unsigned events)
{
    struct echo_local *e = owner;

    (void)events;
    for (int i = 0; i < ECHO_LOCAL_ROUNDS; i++) {
        struct kedge_address from;
        ssize_t n = kedge_receive_from(e->watch.fd, e->buffer, ECHO_BUFFER, &from);

        if (n < 0)
            break;
        echo(e, (size_t)n, &from);
    }
}

int echo_local_open(struct echo_local *e, struct loop *l, int fd, uint8_t *buffer)
{
    uint64_t seed = 0;
    int err = connection_nonblocking(fd);

    if (random_fill(&seed, sizeof seed) < 0)
        seed = clock_now();
    e->loop = l;
    e->buffer = buffer;
    e->received = e->bytes = e->answered = e->nameless = e->lost = 0;
    e->watch = (struct loop_watch){ .ready = on_ready, .owner = e };
    guard_init(&e->guard, seed, (struct kedge_span){ 0 });
    connection_send_buffer(fd, ECHO_LOCAL_UNREAD);
    return err ? err : loop_watch_add(l, &e->watch, fd, LOOP_READ);
}

void echo_local_close(struct echo_local *e)
{
    loop_watch_remove(e->loop, &e->watch);
    kedge_unlisten(e->watch.fd);
}

const char *echo_local_summary(const struct echo_local *e, char out[SERVE_SUMMARY])
{
    size_t len;

    snprintf(out, SERVE_SUMMARY,
             "%" PRIu64 " datagrams, %" PRIu64 " bytes; %" PRIu64 " answered, ",
             e->received, e->bytes, e->answered);
    guard_summary(&e->guard, out);
    len = strlen(out);
    snprintf(out + len, SERVE_SUMMARY - len,
             "; %" PRIu64 " from senders without a name, %" PRIu64 " answers lost here",
             e->nameless, e->lost);
    return out;
}
