/* SPDX-License-Identifier: MIT */
/* What every public header of kedge stands on: time, borrowed bytes, and the marks
 * that the compiler checks. It holds no function and needs no library, so that the
 * protocol core builds freestanding. */
#ifndef KEDGE_BASE_H
#define KEDGE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exported by the shared library. All else is hidden. */
#define KEDGE_API __attribute__((visibility("default")))

/* The result says whether it worked: not looking at it is a fault. */
#define KEDGE_MUST_CHECK __attribute__((warn_unused_result))

/* A fault of the caller or of kedge itself, never of a peer: a trap, in every build. */
#define KEDGE_ASSERT(truth) ((truth) ? (void)0 : __builtin_trap())

/* Nanoseconds on a clock that never goes back; its zero is anywhere. As a deadline,
 * KEDGE_NEVER is later than all others. */
typedef uint64_t kedge_nanos;
#define KEDGE_NEVER UINT64_MAX

#define KEDGE_USEC ((kedge_nanos)1000)
#define KEDGE_MSEC (1000 * KEDGE_USEC)
#define KEDGE_SEC (1000 * KEDGE_MSEC)

/* Borrowed bytes: valid as long as their owner says, never freed here. ptr may be NULL
 * when len is 0. */
struct kedge_span {
    const uint8_t *ptr;
    size_t len;
};

#endif
