/* SPDX-License-Identifier: MIT */
/* Datagrams of one size on a connected socket, in one call. */
#ifndef BENCH_TRAIN_H
#define BENCH_TRAIN_H

#include <stddef.h>
#include <stdint.h>

/* Send len bytes as datagrams of `segment` bytes each, the last one maybe shorter; what
 * the kernel refuses ends the program. */
void send_train(int fd, char *bytes, size_t len, uint16_t segment);

#endif
