/* SPDX-License-Identifier: MIT */
/* load_tftp's parts: many TFTP clients in one thread (load_tftp_client.c), and the sockets they share
 * or have (load_tftp_wire.c). */
#ifndef BENCH_LOAD_TFTP_H
#define BENCH_LOAD_TFTP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { BATCH = 64, PACKET_MAX = 65536 + 4, SHARED_SOCKETS = 4 };

struct options {
    struct sockaddr_in server;
    const char *name;
    unsigned at_once, count, blksize, window, think_ms, shared;
    int pid;
};

struct client {
    int fd;
    struct in_addr from; /* where sockets are shared: the address it sends from */
    struct sockaddr_in peer;
    uint64_t began, sent_at;
    uint64_t due;   /* when the answer that waits leaves; 0: none waits */
    uint32_t block; /* the last one taken, in order */
    uint16_t in_window;
    uint8_t tries;
    bool active, answered;
    bool asking; /* what leaves is the request; else the ACK of block */
};

struct waiting {
    uint64_t due;
    uint32_t client;
};

struct load_tftp {
    struct options o;
    const uint8_t *copy;
    size_t size;
    int epoll;
    struct client *clients;
    struct waiting *queue; /* answers, by the time they leave; a ring of queue_room */
    uint64_t queue_head, queue_tail, queue_room;
    unsigned look; /* the client whose clock is looked at next */
    unsigned started, done, failed, active, open, most_open;
    uint64_t again, wrong, blocks, repeats, packets;
    uint64_t *took; /* count, ns */
    struct mmsghdr batch[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_in from[BATCH];
    char control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
    uint8_t *room; /* BATCH packets */
};

/* Sockets for all clients: one each, or a few with a source address for each client. */
void wire_open(struct load_tftp *s);
void wire_send(struct client *c, const void *packet, size_t len, bool shared);
/* Take what came to a socket; `which` is what epoll had for it. */
void wire_read(struct load_tftp *s, uint32_t which);

void client_begin(struct load_tftp *s, struct client *c, uint64_t now);
void client_take(struct load_tftp *s, struct client *c, struct iovec packet,
                 const struct sockaddr_in *from);
/* Send the answers that are due, and look at some clients for requests to repeat. */
void clients_look_at_clocks(struct load_tftp *s, uint64_t now);

#endif
