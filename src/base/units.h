/* SPDX-License-Identifier: MIT */
/* Times and sizes as people write them on a command line and in a file. Pure; the text is
 * any bytes. On false *out is as it was: not a number, an unknown unit, more than three
 * digits after the point, a part that the unit cannot hold, or too large. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include "kedge/base.h"

/* `10ms`, `2s`, `1.5s`, `250us`, `40ns`, `2m`, `1h`; a bare number is seconds. */
KEDGE_MUST_CHECK bool units_time(struct kedge_span text, kedge_nanos *out);

/* `512`, `4K`, `1.5M`, `2G`, with K = 1024; `KiB`, `MiB`, `GiB` and lower case are the
 * same. */
KEDGE_MUST_CHECK bool units_size(struct kedge_span text, uint64_t *out);

/* `0644`, `644`: octal digits, at most `max`. */
KEDGE_MUST_CHECK bool units_octal(struct kedge_span text, uint64_t max, uint64_t *out);

#endif
