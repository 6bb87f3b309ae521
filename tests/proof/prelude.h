/* SPDX-License-Identifier: MIT */
/* A KEDGE_ASSERT that can fail is an alarm. With ASSUME_KEDGE_ASSERT it holds: a proof says
 * so by `Assumes: KEDGE_ASSERT`, and the README why. */
#ifndef PRELUDE_H
#define PRELUDE_H

#ifdef ASSUME_KEDGE_ASSERT
/*@ assigns \nothing; ensures \false; */
#endif
void __attribute__((noreturn)) proof_trap(void);

#define __builtin_trap proof_trap

/* Frama-C takes the mark of an exported function for one of its result, and then knows
 * nothing of a struct that is returned. */
#define visibility(which)

#include <string.h>
void *proof_memchr(const void *in, int byte, size_t len);
#define memchr proof_memchr /* else the analysis takes its own in its place: libc.c */

#endif
