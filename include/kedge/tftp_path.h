/* SPDX-License-Identifier: MIT */
/* What a TFTP machine measures of the path to its peer: part of kedge/tftp.h, which includes
 * it. Round trips and the wait before something is sent again; when which blocks left; how
 * fast the slowest link is. */
#ifndef KEDGE_TFTP_PATH_H
#define KEDGE_TFTP_PATH_H

#include "kedge/base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kedge_tftp_rtt {
    kedge_nanos smoothed; /* 0 until the first sample */
    kedge_nanos variation;
    kedge_nanos smallest; /* KEDGE_NEVER until the first sample */
    kedge_nanos first;    /* the RTO before any sample */
    kedge_nanos most;     /* the RTO's upper bound */
    kedge_nanos own_delay;
    unsigned doubled; /* expiries since the last sample */
    uint32_t samples;
    /* Blocks whose answer came just after the RTO, 2 at most: each makes it longer. */
    unsigned late;
};
KEDGE_API void kedge_tftp_rtt_init(struct kedge_tftp_rtt *r, kedge_nanos timeout,
                                   kedge_nanos own_delay);
KEDGE_API void kedge_tftp_rtt_sample(struct kedge_tftp_rtt *r, kedge_nanos rtt);
KEDGE_API kedge_nanos kedge_tftp_rto(const struct kedge_tftp_rtt *r);

/* Blocks that left together, or evenly spaced. */
struct kedge_tftp_burst {
    uint64_t first;
    uint64_t end;
    kedge_nanos at;
    bool again;        /* at least one of them had left before */
    kedge_nanos until; /* when the last of them left */
};

/* How fast it is. A train is what left one after another, from a window's begin or a
 * gap's. */
struct kedge_tftp_pace {
    kedge_nanos link;   /* a block's time on the slowest part of it; 0: not known */
    kedge_nanos queued; /* what the newest block that was acknowledged waited there */
    kedge_nanos link_told[2]; /* as the last two trains told it */
    kedge_nanos queued_told[2];
    kedge_nanos train_at;
    kedge_nanos train_behind; /* so long its first block waited for the train before */
    uint64_t train_first;
    kedge_nanos too_fast; /* less between blocks, at the last such loss; 0: not known */
    uint64_t run;         /* blocks between two losses, on the average */
    /* How late the last timer rang, 100 ms at most; 0: all that was due has left. */
    kedge_nanos late;
    kedge_nanos busy;    /* the worst of late; decays, and is 0 below 2 ms */
    kedge_nanos busy_at; /* when a timer was last so late */
    bool waits;          /* for a time, and for nothing else */
    bool forgot;         /* what was measured before this host was known to be busy */
};

#ifdef __cplusplus
}
#endif

#endif
