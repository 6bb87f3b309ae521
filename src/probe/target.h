/* SPDX-License-Identifier: MIT */
/* One target of a probe, as its kind of socket sees it. A kind (a file each) opens,
 * sends, and tells here what came back; what that means is the account's business. */
#ifndef PROBE_TARGET_H
#define PROBE_TARGET_H

#include "probe/cause.h"
#include "probe/probe.h"
#include "probe/warmup.h"
#include "os/loop.h"
#include "net/icmp.h"
#include "net/timestamps_batch.h"
#include "net/timestamps.h"

#define PROBE_BATCH 64          /* replies taken from one socket in one turn */
#define PROBE_SCRATCH (1 << 17) /* any datagram, with what stands in front of it */

#define ICMP_LEFT 4096 /* messages that left and are not told of yet */

struct probe_target;

struct probe_kind {
    bool connects; /* streams: no probe leaves before a connection is open */
    /* 0; or -1 with *why set, and nothing is left open. */
    int (*open)(struct probe_target *t, struct probe_refusal *why);
    /* Send now, or tell probe_unsent(). */
    void (*send)(struct probe_target *t, struct kedge_span payload, uint64_t sequence);
    void (*close)(struct probe_target *t);
};

extern const struct probe_kind probe_icmp_kind;
extern const struct probe_kind probe_datagram_kind;
extern const struct probe_kind probe_stream_kind;

enum stream_state { STREAM_CLOSED, STREAM_CONNECTING, STREAM_OPEN };

struct probe_stream {
    enum stream_state state;
    struct kedge_addresses addresses;
    unsigned next, tried; /* address to try; how many were in this attempt */
    kedge_nanos started;
    uint8_t *in, *out;
    size_t in_len, out_len, out_room;
    uint32_t overtook; /* of what came: stamps_overtook() ... */
    bool waited;       /* ... and it rose at the last reading */
    uint64_t lost;     /* probes, when its own address was last looked at */
    bool echoes;       /* of this connection: its first bytes were a probe's, ... */
    bool foreign;      /* ... or not */
};

/* All icmp targets of a family ask over one socket: a raw one each would have the kernel
 * copy every reply to every target, and lose most of them. */
struct icmp_hub {
    struct icmp_socket socket;
    struct loop_watch watch;
    struct probe_target *first;         /* NULL: not open */
    struct probe_cause no_kernel_times; /* CAUSE_NONE: there are times by the kernel */
    uint32_t number;                    /* of the next message that leaves */
    struct icmp_left {                  /* whose it is, and which of the target's split */
        struct probe_target *target;
        uint32_t number;
    } left[ICMP_LEFT];
};

/* Probes that were due in one turn and leave in one call: UDP's, of one target. */
struct probe_waiting {
    struct probe_target *target; /* NULL: none waits */
    uint64_t sequences[STAMPS_MANY];
    struct stamps_out out;
};

/* What the targets of one probe share. */
struct probe_shared {
    struct loop loop;
    struct own_lateness lateness;
    struct icmp_hub hubs[2];        /* IPv4, IPv6 */
    uint8_t scratch[PROBE_SCRATCH]; /* of no meaning after a call */
    kedge_nanos until;              /* from then on nothing leaves */
    bool together;                  /* what may wait waits for probe_flush */
    struct probe_waiting waiting;
    struct stamps_got got; /* of no meaning after a call */
};

/* Send what waits. */
void probe_flush(struct probe_shared *shared);

struct probe_target {
    const struct probe_plan *plan;
    const struct probe_kind *kind;
    uint32_t number; /* in the order they were added */
    struct kedge_endpoint endpoint;
    struct probe_refusal refusal;     /* CAUSE_NONE: it is probed */
    struct kedge_addresses addresses; /* udp, icmp: of its name, ... */
    unsigned at;                      /* ... the one in use, ... */
    unsigned unanswered;              /* ... and how many did not answer beforehand */
    bool choosing;                    /* nothing is told of one that does not answer */
    struct probe_stats stats;
    struct stalls stalls;
    struct peer peer;
    bool sparse;                        /* of many that leave together one is stamped */
    struct kernel_times *kernel_times;  /* NULL: no times by the kernel, and ... */
    struct probe_cause no_kernel_times; /* ... why */
    uint64_t came_ns; /* when the kernel had the reply that is being told of; 0 */
    struct warmup warmup;
    struct one_way_delay one_way;
    struct probe_marks marks;
    struct net_address reported_by; /* who said the last error; len 0: this host */
    struct probe_corruption corruption;
    struct probe_shared *shared;
    struct loop_watch watch; /* its fd is the target's socket, but for icmp */
    uint16_t run;
    uint64_t connects, failed_connects;
    kedge_nanos connect_min, connect_max;
    int code;                   /* why its last probe failed; 0: none did */
    int reported;               /* the code of the last call of plan->trouble */
    struct icmp_hub *hub;       /* icmp: where it is asked ... */
    struct net_address address; /* ... and who */
    struct probe_target *next;  /* of the hub */
    struct probe_stream *stream;
    uint64_t late_here;     /* replies that this host alone made late */
    uint64_t foreign_bytes; /* that came on connections to what is no echo */
};

/* Send a warm-up if the next hop's address has to be found, or if `always`. */
void probe_warm_up(struct probe_target *t, bool always);

/* Leave the address in use for this one of its name, or for one behind it. False with *why
 * set: none can be opened any more, and the target is closed. */
KEDGE_MUST_CHECK bool probe_use_address(struct probe_target *t, unsigned at,
                                        struct probe_refusal *why);

/* Send the next probe; intended is its time in the schedule. */
void probe_send(struct probe_target *t, kedge_nanos intended);

/* Count the next probe as one that did not leave, as this program did not run when it was
 * due. */
void probe_miss(struct probe_target *t, kedge_nanos intended);

/* As it is now; but for when the run began. */
struct probe_view probe_view_of(const struct probe_target *t);

/* A payload came back. Which probe it answers its stamp says; without one, the order. */
void probe_answered(struct probe_target *t, struct kedge_span payload);

/* The same, where the packet itself says which: ICMP. */
void probe_answered_as(struct probe_target *t, struct kedge_span payload,
                       uint16_t sequence);

/* That probe did not leave. */
void probe_unsent(struct probe_target *t, uint64_t sequence, int code);

/* What answers there is another service. */
void probe_is_no_echo(struct probe_target *t);

/* The oldest one that waits was refused. */
void probe_refused(struct probe_target *t, int code);

/* An error came from the network, or from this host's own stack. Which probe it is about
 * its quoted payload says, as far as it goes; else it is the oldest that waits. */
void probe_failed(struct probe_target *t, const struct udp_error *e,
                  struct kedge_span quoted);

/* What came with a reply, before it is told. */
void probe_came(struct probe_target *t, const struct stamps_in *in);

/* Watch fd for replies; ready is called when it has some. 0 or -errno. */
KEDGE_MUST_CHECK int probe_watch(struct probe_target *t, int fd,
                                 void (*ready)(void *target, unsigned events));

#endif
