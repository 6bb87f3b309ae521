/* What a program's calls do to its TCP sockets, as plain data: the states of RFC 9293, and
 * one call with the state it led to. kedge/trace.h makes them, kedge/diagram.h draws them. */
#ifndef KEDGE_TCP_H
#define KEDGE_TCP_H

#include "kedge/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As the kernel numbers them. */
enum kedge_tcp_state {
    KEDGE_TCP_UNKNOWN, /* no TCP socket, or the kernel does not say */
    KEDGE_TCP_ESTABLISHED,
    KEDGE_TCP_SYN_SENT,
    KEDGE_TCP_SYN_RECEIVED,
    KEDGE_TCP_FIN_WAIT_1,
    KEDGE_TCP_FIN_WAIT_2,
    KEDGE_TCP_TIME_WAIT,
    KEDGE_TCP_CLOSED,
    KEDGE_TCP_CLOSE_WAIT,
    KEDGE_TCP_LAST_ACK,
    KEDGE_TCP_LISTEN,
    KEDGE_TCP_CLOSING,
    KEDGE_TCP_STATES
};

struct kedge_call {
    kedge_nanos at; /* since the trace began */
    int fd;
    uint32_t socket;  /* 1, 2, ...: its number in this trace; 0: one too many to follow */
    const char *name; /* "connect"; "" where nothing was called, but the state changed */
    const char *peer; /* its address, where the call told it; else NULL; not to be kept */
    int64_t result;   /* below 0: -errno */
    enum kedge_tcp_state before, after; /* between the two, others may have passed */
    bool reset;                         /* a RST came, or was sent */
    bool measured;                      /* the four below are known */
    kedge_nanos rtt, rto;
    uint32_t cwnd;   /* segments */
    uint32_t resent; /* segments, since the connection began */
};

#ifdef __cplusplus
}
#endif

#endif
