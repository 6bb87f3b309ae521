/* SPDX-License-Identifier: MIT */
/* Why a probe failed, why a target is refused, and why a round trip has no times by the
 * kernel: as data. The sentences are in results/why.h. */
#ifndef PROBE_CAUSE_H
#define PROBE_CAUSE_H

#include "kedge/endpoint.h"

enum probe_cause_kind {
    CAUSE_NONE,
    CAUSE_SYSTEM, /* an errno, in code */
    CAUSE_ERROR,  /* what net/ or the system says: see struct probe_refusal */

    /* A target is not probed: */
    CAUSE_TRANSPORT,    /* there is no probe of its kind of socket */
    CAUSE_KEY,          /* a key is for udp */
    CAUSE_TOO_MANY,     /* PROBE_TARGETS_MAX */
    CAUSE_NO_HOST,      /* an endpoint without a host */
    CAUSE_NO_IP,        /* the host has no IP address */
    CAUSE_EMPTY_STREAM, /* a connection with probes of 0 bytes */
    CAUSE_LOCAL_PATH,   /* DSCP, TTL, DF, source or interface of a local socket */

    /* Nothing is sent with `flood`: */
    CAUSE_NO_COOKIE,  /* no kedge server answered with a cookie */
    CAUSE_NO_FLOODED, /* not udp, or fewer than EXTENDED_SIZE bytes */

    /* No times by the kernel: */
    CAUSE_LOCAL_SOCKET, /* a local socket has no device */
    CAUSE_ICMP_STAMPS,  /* this kernel has none of ICMP */
    CAUSE_STAMPS_ENDED  /* it had some, and has none any more */
};

struct probe_cause {
    enum probe_cause_kind kind;
    int code; /* of CAUSE_SYSTEM: positive */
};

/* Why a target was not added. */
struct probe_refusal {
    enum probe_cause_kind kind;
    struct kedge_error error; /* of CAUSE_ERROR */
};

/* As an errno says, which is positive. */
static inline struct probe_refusal probe_refused_by_system(int code)
{
    return (struct probe_refusal){ CAUSE_ERROR, { .cause = KEDGE_SYSTEM, .code = code } };
}

#endif
