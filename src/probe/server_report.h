/* SPDX-License-Identifier: MIT */
/* What a kedge server reports of the probes it got, and what follows from it: in which
 * direction a lost probe was lost. The server counts the probes of a run from the first
 * that had its cookie on; its last word says how many of those up to the highest one
 * it had seen. When it forgets the run, as it was started anew, counting begins anew too.
 * Pure. */
#ifndef PROBE_SERVER_REPORT_H
#define PROBE_SERVER_REPORT_H

#include "echo/probe_extension.h"
#include "report/histogram.h"

/* One stretch of the server's counting. */
struct peer_stretch {
    uint64_t first;    /* sequence it counts from */
    uint64_t highest;  /* as the server last said */
    uint64_t seen;     /* of [first, highest], by the server */
    uint64_t answered; /* of those, how many answers came here */
    uint64_t unsent;   /* of all, how many never left before it began */
    uint32_t dropped, refused;
};

struct peer {
    bool asks; /* its probes have an extension */
    uint64_t cookie;
    uint64_t unvalidated; /* answers without a valid MAC, which count for nothing */
    uint64_t reports;     /* 0: a plain echo, as far as is known */
    struct peer_stretch now;
    uint64_t going, coming;    /* of the stretches before */
    uint64_t dropped, refused; /* likewise */
    uint64_t restarts;
    uint8_t ttl, tos; /* as the server last had them */
    bool kernel;      /* whose clock its times are of */
    bool seen_known;
    uint8_t seen_address[16]; /* of ours, by the server */
    uint16_t seen_port;
    struct histogram held; /* from its receiving to its answering; to be freed */
};

/* What is known at an answer besides its extension. */
struct peer_answer {
    uint64_t sequence; /* of the probe */
    uint64_t next;     /* of the next probe that leaves */
    uint64_t unsent;   /* probes that never left, so far */
    bool first;        /* no duplicate */
};

/* An answer flagged as that of a kedge server. */
void peer_took(struct peer *p, const struct probe_extension *m,
               const struct peer_answer *a);

struct peer_losses {
    uint64_t going, coming;
    uint64_t unknown; /* before the first report, after the last, or of a plain echo */
    uint64_t dropped; /* by the server's socket meanwhile, of all its clients */
    uint64_t refused; /* by its guard; part of going */
};

/* lost: how many got no answer, and were neither refused nor unsent. unsent as above. */
struct peer_losses peer_losses(const struct peer *p, uint64_t lost, uint64_t unsent);

#endif
