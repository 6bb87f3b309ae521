/* SPDX-License-Identifier: MIT */
/* Counters with one writer: no addition has to be atomic, only each value. */
#include "serve/tftp/counters.h"

void tftp_counters_set(struct tftp_counters *c, unsigned which, uint64_t value)
{
    atomic_store_explicit(&c->at[which], value, memory_order_relaxed);
}

void tftp_counters_add(struct tftp_counters *c, unsigned which, uint64_t more)
{
    tftp_counters_set(c, which,
                      atomic_load_explicit(&c->at[which], memory_order_relaxed) + more);
}

void tftp_counters_sum(const struct tftp_counters *c, struct tftp_counts *sum)
{
    for (unsigned i = 0; i < TFTP_COUNTS; i++)
        sum->at[i] += atomic_load_explicit(&c->at[i], memory_order_relaxed);
}

unsigned tftp_counters_end(unsigned direction, enum kedge_tftp_outcome outcome)
{
    return TFTP_ENDS + direction * (unsigned)TFTP_OUTCOMES + (unsigned)outcome;
}

bool tftp_outcome_done(enum kedge_tftp_outcome outcome)
{
    return outcome == KEDGE_TFTP_OK || outcome == KEDGE_TFTP_UNCONFIRMED;
}

bool tftp_outcome_failed(enum kedge_tftp_outcome outcome)
{
    return !tftp_outcome_done(outcome) && outcome != KEDGE_TFTP_PROBE;
}

static uint64_t ends_that(const struct tftp_counts *c,
                          bool (*wanted)(enum kedge_tftp_outcome outcome))
{
    uint64_t sum = 0;

    for (unsigned i = KEDGE_TFTP_OK; i < TFTP_OUTCOMES; i++)
        if (wanted((enum kedge_tftp_outcome)i))
            sum += c->at[tftp_counters_end(TFTP_GETS, (enum kedge_tftp_outcome)i)] +
                   c->at[tftp_counters_end(TFTP_PUTS, (enum kedge_tftp_outcome)i)];
    return sum;
}

uint64_t tftp_counts_done(const struct tftp_counts *c)
{
    return ends_that(c, tftp_outcome_done);
}

uint64_t tftp_counts_failed(const struct tftp_counts *c)
{
    return ends_that(c, tftp_outcome_failed) +
           c->at[TFTP_REFUSALS + (unsigned)FAULT_MALFORMED];
}

const char *tftp_fault_word(enum verdict_fault fault)
{
    static const char *const words[] = {
        [FAULT_NONE] = "other",           [FAULT_MALFORMED] = "malformed-request",
        [FAULT_MODE] = "unknown-mode",    [FAULT_STOPPING] = "server-stopping",
        [FAULT_POLICY] = "policy",        [FAULT_NOT_FOUND] = "file-not-found",
        [FAULT_BAD_NAME] = "bad-name",    [FAULT_DENIED] = "not-permitted",
        [FAULT_EXISTS] = "file-exists",   [FAULT_DISK_FULL] = "disk-full",
        [FAULT_TOO_LARGE] = "too-large",  [FAULT_WRONG_SIZE] = "wrong-size",
        [FAULT_CHANGED] = "file-changed", [FAULT_BUSY] = "server-busy",
        [FAULT_GONE] = "root-gone",       [FAULT_STORAGE] = "storage",
    };

    return words[fault];
}

const char *tftp_drop_word(unsigned kind)
{
    static const char *const words[] = {
        [TFTP_DROP_NOT_REQUEST] = "not-a-request",
        [TFTP_DROP_TO_BROADCAST] = "to-broadcast",
        [TFTP_DROP_MALFORMED] = "malformed",
        [TFTP_DROP_OVER_BUDGET] = "over-budget",
        [TFTP_DROP_FULL] = "no-room",
        [TFTP_DROP_UPLOADS] = "too-many-uploads",
        [TFTP_DROP_REPEATED] = "repeated",
        [TFTP_DROP_UNKNOWN] = "no-transfer",
        [TFTP_DROP_STOPPING] = "server-stopping",
        [TFTP_DROP_CUT] = "cut",
        [TFTP_DROPS_BY_KERNEL] = "socket-queue",
    };

    return words[kind];
}
