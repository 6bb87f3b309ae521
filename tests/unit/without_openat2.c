/* SPDX-License-Identifier: MIT */
/* Runs a program in which openat2 fails, as on kernels before 5.6 (ENOSYS) or under the filter of
 * an old container (EPERM): without_openat2 ERRNO PROGRAM [ARG...] */
#include "file/refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
    if (argc < 3)
        return 64;
    if (!refuse(SYS_openat2, (unsigned)atoi(argv[1]))) {
        puts("1..0 # SKIP no system call may be refused here (seccomp)");
        return 0;
    }
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
