/* SPDX-License-Identifier: MIT */
/* One call on a socket, as data without a pointer: it lies in memory that the processes of
 * a trace share. It knows nothing of how a call is seen, nor of how it is shown. */
#ifndef TRACE_CALL_H
#define TRACE_CALL_H

#include "kedge/base.h"

#define TRACE_NAME 40   /* bytes of a call's name, with its NUL */
#define TRACE_WORDS 240 /* bytes of what is said of it, with its NUL */

/* The states of TCP (RFC 9293, 3.3.2), as the kernel numbers them. */
enum tcp_state {
    STATE_UNKNOWN, /* no TCP socket, or the kernel does not say */
    STATE_ESTABLISHED,
    STATE_SYN_SENT,
    STATE_SYN_RECEIVED,
    STATE_FIN_WAIT_1,
    STATE_FIN_WAIT_2,
    STATE_TIME_WAIT,
    STATE_CLOSED,
    STATE_CLOSE_WAIT,
    STATE_LAST_ACK,
    STATE_LISTEN,
    STATE_CLOSING,
    STATE_COUNT
};

/* What a socket is. Only TCP has states here. */
enum trace_kind { TRACE_OTHER, TRACE_TCP, TRACE_UDP, TRACE_UNIX, TRACE_NETLINK };

struct trace_call {
    kedge_nanos at;  /* since the first call */
    uint32_t socket; /* 1, 2, ...: its number in this trace */
    int32_t process; /* its number; 0: COMMAND itself */
    enum trace_kind kind;
    int64_t result;               /* below 0: -errno */
    enum tcp_state before, after; /* between the two, others may have passed */
    bool reset;                   /* a RST came, or was sent */
    bool measured;                /* the four below are known */
    kedge_nanos rtt, rto;
    uint32_t cwnd;           /* segments */
    uint32_t resent;         /* segments, since the connection began */
    bool packet;             /* words begin with what it is: its kind is not said */
    char name[TRACE_NAME];   /* "connect"; "" where only the state changed */
    char words[TRACE_WORDS]; /* "with 127.0.0.1:7007"; printable; "" is nothing */
};

#endif
