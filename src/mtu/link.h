/* SPDX-License-Identifier: MIT */
/* A host that is asked one question after another: does a payload of this size come
 * through? */
#ifndef MTU_LINK_H
#define MTU_LINK_H

#include "mtu/mtu.h"
#include "probe/target.h"

enum mtu_answer {
    ANSWER_NONE, /* none in time */
    ANSWER_YES,
    ANSWER_OTHER,  /* by a kedge server, and not of the size that was wanted */
    ANSWER_LOCAL,  /* this host's own link does not take it */
    ANSWER_TOLD,   /* a router said so; see told and by */
    ANSWER_REFUSED /* nobody is there; see code */
};

struct mtu_link {
    struct probe_plan plan;
    struct probe_target target; /* its endpoint, address and watch */
    struct icmp_socket icmp;
    struct loop loop;
    struct loop_signals signals;
    bool is_icmp, stopped;
    uint16_t run;
    uint64_t cookie;   /* of a kedge server; 0: none */
    bool sized;        /* and it answers in the size that is wanted */
    uint64_t sequence; /* of the next */
    uint64_t first;    /* of the present question */
    uint16_t wanted;
    kedge_nanos sent, rtt; /* the longest round trip so far */
    enum mtu_answer answer;
    uint32_t told;
    int code;
    struct net_address by;
    uint8_t bytes[2 * PROBE_SCRATCH];
};

KEDGE_MUST_CHECK bool mtu_link_open(struct mtu_link *l, const struct kedge_endpoint *e,
                                    const struct probe_plan *plan,
                                    struct probe_refusal *why);
void mtu_link_close(struct mtu_link *l);

/* Send `size` bytes and wait, several times if need be. wanted: the size of the answer of a
 * kedge server; 0: any. */
enum mtu_answer mtu_link_ask(struct mtu_link *l, uint32_t size, uint16_t wanted);

#endif
