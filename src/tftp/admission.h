/* SPDX-License-Identifier: MIT */
/* Who is let in where there is no room: the budget of transfers whose peer is not yet
 * validated, who waits for it, and who gives way. It starts and ends no transfer. */
#ifndef TFTP_ADMISSION_H
#define TFTP_ADMISSION_H

#include "tftp/sessions.h"

/* The budget of unvalidated transfers of the peer's network. What is given back goes to whom
 * of that network has waited longest. */
bool budget_left(const struct tftp_sessions *t, const struct tftp_peer *peer);
void budget_charge(struct tftp_sessions *t, struct tftp_session *s);
void budget_refund(struct tftp_sessions *t, struct tftp_session *s);

/* The session takes a place of its network's share. Half of all places are never one
 * network's (or 64, where that is more). False: no place is free, or none of that share. */
bool admission_has_place(const struct tftp_sessions *t, const struct tftp_peer *peer);
void admission_take_place(struct tftp_sessions *t, const struct tftp_session *s);

/* Whether its network may send one more file. */
bool admission_may_upload(const struct tftp_sessions *t, const struct tftp_peer *peer);

/* Whether a request over the budget may wait; let it; and let it wait on, asked again. */
bool admission_may_wait(const struct tftp_sessions *t, const struct tftp_peer *peer);
void admission_wait(struct tftp_sessions *t, struct tftp_session *s, kedge_nanos now);
void admission_wait_on(struct tftp_sessions *t, struct tftp_session *s, kedge_nanos now);

/* Give back the place, and the budget or the turn among those who wait. */
void admission_leave(struct tftp_sessions *t, struct tftp_session *s);

/* Where admission_has_place() says no: the session that gives way to a new one of this peer,
 * or NULL. It may be one that waits. At most 48 sessions are looked at. */
struct tftp_session *admission_gives_way(struct tftp_sessions *t,
                                         const struct tftp_peer *peer, kedge_nanos now);

#endif
