/* SPDX-License-Identifier: MIT */
/* The three descriptors that a program is started with. */
#ifndef CMD_STANDARD_STREAMS_H
#define CMD_STANDARD_STREAMS_H

#include "cmd/exit_code.h"

/* Before anything is opened. Those that are closed are taken, so that no socket or file
 * gets their numbers and then what was meant for them; to read or write them fails. */
void standard_hold(void);

/* At the end: what was printed is written, or it is said that it could not be, unless
 * who read it has gone away. code; where that was EXIT_OK: EXIT_DISK_FULL, or EXIT_LOCAL_FILE. */
enum exit_code standard_end(enum exit_code code);

#endif
