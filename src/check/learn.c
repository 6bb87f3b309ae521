/* SPDX-License-Identifier: MIT */
/* One plain read, before the checks. */
#include "check/learn.h"

#include "check/packet.h"
#include "kedge/tftp.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 2000, TRIES = 4, BLOCK = 512, PACKETS_MAX = 10000 };

struct learning {
    int fd;
    struct net_address peer;
    bool has_peer;
    uint8_t last[CHECK_NAME + 16]; /* what is sent again */
    size_t last_len;
    uint8_t *bytes;
    size_t size;
    uint16_t next;
};

static void send_last(const struct learning *l)
{
    (void)sendto(l->fd, l->last, l->last_len, 0, &l->peer.u.any, l->peer.len);
}

static void learn_ask(struct learning *l, const char *name)
{
    struct writer w = { .ptr = l->last, .room = sizeof l->last };

    put_u16(&w, KEDGE_TFTP_RRQ);
    put_string(&w, span_of(name));
    put_string(&w, span_of("octet"));
    l->last_len = w.bad ? 0 : w.len;
    l->next = 1;
    send_last(l);
}

static void acknowledge(struct learning *l)
{
    struct writer w = { .ptr = l->last, .room = sizeof l->last };

    put_u16(&w, KEDGE_TFTP_ACK);
    put_u16(&w, l->next++);
    l->last_len = w.len;
    send_last(l);
}

/* The next packet of the peer; 0 when none comes in time. */
static size_t learn_receive(struct learning *l, uint8_t *buffer, size_t room)
{
    struct pollfd p = { .fd = l->fd, .events = POLLIN };

    for (int tries = 0; tries < TRIES; tries++) {
        struct kedge_address any = { .len = sizeof any.storage };
        struct net_address from;
        ssize_t n = -1;

        if (poll(&p, 1, WAIT_MS) > 0)
            n = recvfrom(l->fd, buffer, room, MSG_DONTWAIT,
                         (struct sockaddr *)&any.storage, &any.len);
        if (n < 4) {
            send_last(l);
            continue;
        }
        if (!net_address_from(&any, &from) || !net_address_same_host(&from, &l->peer) ||
            (l->has_peer && !net_address_equal(&from, &l->peer)))
            continue;
        l->peer = from;
        l->has_peer = true;
        return (size_t)n;
    }
    return 0;
}

/* NULL: it is all there. */
static const char *learn_read(struct learning *l)
{
    uint8_t packet[BLOCK + 4 + 1];

    for (int packets = 0; packets < PACKETS_MAX; packets++) {
        size_t n = learn_receive(l, packet, sizeof packet);
        struct kedge_span d = { packet, n };

        if (n == 0)
            return "the file that was named does not come";
        if (check_opcode(d) == KEDGE_TFTP_ERROR)
            return "the server refuses the file that was named";
        if (check_opcode(d) != KEDGE_TFTP_DATA || check_number(d) != l->next)
            continue;
        if (n > BLOCK + 4 || l->size + BLOCK > CHECK_LEARN_MAX)
            return "the file that was named is longer than 1 MiB";
        memcpy(l->bytes + l->size, packet + 4, n - 4);
        l->size += n - 4;
        acknowledge(l);
        if (n < BLOCK + 4)
            return NULL;
    }
    return "the file that was named does not come to an end";
}

static void learn_send_error(struct learning *l)
{
    static const uint8_t error[] = { 0, KEDGE_TFTP_ERROR, 0, 0, 'e', 'n', 'd', 0 };

    if (l->has_peer)
        (void)sendto(l->fd, error, sizeof error, 0, &l->peer.u.any, l->peer.len);
}

bool check_learn(const struct net_address *server, const struct net_address *source,
                 const char *name, struct check_file *out, const char **why)
{
    struct learning l = { .peer = *server, .bytes = malloc(CHECK_LEARN_MAX) };

    *why = "no socket or no memory";
    l.fd = socket(server->u.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (l.fd >= 0 && l.bytes && bind(l.fd, &source->u.any, source->len) == 0) {
        learn_ask(&l, name);
        *why = learn_read(&l);
        if (*why)
            learn_send_error(&l);
        else if (l.size < CHECK_LEARN_LEAST)
            *why = "the file that was named is shorter than 1537 bytes";
    }
    if (l.fd >= 0)
        close(l.fd);
    if (*why) {
        free(l.bytes);
        return false;
    }
    *out =
        (struct check_file){ .content = CHECK_LEARNT, .size = l.size, .bytes = l.bytes };
    snprintf(out->name, sizeof out->name, "%s", name);
    return true;
}
