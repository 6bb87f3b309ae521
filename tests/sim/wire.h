/* SPDX-License-Identifier: MIT */
/* The network: datagrams on their way, each through one client's link in one direction.
 * A link delays, and may lose (one or many in a row), copy, overtake, damage, queue and
 * drop; and a scenario may tell it what to do with one datagram. */
#ifndef TESTS_SIM_WIRE_H
#define TESTS_SIM_WIRE_H

#include "dice.h"
#include "kedge/tftp.h"

enum {
    WIRE_HEAD = 520, /* a padded request is the longest; file bytes are not carried */
    WIRE_RULES = 8,
    WIRE_HEADERS = 28,     /* of IPv4 and UDP */
    WIRE_MTU = 9000,       /* a server grants longer blocks only where it is told to */
    REQUEST_PORT = 0xffff, /* the server's; its data sockets are 0, 1, ... */
};

struct datagram {
    uint32_t actor;   /* the client's side */
    uint32_t address; /* where it seems to come from: the number of an actor */
    uint16_t port;    /* the client's, or that of its NAT */
    uint16_t socket;  /* the server's */
    bool to_server;
    bool to_broadcast;
    uint8_t
        icmp; /* enum verdict_icmp: not a datagram, but ICMP about one to the client */
    uint16_t head_len;
    uint32_t body_len; /* bytes of `file` from `offset` on, after the head */
    uint64_t file;
    uint64_t offset;
    uint8_t head[WIRE_HEAD];
};

/* With headers; one of more than WIRE_MTU goes in fragments, and theirs count too. */
uint32_t wire_bytes(const struct datagram *d);

enum deed { DROP, COPY, DELAY };

/* What to do with the next `times` datagrams of an opcode and number, after `skip`. */
struct rule {
    enum kedge_tftp_op op;
    int number; /* -1: any */
    unsigned skip;
    unsigned times;
    enum deed deed;
    kedge_nanos delay; /* of the copy, or of itself */
};

struct link_params {
    kedge_nanos delay;
    kedge_nanos jitter; /* at most so much more; order is kept */
    uint32_t loss_ppm;
    uint32_t burst_ppm; /* a run of losses begins */
    uint32_t burst_end_ppm;
    uint32_t copy_ppm;
    uint32_t overtaken_ppm; /* by datagrams sent up to `overtaken_by` later */
    kedge_nanos overtaken_by;
    uint32_t damage_ppm;
    uint64_t bits_per_s; /* 0: no bound */
    uint32_t queue_bytes;
    uint32_t mtu; /* larger ones are lost; 0: none are */
};

struct link {
    struct link_params params;
    kedge_nanos busy_until;
    kedge_nanos last_arrival;
    bool in_burst;
    uint64_t sent;
    uint64_t troubles; /* lost, copied, overtaken, damaged */
    uint64_t dropped;  /* its queue was full */
    unsigned rules;
    struct rule rule[WIRE_RULES];
};

struct flight {
    kedge_nanos at;
    uint64_t order; /* among equals: first sent, first there */
    uint32_t slot;
};

struct wire {
    struct dice *dice;
    struct datagram *slot; /* room */
    uint32_t *free;        /* stack of slot numbers */
    struct flight *heap;
    uint32_t room;
    uint32_t flying;
    uint64_t order;
    uint64_t datagrams; /* ever sent */
};

void wire_init(struct wire *w, struct dice *dice, uint32_t room);
void wire_free(struct wire *w);

/* Send a copy of d through a link. */
void wire_send(struct wire *w, struct link *l, const struct datagram *d, kedge_nanos now);

/* As it is, for certain, after `delay`. */
void wire_put(struct wire *w, const struct datagram *d, kedge_nanos at);

/* When the next arrives; and take it. */
kedge_nanos wire_next(const struct wire *w);
void wire_take(struct wire *w, struct datagram *out);

#endif
