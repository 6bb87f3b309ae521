/* SPDX-License-Identifier: MIT */
/* kedge called as in.tftpd: tftp-hpa's command line, for the server of `kedge serve`. */
#ifndef CMD_IN_TFTPD_H
#define CMD_IN_TFTPD_H

#include <stdbool.h>

/* Does argv[0] name it? */
bool in_tftpd_is(const char *name);

/* All of the program. Its exit status is of <sysexits.h>, as tftp-hpa's: 64 usage, 65 a bad
 * directory, 66 something that is not there, 67 no such user, 71 the system, 73 the log
 * file, 74 input or output, 77 permission, 78 a bad map. */
int in_tftpd_run(int argc, char **argv);

#endif
