/* SPDX-License-Identifier: MIT */
/* What KEDGE_ASSERT calls, and memchr for the analysis: it may find its byte anywhere, or
 * nowhere, and reads all that it is given. (That of Frama-C keeps what it learnt of each
 * byte it passed; there are too many such cases.) */
#include <string.h>

#ifndef ASSUME_KEDGE_ASSERT
/* (Frama-C passes over a contract that requires \false.) */
void proof_trap(void)
{
    volatile int reached = 1;

    //@ assert never_reached: reached == 0;
    while (reached)
        ;
}
#endif

void *memchr(const void *in, int byte, size_t len)
{
    const unsigned char *p = in;
    volatile unsigned char seen;
    volatile int here = 0; /* or anything: it is volatile */

    for (size_t i = 0; i < len; i++) {
        seen = p[i];
        if (here)
            return (void *)(p + i);
    }
    return 0;
}
