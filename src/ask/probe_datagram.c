/* udp and unix-dgram: a dialled socket, a datagram a probe. */
#include "ask/probe_target.h"

#include "net/stamps.h"
#include "net/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int send_once(struct probe_target *t, struct kedge_span payload)
{
    ssize_t n = send(t->watch.fd, payload.ptr, payload.len, MSG_NOSIGNAL);

    return n < 0 ? errno : 0;
}

/* The refusal of an earlier probe is told to the next call on the socket. */
static void datagram_send(struct probe_target *t, struct kedge_span payload,
                          uint64_t sequence)
{
    uint64_t before = t->split ? stamps_clock() : 0;
    int code = send_once(t, payload);
    uint64_t oldest = sequence;

    if (code == ECONNREFUSED && t->endpoint.transport == KEDGE_UDP) {
        if (account_oldest(&t->account, &oldest) && oldest < sequence)
            probe_refused(t, code);
        code = send_once(t, payload);
    }
    if (code)
        probe_unsent(t, sequence, code);
    else if (t->split)
        split_sent(t->split, sequence, before);
}

/* On its way to the device a datagram is told of before its answer can be there. */
static void hear_departures(struct probe_target *t)
{
    uint64_t at = 0;
    uint32_t number = 0;

    for (int i = 0; t->split && i < PROBE_BATCH; i++) {
        if (!stamps_left(t->watch.fd, &number, &at))
            return;
        split_left(t->split, number, at);
    }
}

static void datagram_ready(void *owner, unsigned events)
{
    struct probe_target *t = owner;

    (void)events;
    hear_departures(t);
    for (int i = 0; i < PROBE_BATCH; i++) {
        ssize_t n =
            stamps_receive(t->watch.fd, t->shared->scratch, PROBE_SCRATCH, &t->came_ns);

        if (n >= 0)
            probe_answered(t, (struct kedge_span){ t->shared->scratch, (size_t)n });
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            probe_refused(t, errno);
    }
}

/* Without it a round trip is whole, by this program's clock. */
static void open_split(struct probe_target *t, int fd)
{
    if (t->endpoint.transport != KEDGE_UDP || stamps_open(fd) < 0)
        return;
    t->split = calloc(1, sizeof *t->split);
}

static int datagram_open(struct probe_target *t, struct kedge_error *error)
{
    int fd = kedge_endpoint_dial(&t->endpoint, t->plan->timeout, error);
    int err;

    if (fd < 0)
        return -1;
    (void)udp_receive_buffer(fd, 0);
    open_split(t, fd);
    err = fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
    if (!err)
        err = probe_watch(t, fd, datagram_ready);
    if (!err)
        return 0;
    close(fd);
    free(t->split);
    *error = (struct kedge_error){ .cause = KEDGE_SYSTEM, .code = -err };
    return -1;
}

static void datagram_close(struct probe_target *t)
{
    loop_watch_remove(&t->shared->loop, &t->watch);
    close(t->watch.fd);
    free(t->split);
}

const struct probe_kind probe_datagram_kind = { datagram_open, datagram_send,
                                                datagram_close };
