/* udp and unix-dgram: a dialled socket, a datagram a probe. */
#include "ask/probe_target.h"

#include "net/udp.h"

#include <errno.h>
#include <fcntl.h>
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
    int code = send_once(t, payload);
    uint64_t oldest = sequence;

    if (code == ECONNREFUSED && t->endpoint.transport == KEDGE_UDP) {
        if (account_oldest(&t->account, &oldest) && oldest < sequence)
            probe_refused(t, code);
        code = send_once(t, payload);
    }
    if (code)
        probe_unsent(t, sequence, code);
}

static void datagram_ready(void *owner, unsigned events)
{
    struct probe_target *t = owner;

    (void)events;
    for (int i = 0; i < PROBE_BATCH; i++) {
        ssize_t n = recv(t->watch.fd, t->shared->scratch, PROBE_SCRATCH, 0);

        if (n >= 0)
            probe_answered(t, (struct kedge_span){ t->shared->scratch, (size_t)n });
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            probe_refused(t, errno);
    }
}

static int datagram_open(struct probe_target *t, struct kedge_error *error)
{
    int fd = kedge_endpoint_dial(&t->endpoint, t->plan->timeout, error);
    int err;

    if (fd < 0)
        return -1;
    (void)udp_receive_buffer(fd, 0);
    err = fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
    if (!err)
        err = probe_watch(t, fd, datagram_ready);
    if (!err)
        return 0;
    close(fd);
    *error = (struct kedge_error){ .cause = KEDGE_SYSTEM, .code = -err };
    return -1;
}

static void datagram_close(struct probe_target *t)
{
    loop_watch_remove(&t->shared->loop, &t->watch);
    close(t->watch.fd);
}

const struct probe_kind probe_datagram_kind = { datagram_open, datagram_send,
                                                datagram_close };
