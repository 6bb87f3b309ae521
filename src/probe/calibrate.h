/* SPDX-License-Identifier: MIT */
/* What this host itself can tell, measured before a run: the step of its clock, how late
 * its timers are, and what a round trip to itself takes, over loopback and by the calls
 * that a probe makes. What is shorter than that it cannot see. Takes some 10 ms. */
#ifndef PROBE_CALIBRATE_H
#define PROBE_CALIBRATE_H

#include "kedge/base.h"

struct calibration {
    bool known;                 /* false: a run of an older program, read again */
    kedge_nanos step;           /* the least that two readings of the clock part by */
    kedge_nanos late, late_max; /* of timers: the median, and the worst */
    kedge_nanos floor;          /* a round trip to itself, the median; 0: not known */
};

struct calibration calibrate(void);

#endif
