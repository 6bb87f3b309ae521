/* SPDX-License-Identifier: MIT */
/* What a service did, in numbers that any thread may read while its own one goes on: they are
 * counted where a request comes in and where a transfer ends, never by datagram. It knows no
 * other service: the reader adds up the counters of several. */
#ifndef SERVE_TFTP_COUNTERS_H
#define SERVE_TFTP_COUNTERS_H

#include "tftp/sessions.h"
#include "tftp/verdict.h"

#include <stdatomic.h>

enum { TFTP_GETS, TFTP_PUTS, TFTP_DIRECTIONS };
enum {
    TFTP_OUTCOMES = KEDGE_TFTP_FAILED + 1, /* by enum kedge_tftp_outcome */
    TFTP_FAULTS = FAULT_STORAGE + 1,       /* by enum verdict_fault */
    TFTP_DROPS_BY_KERNEL = TFTP_DROPS,     /* what our own sockets had no room for, ... */
    TFTP_DROP_KINDS,                       /* ... and by enum tftp_drop */
};

/* Each kind begins at its place, and has one for each of its values. */
enum tftp_count {
    TFTP_REQUESTS, /* each once, however often it was repeated; unreadable ones too */
    TFTP_ACTIVE,   /* transfers without an outcome yet: goes down too */
    TFTP_RESENT,   /* blocks, and ACKs of uploads */
    TFTP_DUPLICATES,
    TFTP_BYTES,                                    /* by direction */
    TFTP_ENDS = TFTP_BYTES + TFTP_DIRECTIONS,      /* by direction and outcome */
    TFTP_REFUSALS = TFTP_ENDS + 2 * TFTP_OUTCOMES, /* by fault */
    TFTP_VERDICTS = TFTP_REFUSALS + TFTP_FAULTS,   /* by enum verdict */
    /* Datagrams that have no record, by kind. */
    TFTP_SILENT_DROPS = TFTP_VERDICTS + VERDICTS,
    TFTP_COUNTS = TFTP_SILENT_DROPS + TFTP_DROP_KINDS,
};

/* Written by the service's thread only. Zero is the start. */
struct tftp_counters {
    _Atomic uint64_t at[TFTP_COUNTS];
};

/* Zero is the start here too. */
struct tftp_counts {
    uint64_t at[TFTP_COUNTS];
};

void tftp_counters_add(struct tftp_counters *c, unsigned which, uint64_t more);
void tftp_counters_set(struct tftp_counters *c, unsigned which, uint64_t value);

/* From any thread: add what they are now. */
void tftp_counters_sum(const struct tftp_counters *c, struct tftp_counts *sum);

/* The place of transfers that ended so. */
unsigned tftp_counters_end(unsigned direction, enum kedge_tftp_outcome outcome);

/* The one rule of what has failed. An OK one, or one that lacks its last ACK only, is done; a
 * question for a size is neither, and every other end is a failure, a refusal too. */
KEDGE_MUST_CHECK bool tftp_outcome_done(enum kedge_tftp_outcome outcome);
KEDGE_MUST_CHECK bool tftp_outcome_failed(enum kedge_tftp_outcome outcome);

/* By that rule, of both directions. A request that cannot be read has no direction, and has
 * failed. */
uint64_t tftp_counts_done(const struct tftp_counts *c);
uint64_t tftp_counts_failed(const struct tftp_counts *c);

/* What a refusal is of, as a word that stays: "file-not-found". */
const char *tftp_fault_word(enum verdict_fault fault);

/* Likewise of what was dropped in silence: "over-budget". Below TFTP_DROP_KINDS. */
const char *tftp_drop_word(unsigned kind);

#endif
