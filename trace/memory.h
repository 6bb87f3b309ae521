/* SPDX-License-Identifier: MIT */
/* The memory that `kedge trace` shares with COMMAND and all that COMMAND starts: which
 * sockets there are, and what was called. Each process maps it; who reads or writes it
 * holds its lock. It holds no pointer. A process that dies with the lock leaves it to the
 * next one. */
#ifndef TRACE_MEMORY_H
#define TRACE_MEMORY_H

#include "kedge/endpoint.h"
#include "trace/call.h"
#include "trace/path.h"

#include <pthread.h>
#include <sys/types.h>

#define TRACE_SOCKETS 1024 /* followed at once; the one longest unseen makes room */
#define TRACE_CALLS 512    /* kept for the drawing; all count for its path */
#define TRACE_PEERS 64     /* TFTP peers that are remembered */

/* The environment's name for the descriptors: "MEMORY,ERRORS", in decimal. */
#define TRACE_ENVIRONMENT "KEDGE_TRACE"

struct trace_socket {
    uint32_t number; /* 1, 2, ...; 0: the slot is free */
    enum trace_kind kind;
    enum tcp_state state;
    bool closed; /* the program has closed it, and the kernel has it still */
    bool tftp;   /* it takes part in a TFTP exchange */
    kedge_nanos seen;
    struct kedge_address local, remote; /* len 0: not known */
};

struct trace_memory {
    uint64_t layout; /* its size, written when all else is ready */
    pthread_mutex_t lock;
    kedge_nanos start;
    pid_t command;
    uint64_t error_device; /* what standard error was */
    uint64_t error_inode;
    uint64_t network;               /* the network namespace of kedge */
    unsigned columns;               /* of the terminal; 0: lines are not folded */
    bool silent;                    /* no lines: a file is drawn */
    bool headed;                    /* the table has its head */
    unsigned loaded;                /* processes that have the library */
    uint32_t last;                  /* number given to a socket */
    uint64_t inodes[TRACE_SOCKETS]; /* which socket it is, as fstat(2) says */
    struct trace_socket sockets[TRACE_SOCKETS];
    struct kedge_address peers[TRACE_PEERS]; /* a ring */
    unsigned next_peer;
    struct tcp_path path;
    struct trace_call calls[TRACE_CALLS]; /* the first ones */
    size_t count;
    uint64_t more;
};

/* One process's door to it. */
struct trace {
    struct trace_memory *memory;
    int errors;      /* where lines go; -1: nowhere */
    int32_t process; /* 0: COMMAND, or kedge */
    bool apart;      /* in another network namespace than kedge */
};

/* New memory. Returns its descriptor and *out, or -errno. */
KEDGE_MUST_CHECK int memory_create(struct trace_memory **out);

/* The memory behind a descriptor that was inherited; NULL if it is none of ours. */
KEDGE_MUST_CHECK struct trace_memory *memory_attach(int fd);

/* False where the lock cannot be had within a second: then leave it. */
KEDGE_MUST_CHECK bool memory_lock(struct trace_memory *m);
void memory_unlock(struct trace_memory *m);

/* Bring what has a bound back within it: a program that writes past the end of its own
 * arrays may have written here. For a reader that must not fall over it. */
void memory_mend(struct trace_memory *m);

#endif
