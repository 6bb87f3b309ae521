/* SPDX-License-Identifier: MIT */
/* Names of files by pattern: `*` for any bytes but `/`, `**` for any at all, `?` for one
 * byte but `/`; all else stands for itself. A pattern without `/` is compared with the
 * last part of a name, one with `/` with the whole. Pure; at most GLOB_MAX steps a byte. */
#ifndef POLICY_GLOB_H
#define POLICY_GLOB_H

#include "base/bytes.h"

#define GLOB_MAX 128 /* bytes of a pattern */

/* name has single slashes and none in front. A longer pattern matches nothing. */
KEDGE_MUST_CHECK bool glob_match(struct kedge_span pattern, struct kedge_span name);

#endif
