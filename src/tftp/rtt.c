/* SPDX-License-Identifier: MIT */
/* Round trips and the retransmission timeout (RFC 6298, with a floor for slow turns). */
#include "tftp/rtt.h"

#include "base/number.h"

static const kedge_nanos slack_min = 50 * KEDGE_MSEC;
static const kedge_nanos slack_known = 20 * KEDGE_MSEC;
static const kedge_nanos rto_max = 6 * KEDGE_SEC; /* atftp waits for 5 s of silence */

enum {
    DOUBLED_MAX = 16,
    LATE_MAX = 2,
    SAMPLES_KNOWN = 32, /* so many tell what the variation is: then it needs less slack */
};

void kedge_tftp_rtt_init(struct kedge_tftp_rtt *r, kedge_nanos timeout,
                         kedge_nanos own_delay)
{
    *r = (struct kedge_tftp_rtt){ .smallest = KEDGE_NEVER, .own_delay = own_delay };
    r->most = timeout ? timeout : rto_max;
    r->first = min_u64(KEDGE_SEC, r->most);
}

void kedge_tftp_rtt_sample(struct kedge_tftp_rtt *r, kedge_nanos rtt)
{
    kedge_nanos off = rtt > r->smoothed ? rtt - r->smoothed : r->smoothed - rtt;

    /* Was the first ACK lost, the first sample is the peer's own timeout. All that follows
     * would learn slowly from it, and where much is lost there is little to learn from. */
    bool wrong = r->smoothed == r->smallest && rtt < r->smallest;

    rtt = min_u64(rtt, 3600 * KEDGE_SEC); /* so that no sum below can wrap */
    if (r->smallest == KEDGE_NEVER || wrong) {
        r->smoothed = rtt;
        r->variation = rtt / 2;
    } else {
        r->variation =
            r->variation - r->variation / 4 + min_u64(off, 3600 * KEDGE_SEC) / 4;
        r->smoothed = r->smoothed - r->smoothed / 8 + rtt / 8;
    }
    r->smallest = min_u64(r->smallest, rtt);
    r->samples++;
    r->doubled = 0;
}

static bool is_well_known(const struct kedge_tftp_rtt *r)
{
    return r->samples >= SAMPLES_KNOWN;
}

void rtt_was_late(struct kedge_tftp_rtt *r)
{
    r->late += r->late < LATE_MAX;
}

kedge_nanos rtt_saved(const struct kedge_tftp_rtt *r)
{
    return is_well_known(r) ? slack_min - slack_known : 0;
}

/* Beyond a round trip, at least. */
static kedge_nanos slack_of(const struct kedge_tftp_rtt *r)
{
    return max_u64(is_well_known(r) ? slack_known : slack_min,
                   slack_known << min_u64(r->late, LATE_MAX));
}

kedge_nanos kedge_tftp_rto(const struct kedge_tftp_rtt *r)
{
    kedge_nanos slack = max_u64(max_u64(4 * r->variation, slack_of(r)), 2 * r->own_delay);
    kedge_nanos rto = r->smallest == KEDGE_NEVER ? r->first : r->smoothed + slack;
    unsigned doubled = (unsigned)min_u64(r->doubled, DOUBLED_MAX);

    rto = min_u64(rto, r->most);
    return min_u64(rto << doubled, r->most); /* most is at most 255 s: no bit is lost */
}
