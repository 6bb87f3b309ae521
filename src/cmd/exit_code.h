/* SPDX-License-Identifier: MIT */
/* What kedge says to the shell. get and put of one file use the cause; of several, 1 or
 * 2. The numbers are an interface: none changes its meaning. */
#ifndef CMD_EXIT_CODE_H
#define CMD_EXIT_CODE_H

#include "kedge/endpoint.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_SOME_FAILED = 1, /* some failed or were lost */
    EXIT_ALL_FAILED = 2,  /* all failed, none answered */
    EXIT_NOT_FOUND = 3,   /* the peer has no such file */
    EXIT_REFUSED = 4,     /* by the peer's policy */
    EXIT_PEER_ERROR = 5,  /* any other ERROR of the peer */
    EXIT_TIMEOUT = 6,     /* no answer, or no progress */
    EXIT_NO_LISTENER = 7, /* connection refused, ICMP says that nobody is there */
    EXIT_NO_NAME = 8,     /* the name did not resolve */
    EXIT_LOCAL_FILE = 9,  /* a file here cannot be read or written */
    EXIT_DISK_FULL = 10,  /* here */
    EXIT_WRONG_SIZE = 11, /* short, or its size differs from the announced one */
    EXIT_WRONG_CHECKSUM = 12,
    EXIT_NO_PERMISSION = 13, /* this user may not open that socket */
    EXIT_SYSTEM = 14,        /* this system cannot: no memory, no epoll, no thread */
    EXIT_USAGE = 64          /* an unknown, bad or contradictory flag or operand */
};

/* Why a socket could not be opened or dialled. */
enum exit_code exit_code_of(const struct kedge_error *error);

/* Of -errno while a program sets itself up: EXIT_SYSTEM where the system lacks something
 * (memory, descriptors, threads, a call), EXIT_NO_PERMISSION, or else `other`. */
enum exit_code exit_code_of_setup(int err, enum exit_code other);

/* Of a positive errno of a socket call. */
enum exit_code exit_code_of_errno(int code);

#endif
