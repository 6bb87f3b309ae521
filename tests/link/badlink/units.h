/* SPDX-License-Identifier: MIT */
/* Numbers with units: 25ms, 1%, 100mbit, 64kb. */
#ifndef BADLINK_UNITS_H
#define BADLINK_UNITS_H

#include <stdbool.h>

enum units { UNITS_NONE, UNITS_TIME, UNITS_SIZE, UNITS_RATE, UNITS_CHANCE, UNITS_COUNT };

/* In ns, bytes, bit/s, 0 to 1, or plain; "0" needs no unit. False if it is no number, of
 * another unit, negative, infinite, or a probability over 1. */
bool quantity(const char *text, enum units units, double *out);

#endif
