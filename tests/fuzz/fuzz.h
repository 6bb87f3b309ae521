/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share. A target is one function over arbitrary bytes, which ends
 * the process where something that must hold does not. It keeps nothing between calls. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>

/* libFuzzer calls it, and so does replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(truth) ((truth) ? (void)0 : must_have(#truth, __FILE__, __LINE__))

static inline _Noreturn void must_have(const char *truth, const char *file, int line)
{
    fprintf(stderr, "%s:%d: must hold: %s\n", file, line, truth);
    abort();
}

/* Up to n bytes, fewer at the end. A script read to its end reads zeros from then on. */
static inline struct kedge_span take_some(struct reader *r, size_t n)
{
    return take(r, n < r->left.len ? n : r->left.len);
}

/* One of the first `count` of a table. */
#define PICK(r, table) ((table)[take_u8(r) % (sizeof(table) / sizeof *(table))])

#endif
