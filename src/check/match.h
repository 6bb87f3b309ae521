/* SPDX-License-Identifier: MIT */
/* What a script expects of a datagram, as a few words:
 *
 *     DATA 1            the opcode and the number
 *     ERROR 1,2         one of several numbers
 *     DATA 3 len=0      the bytes behind the header: len=N, len<=N
 *     OACK tsize=2000 blksize<=1428 windowsize !nonsense
 *                       an option with its value (=, <=, >=), one that is there, one that
 *                       is not; names without case
 *     ERROR 8 | DATA 1  either
 *     any               whatever it is
 *
 * Pure: bytes in, an answer out. */
#ifndef CHECK_MATCH_H
#define CHECK_MATCH_H

#include "kedge/base.h"

struct check_match {
    bool ok;
    size_t mark, mark_len; /* the wrong bytes, by the alternative that is nearest */
};

struct check_match check_match(const char *pattern, struct kedge_span datagram);

/* The number that the first alternative wants, or -1: for a guess at the cause. */
long check_match_number(const char *pattern);

/* Whether it can be read: asked by the tests of the rows. */
bool check_pattern_valid(const char *pattern);

#endif
