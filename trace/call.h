/* SPDX-License-Identifier: MIT */
/* One call on a socket, as data without a pointer: it lies in memory that the processes of
 * a trace share. It knows nothing of how a call is seen, nor of how it is shown. */
#ifndef TRACE_CALL_H
#define TRACE_CALL_H

#include "kedge/tcp.h"

#define TRACE_NAME 40   /* bytes of a call's name, with its NUL */
#define TRACE_WORDS 240 /* bytes of what is said of it, with its NUL */

/* What a socket is. Only TCP has states here. */
enum trace_kind { TRACE_OTHER, TRACE_TCP, TRACE_UDP, TRACE_UNIX, TRACE_NETLINK };

struct trace_call {
    struct kedge_call tcp; /* its name and peer are not used */
    int32_t process;       /* its number; 0: COMMAND itself */
    enum trace_kind kind;
    bool packet;             /* words begin with what it is: its kind is not said */
    char name[TRACE_NAME];   /* "connect"; "" where only the state changed */
    char words[TRACE_WORDS]; /* "with 127.0.0.1:7007"; printable; "" is nothing */
};

#endif
