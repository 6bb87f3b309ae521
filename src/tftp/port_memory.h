/* SPDX-License-Identifier: MIT */
/* Which clients are answered from the request port, since nothing of theirs came back to a
 * data port: a NAT or a firewall stands between. It starts and ends no transfer. Where
 * limits.auto_port is not set it knows nothing, and each answer leaves from a data port.
 *
 * What is kept is bounded, a mark for an hour at most. A mark that is wrong costs nothing but
 * the strength of a port that nobody can guess (port_choice.h). */
#ifndef TFTP_PORT_MEMORY_H
#define TFTP_PORT_MEMORY_H

#include "tftp/sessions.h"

/* Whether the first answer to this new session's request leaves from the request port. The
 * request may be what tells that the last one was answered in vain. */
KEDGE_MUST_CHECK bool port_memory_prefers(struct tftp_sessions *t,
                                          const struct tftp_session *s, kedge_nanos now);

/* The session's request is answered first; and that its peer is silent there says nothing from
 * now on: a data port has heard it, or the answer never left this host. */
void port_memory_answered(struct tftp_sessions *t, const struct tftp_session *s,
                          kedge_nanos now);
void port_memory_settled(struct tftp_sessions *t, const struct tftp_session *s);

/* Its peer asks again, and the data port that answered has heard nothing. */
void port_memory_silent(struct tftp_sessions *t, const struct tftp_session *s,
                        kedge_nanos now);

/* The session may have ended, so its outcome is: what that says of its peer and of the peer's
 * network. */
void port_memory_ended(struct tftp_sessions *t, struct tftp_session *s,
                       enum kedge_tftp_outcome outcome);

#endif
