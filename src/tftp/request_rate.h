/* SPDX-License-Identifier: MIT */
/* How fast files leave from the request port, of a server with a single port or to clients that
 * auto_port has moved there. That port is no secret: whoever forges a request and its ACKs
 * could turn the server on others. All sessions together get limits.request_rate bytes a
 * second, headers included, and a window beyond it; what left first is paid for before more
 * may leave. Those of attached networks, as far as their owner has said so, are not held. */
#ifndef TFTP_REQUEST_RATE_H
#define TFTP_REQUEST_RATE_H

#include "tftp/sessions.h"

/* When the session's next blocks may leave; 0 if no bound is on it. */
KEDGE_MUST_CHECK kedge_nanos request_rate_opens(const struct tftp_sessions *t,
                                                const struct tftp_session *s);

#endif
