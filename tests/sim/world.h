/* SPDX-License-Identifier: MIT */
/* The simulated world: one server of kedge (its sessions and machines, as they ship), any
 * number of clients, the network between them, and virtual time. A seed makes it; nothing
 * else has a say in what happens. After every event what must hold is checked; the first
 * thing that does not is the world's `failure`, and it stops. */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "base/deadlines.h"
#include "dice.h"
#include "kedge/tftp.h"
#include "nat.h"
#include "tftp/verdict.h"
#include "wire.h"

#include <stdio.h>

enum { OUTCOMES = KEDGE_TFTP_FAILED + 1, FAILURE_MAX = 300 };

/* The server's file of a client: what it asks for, or what it uploads. */
struct file {
    uint64_t content;
    uint64_t size;
    kedge_nanos open_delay;   /* 0: it is open at once */
    int refuse;               /* with this ERROR; -1: it is not */
    enum verdict_fault fault; /* and the store says why; or of a commit */
    uint32_t cold_ppm;        /* of its reads wait for the disk */
    kedge_nanos read_delay;
    uint64_t full_at; /* an upload finds the disk full; UINT64_MAX: never */
    kedge_nanos commit_delay;
    bool commit_fails;
    bool altered;      /* while it is read */
    bool size_unknown; /* as of netascii: the end is found by reading */
    bool kept;         /* an upload appeared, and is whole */
    unsigned times_kept;
};

struct world;
struct actor;

/* What a client does. Each sets actor->deadline; KEDGE_NEVER if it waits for nothing. */
struct actor_kind {
    const char *name;
    void (*start)(struct world *w, struct actor *a);
    void (*packet)(struct world *w, struct actor *a, const struct datagram *d,
                   struct kedge_span bytes);
    void (*timer)(struct world *w, struct actor *a);
    /* The world is over: say by world_expect() what must be true. May be NULL. */
    void (*check)(struct world *w, struct actor *a);
};

struct actor {
    const struct actor_kind *kind;
    void *self; /* the kind's own state */
    uint32_t id;
    uint32_t address; /* an actor's number: its own, where it does not lie */
    uint16_t port;
    struct nat *nat;   /* in its way; NULL: none */
    bool open;         /* its port takes datagrams */
    bool tells_closed; /* when it is closed, its host says so by ICMP */
    bool barred;     /* the server's own host lets nothing leave for it from data ports */
    uint8_t icmp;    /* enum verdict_icmp: a router says so of all that is sent to it */
    bool broadcasts; /* what it sends goes to everybody */
    kedge_nanos deadline;
    kedge_nanos busy_until; /* it computes, or writes flash: datagrams wait */
    kedge_nanos late;       /* its host is busy: it wakes 1 ms to so much too late */
    uint32_t busy_ppm;      /* so often after a datagram */
    kedge_nanos busy_most;
    uint32_t ring; /* so many of them; the others are lost */
    uint32_t waiting;
    struct link up;
    struct link down;
    struct file file;
    /* What the server said of it. */
    unsigned outcomes[OUTCOMES];
    unsigned verdicts[VERDICTS];
    unsigned sessions; /* begun for it */
    uint64_t blocks;   /* DATA that the server sent to it */
    uint64_t replies;  /* all else */
    uint64_t acks;     /* that the server sent */
    uint64_t heard;    /* bytes of it that came to the server, with headers; and */
    uint64_t told;     /* what the server sent */
    uint64_t stopped;  /* datagrams that its NAT let through neither way */
    unsigned errors;
    int error_code; /* the last; -1: none */
};

struct server;

struct world {
    struct dice dice;
    kedge_nanos now;
    kedge_nanos end; /* everything must be over by then */
    struct wire wire;
    struct server *server;
    struct actor *actors;
    uint32_t actor_count;
    struct deadlines timers; /* of actors */
    uint64_t events;
    uint64_t at_once; /* events without the time moving */
    bool trace;
    bool roomy;                /* the server has a slot and a budget for everybody */
    char failure[FAILURE_MAX]; /* empty: all is well */
    uint8_t *buffer;           /* a datagram in full */
};

struct world_setup {
    uint64_t seed;
    uint32_t actors; /* room for them */
    uint32_t sessions;
    uint32_t sockets; /* 0: single-port mode */
    bool auto_port;
    uint32_t request_rate; /* of the request port, bytes a second; 0: no bound */
    uint32_t unvalidated_max;
    uint32_t window_max;
    uint32_t blksize_max;
    kedge_nanos turn; /* the server's, at most: datagrams wait so long */
    /* Its host is busy: it wakes 1 ms to so much too late; 0: it does not. */
    kedge_nanos late;
    uint32_t burst; /* blocks that leave in one go; 0: no bound */
};

struct world *world_open(const struct world_setup *setup);
void world_close(struct world *w);

/* A client that starts at a time, through links of these parameters both ways. */
struct actor *world_add(struct world *w, const struct actor_kind *kind, void *self,
                        kedge_nanos start);

/* Until nothing is left to happen. */
void world_run(struct world *w);

/* Of the client: its timer runs; a datagram leaves for the server; its port changes. */
void actor_wait(struct world *w, struct actor *a, kedge_nanos deadline);
void actor_send(struct world *w, struct actor *a, uint16_t socket,
                struct kedge_span bytes);
void actor_send_block(struct world *w, struct actor *a, uint16_t socket, uint16_t number,
                      const struct datagram *body);

/* Of the server: d, whose actor, port and socket are set, leaves. */
void world_reply(struct world *w, const struct datagram *d);

/* d in full: valid until the next call. */
struct kedge_span world_bytes(struct world *w, const struct datagram *d);

__attribute__((format(printf, 2, 3))) void world_fail(struct world *w, const char *text,
                                                      ...);

#define world_expect(w, truth)                                                           \
    ((truth) ? (void)0 : world_fail(w, "%s:%d: %s", __FILE__, __LINE__, #truth))

#endif
