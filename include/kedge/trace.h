/* A program's own calls on its sockets, each told with the TCP state it led to: what the
 * kernel says of the socket (TCP_INFO) and, once it is closed, of what is left of it
 * (sock_diag). The program says what it called; no privilege is needed and nothing is
 * sent. A trace of NULL is off. One thread uses a trace at a time. */
#ifndef KEDGE_TRACE_H
#define KEDGE_TRACE_H

#include "kedge/tcp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Followed at once, closed ones that linger among them. */
#define KEDGE_TRACE_SOCKETS 1024

struct kedge_trace;

/* saw is called with each call that is traced. NULL where saw is NULL or memory is short;
 * kedge_trace_free ends it. */
KEDGE_API struct kedge_trace *
kedge_trace_open(void (*saw)(void *owner, const struct kedge_call *call), void *owner);
KEDGE_API void kedge_trace_free(struct kedge_trace *t);

/* fd was just called by this name (which stays: a literal), and this came of it: -errno
 * below 0. "socket" and "accept" begin a socket, which is then fd. errno is kept. */
KEDGE_API void kedge_trace_call(struct kedge_trace *t, int fd, const char *name,
                                int64_t result);

/* Close fd, and look at what is left of it in the kernel. */
KEDGE_API void kedge_trace_close(struct kedge_trace *t, int fd);

/* Wait until closed sockets have come to TIME-WAIT or are gone, at most so long; each
 * change is told. */
KEDGE_API void kedge_trace_settle(struct kedge_trace *t, kedge_nanos patience);

#ifdef __cplusplus
}
#endif

#endif
