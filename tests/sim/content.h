/* SPDX-License-Identifier: MIT */
/* What files hold, without holding it: a file is a number, and its bytes follow from it. */
#ifndef TESTS_SIM_CONTENT_H
#define TESTS_SIM_CONTENT_H

#include "kedge/base.h"

void block_reader_fill(uint64_t file, uint64_t offset, uint8_t *out, size_t len);
bool content_is(uint64_t file, uint64_t offset, struct kedge_span bytes);

#endif
