/* The net room's side of kedge/trace.h: what dialling and listening tell, and how a socket
 * that is closed is looked up. */
#ifndef NET_TRACE_H
#define NET_TRACE_H

#include "kedge/endpoint.h"
#include "kedge/trace.h"

/* Off, it costs this comparison. */
static inline void trace_call(struct kedge_trace *t, int fd, const char *name,
                              int64_t result)
{
    if (t)
        kedge_trace_call(t, fd, name, result);
}

/* kedge_endpoint_dial and kedge_listen_at, each call of them told. */
KEDGE_MUST_CHECK int trace_dial(struct kedge_trace *t, const struct kedge_endpoint *e,
                                kedge_nanos timeout, struct kedge_error *error);
KEDGE_MUST_CHECK int trace_listen_at(struct kedge_trace *t,
                                     const struct kedge_endpoint *e,
                                     const struct kedge_address *at,
                                     struct kedge_error *error);

/* The state of the TCP connection between two addresses of this host's kernel: CLOSED if
 * it has none; UNKNOWN where it does not tell. */
enum kedge_tcp_state trace_look_up(const struct kedge_address *local,
                                   const struct kedge_address *remote);

#endif
