/* SPDX-License-Identifier: MIT */
/* Random bytes of the kernel. */
#ifndef OS_RANDOM_H
#define OS_RANDOM_H

#include "kedge/base.h"

/* Fill len bytes (at most 256), fit for keys: early in a machine's start this waits until
 * the kernel has gathered enough. 0; or -errno (ENOSYS: a sandbox allows no getrandom). */
KEDGE_MUST_CHECK int random_fill(void *out, size_t len);

#endif
