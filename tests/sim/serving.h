/* SPDX-License-Identifier: MIT */
/* What the files of the simulated server share: server.c (what comes, in turns), serving.c
 * (what a transfer does, and its files). */
#ifndef TESTS_SIM_SERVING_H
#define TESTS_SIM_SERVING_H

#include "server.h"

enum { QUEUE = 512, QUEUE_SHORT = 16, FEW_SOCKETS = 8, SOCKETS_MAX = 1025 };

/* Datagrams that wait in a socket. */
struct queue {
    struct datagram *ring; /* room of them, from the first one on */
    uint32_t room;
    uint32_t head;
    uint32_t len;
};

enum job { IDLE, OPENING, READING, COMMITTING };

/* What is kept beside a session. */
struct transfer {
    struct tftp_session *session;
    struct actor *actor;
    enum job job; /* a helper is at work: nothing else may happen to it */
    bool ending;
    bool barred;        /* its own host has let nothing leave */
    bool over;          /* its outcome is told */
    bool expects_bound; /* its blocks are counted */
    uint64_t requests;
    uint64_t reported_unvalidated; /* datagrams to a peer that had not answered */
    uint64_t blocks;
    kedge_nanos began;
    enum verdict_fault fault;
    enum verdict_icmp icmp;
    uint64_t icmp_block; /* that it was about */
};

struct server {
    struct tftp_sessions t;
    struct tftp_limits limits;
    void *memory;
    struct transfer *transfers;
    struct deadlines jobs;
    struct queue queues[SOCKETS_MAX]; /* data sockets, then the request port */
    uint32_t request_queue;
    uint32_t waiting; /* in all of them */
    uint32_t window_max;
    uint32_t blksize_max;
    uint32_t burst;
    kedge_nanos turn_most;
    kedge_nanos late;
    kedge_nanos woken_for; /* its next deadline, */
    kedge_nanos woken_at;  /* of which it learns by then */
    kedge_nanos turn_at;
    struct verdict_stops stops;
    uint64_t debt; /* bytes that left from the request port, paid off at its rate */
    kedge_nanos debt_at;
};

/* Where what a session sends leaves from: a data socket, or REQUEST_PORT. */
uint16_t session_socket(const struct server *s, const struct tftp_session *session);

void transfer_note_icmp(const struct server *s, struct transfer *t,
                        enum verdict_icmp icmp);

struct transfer *transfer_of(struct server *s, const struct tftp_session *session);

/* A request is new; and when it was let in, its file opens. */
void transfer_keep(struct world *w, struct actor *a, struct tftp_session *session);
void transfer_begin(struct world *w, struct transfer *t);

/* Do what its machine wants; store what came first. */
void transfer_pump(struct world *w, struct transfer *t);
void transfer_store(struct world *w, struct transfer *t, struct kedge_span bytes);
void transfer_end(struct world *w, struct transfer *t);

/* A helper is done with what it was given. */
void transfer_job_over(struct world *w, struct transfer *t);

#endif
