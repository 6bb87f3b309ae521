/* SPDX-License-Identifier: MIT */
/* All that the protocol core of kedge needs of a C library. */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memset(void *to, int byte, size_t len);
void *memchr(const void *in, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

#endif
