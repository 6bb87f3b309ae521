/* SPDX-License-Identifier: MIT */
/* The lock step of TFTP (RFC 1350), which tftp_c.c and tftp_s.c share: one packet is
 * under way, and sent again until the peer answers by the one packet that is due. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RRQ = 1, WRQ, DATA, ACK, ERROR };
enum { HEAD = 4, BLOCK = 512, REQUEST_MAX = 1024, FIRST_WAIT_MS = 500, TRIES = 4 };

struct transfer {
    int fd;
    struct sockaddr_storage peer;
    socklen_t peer_len;
    const struct addrinfo *next; /* of a host with many addresses: the one to try next */
    bool known; /* the peer's port; until it is, any port of its host may answer */
    bool lossy; /* something had to be sent again */
    int tries;  /* of a packet; 2 where the sender of a request may be forged */
    size_t out_len;
    /* Sent and received last: opcode and number in network order, then bytes. */
    uint16_t out[2 + BLOCK / 2], in[2 + BLOCK / 2 + 1];
    uint64_t bytes;   /* of the file */
    char failed[160]; /* why; empty: no answer */
};

/* HOST:PORT or [IPV6]:PORT, cut in two. */
static bool split(const char *text, char host[static 256], char port[static 6])
{
    int end = 0;

    if (sscanf(text, "[%255[^]]]:%5[0-9]%n", host, port, &end) < 2)
        (void)sscanf(text, "%255[^]:[]:%5[0-9]%n", host, port, &end);
    return end > 0 && text[end] == '\0' && strtol(port, NULL, 10) <= 65535;
}

/* It stands at one place in a sockaddr_in and a sockaddr_in6. */
static in_port_t *port_of(struct sockaddr_storage *address)
{
    return &((struct sockaddr_in *)address)->sin_port;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now); /* the time of day may jump */
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_out(struct transfer *t, uint16_t op, uint16_t number, size_t bytes)
{
    t->out[0] = htons(op);
    t->out[1] = htons(number);
    t->out_len = HEAD + bytes;
}

static void send_out(const struct transfer *t)
{
    const struct sockaddr *to = (const struct sockaddr *)&t->peer;

    (void)sendto(t->fd, t->out, t->out_len, 0, to, t->peer_len); /* a failure is a loss */
}

/* End it by an ERROR. It is sent once: nothing answers it. */
static bool refuse(struct transfer *t, uint16_t code, const char *why)
{
    int len = snprintf(t->failed, sizeof t->failed, "%s", why);

    memcpy(t->out + 2, t->failed, (size_t)len + 1);
    set_out(t, ERROR, code, (size_t)len + 1);
    send_out(t);
    return false;
}

/* A packet of the peer: how many bytes are behind its header; -1 if it is not due. */
static ssize_t judge(struct transfer *t, ssize_t n, uint16_t op, uint16_t number)
{
    if (t->in[0] == htons(op) && t->in[1] == htons(number))
        return n - HEAD;
    if (t->in[0] == htons(ERROR))
        snprintf(t->failed, sizeof t->failed, "the peer says: %.*s (error %d)",
                 (int)n - HEAD, (const char *)(t->in + 2), ntohs(t->in[1]));
    for (char *c = t->failed; *c; c++)
        *c = *c < ' ' || *c > '~' ? '?' : *c; /* nothing that moves a terminal */
    /* DATA again: our ACK was lost. An ACK again is not answered, or from then on two of
     * each packet would be under way: the Sorcerer's Apprentice. */
    if (t->in[0] == htons(DATA) && t->out[0] == htons(ACK) && t->in[1] == t->out[1]) {
        t->lossy = true;
        send_out(t);
    }
    return -1;
}

/* Take one datagram: as judge() says, and -1 for what a stranger sends. */
static ssize_t hear(struct transfer *t, uint16_t op, uint16_t number)
{
    static const char stranger[] = "\0\5\0\5Unknown transfer ID";
    struct sockaddr_storage from = { 0 }, host;
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(t->fd, t->in, sizeof t->in, 0, (struct sockaddr *)&from, &len);

    if (n < HEAD || n > HEAD + BLOCK)
        return -1;
    host = from;
    if (!t->known)
        *port_of(&host) = *port_of(&t->peer);
    if (memcmp(&host, &t->peer, t->peer_len) != 0) {
        if (t->known && t->in[0] != htons(ERROR))
            sendto(t->fd, stranger, sizeof stranger, 0, (struct sockaddr *)&from, len);
        return -1;
    }
    n = judge(t, n, op, number);
    if (n >= 0)
        t->tries = TRIES;
    if (n >= 0 || *t->failed) {
        t->peer = from; /* the change of port: from the well-known one to its TID */
        t->known = true;
    }
    return n;
}

/* Send t->out until it is answered: how many bytes came, at t->in + 2; or -1. */
static ssize_t ask(struct transfer *t, uint16_t op, uint16_t number)
{
    struct pollfd p = { .fd = t->fd, .events = POLLIN };

    for (int i = 0; i < t->tries && !*t->failed; i++) {
        int64_t left, end = now_ms() + (FIRST_WAIT_MS << i); /* no stranger delays it */

        if (!t->known && t->next) {
            memcpy(&t->peer, t->next->ai_addr, t->next->ai_addrlen);
            t->peer_len = t->next->ai_addrlen;
            t->next = t->next->ai_next;
        }
        t->lossy = t->lossy || (t->known && i > 0);
        send_out(t);
        while (!*t->failed && (left = end - now_ms()) > 0) {
            ssize_t n = poll(&p, 1, (int)left) > 0 ? hear(t, op, number) : -1;

            if (n >= 0)
                return n;
        }
    }
    return -1;
}

/* Block 1 has been asked for. The last block is short, maybe empty. */
static bool send_file(struct transfer *t, FILE *file)
{
    size_t n = BLOCK;

    for (uint16_t block = 1; n == BLOCK; block++) { /* 65535 is followed by 0 */
        n = fread(t->out + 2, 1, BLOCK, file);
        if (ferror(file))
            return refuse(t, 0, "cannot read the file");
        set_out(t, DATA, block, n);
        if (ask(t, ACK, block) < 0)
            return false;
        t->bytes += n;
    }
    return true;
}

/* t->out asks for block 1; at the end it is the last ACK, which has not been sent. */
static bool receive_blocks(struct transfer *t, FILE *file)
{
    ssize_t n = BLOCK;

    for (uint16_t block = 1; n == BLOCK; block++) {
        n = ask(t, DATA, block);
        if (n < 0)
            return false;
        if (fwrite(t->in + 2, 1, (size_t)n, file) != (size_t)n)
            return refuse(t, 3, "disk full");
        set_out(t, ACK, block, 0);
        t->bytes += (uint64_t)n;
    }
    return fflush(file) == 0 || refuse(t, 3, "disk full");
}

/* The file gets its name when all of it has come, and only then the peer its last ACK. */
static bool receive_file(struct transfer *t, const char *name)
{
    char part[BLOCK + sizeof "..1234567890.part"]; /* of this process */
    FILE *file;
    bool all;

    snprintf(part, sizeof part, ".%.*s.%d.part", BLOCK, name, (int)getpid());
    file = fopen(part, "w");
    if (!file)
        return refuse(t, 2, strerror(errno));
    all = receive_blocks(t, file);
    fclose(file);
    if (all && rename(part, name) < 0)
        all = refuse(t, 2, strerror(errno));
    if (!all)
        unlink(part);
    else if (!t->lossy)
        send_out(t);
    else { /* this ACK may be lost too: then the last DATA comes again */
        t->tries = TRIES - 1;
        (void)ask(t, DATA, (uint16_t)(ntohs(t->out[1]) + 1));
    }
    return all;
}
