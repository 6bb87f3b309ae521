/* SPDX-License-Identifier: MIT */
/* What a server knows of the runs that ask it: for each validated peer and run, how many
 * probes came, each counted once, and what the guard refused of them. Pure: time, counters
 * and bytes come in, an answer is written over the probe.
 *
 * The memory is bounded and part of the struct: with more runs at once than it holds, the
 * one that was silent longest is forgotten, and begins anew when it is heard again; its
 * prober sees that, as `seen` falls. */
#ifndef ECHO_RUNS_H
#define ECHO_RUNS_H

#include "echo/probe_extension.h"
#include "echo/cookie.h"

#define RUNS_MAX 1024
#define RUNS_WINDOW 1024 /* a probe so far behind the highest counts as new */

struct run_slot {
    uint64_t id;      /* of peer and run; 0: empty */
    uint64_t cookie;  /* its first: good as long as it is remembered */
    kedge_nanos last; /* when it was heard */
    uint64_t highest;
    uint32_t seen, refused, dropped_before;
    uint64_t window[RUNS_WINDOW / 64]; /* a bit a probe: came */
};

struct runs {
    uint8_t key[COOKIE_KEY];
    struct run_slot slots[RUNS_MAX];
    uint64_t validated; /* runs, ever */
};

/* key is random. */
void runs_init(struct runs *r, const uint8_t key[COOKIE_KEY]);

/* A probe that asks, and what is known of it. */
struct runs_probe {
    struct kedge_span peer; /* the bytes that name the sender, its port among them */
    uint8_t address[16];    /* for the cookie's answer */
    uint16_t port;
    kedge_nanos now;            /* monotonic */
    uint32_t dropped;           /* by the socket so far */
    uint64_t answered_ns;       /* on the wall clock, now */
    struct extension_report in; /* kernel, ttl, tos and received_ns are read */
};

/* Answer it: the first EXTENDED_SIZE bytes of payload, which extension_asks, are written over.
 * True if its address was validated, and so it got a report. */
bool runs_answer(struct runs *r, const struct runs_probe *p, uint8_t *payload);

/* The guard refused it. Nothing if it is of no run that is known. */
void runs_refused(struct runs *r, const struct runs_probe *p, struct kedge_span payload);

#endif
