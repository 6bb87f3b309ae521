/* SPDX-License-Identifier: MIT */
/* The largest payload that passes to a host and back, whole: each packet with DF, so that
 * no router cuts it. What does not pass is too large for this host's own link, or a router
 * says so, or it vanishes without a word: a black hole. Which way it was, only a kedge
 * server tells, by an answer of another size than its probe. */
#ifndef MTU_MTU_H
#define MTU_MTU_H

#include "probe/probe.h"

/* Sizes are tried until the largest that passes is known. Pure. */
struct mtu_search {
    uint32_t passes; /* the largest that did; 0: none yet */
    uint32_t fails;  /* the smallest that did not; over the limit: none yet */
    uint32_t limit;  /* the largest that there may be */
    uint32_t hint;   /* a good one to try; 0: none */
};

void mtu_search_init(struct mtu_search *s, uint32_t least, uint32_t limit);

/* The next to try; 0: it is known. */
uint32_t mtu_search_next(const struct mtu_search *s);
void mtu_search_took(struct mtu_search *s, uint32_t size, bool passed);

enum mtu_end {
    MTU_ALL,   /* all that the link takes passes */
    MTU_TOLD,  /* a router says that more is too much */
    MTU_HOLE,  /* more vanishes without a word */
    MTU_THERE, /* back: the server's own link takes no more */
    MTU_UNKNOWN
};

/* Why the way back is not known. */
enum mtu_back_unknown {
    MTU_BACK_ASKED,     /* it was asked; the search ended early */
    MTU_BACK_NO_SERVER, /* only a kedge server that is asked by udp can tell */
    MTU_BACK_NO_SIZE    /* this kedge server does not answer in the size that is wanted */
};

struct mtu_way {
    enum mtu_end end;
    uint32_t passes; /* payload */
    uint32_t limit;  /* payload that this host's link takes */
    uint32_t told;   /* the size of a packet as a router says; 0: none did */
    struct net_address by;
};

struct mtu_result {
    const struct kedge_endpoint *endpoint;
    bool answered;
    int code;         /* why not, as the network says it; 0: it says nothing */
    uint32_t headers; /* of a packet, besides the payload */
    char interface[NET_INTERFACE_NAME];
    int interface_mtu;
    struct mtu_way there, back;
    enum mtu_back_unknown back_unknown; /* where back.end is MTU_UNKNOWN */
    struct probe_refusal refusal;       /* why it could not be asked at all */
};

/* Find out, which takes a while: of the plan timeout, path and family are looked at.
 * Ends early at one of loop_signals_stop(), with *stopped set and what was found so far.
 * False with out->refusal set if the host cannot be asked. */
KEDGE_MUST_CHECK bool mtu_find(const struct kedge_endpoint *e,
                               const struct probe_plan *plan, struct mtu_result *out,
                               bool *stopped);

#endif
