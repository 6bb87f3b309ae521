/* What sessions.c, admit.c, route.c and crowd.c share. */
#ifndef TFTP_TABLE_H
#define TFTP_TABLE_H

#include "tftp/sessions.h"

uint64_t hash_bytes(uint64_t key, struct kedge_span bytes);
uint64_t hash_peer(const struct tftp_sessions *t, uint32_t listener,
                   const struct tftp_peer *peer);

/* A free session, linked under its peer. NULL if there is none. */
bool table_has_slot(const struct tftp_sessions *t);
struct tftp_session *table_add(struct tftp_sessions *t, uint32_t listener,
                               const struct tftp_peer *peer);
void table_unlink(struct tftp_sessions *t, struct tftp_session *s);

/* Keep what a straggler of the transfer is to be told apart by; what is remembered of the
 * peer's last one, or NULL. */
void table_remember(struct tftp_sessions *t, const struct tftp_session *s,
                    kedge_nanos now);
const struct tftp_ended *table_ended(const struct tftp_sessions *t, uint32_t listener,
                                     const struct tftp_peer *peer);

/* True if a peer without a transfer is to be told so, and then not again for a while. False
 * too while its place in the memory is taken by another that ended lately. */
bool table_tell(struct tftp_sessions *t, const struct tftp_arrival *in, kedge_nanos now);

/* The budget of unproved transfers of the peer's network. What is given back goes to whom
 * of that network has waited longest. */
bool budget_left(const struct tftp_sessions *t, const struct tftp_peer *peer);
void budget_charge(struct tftp_sessions *t, struct tftp_session *s);
void budget_refund(struct tftp_sessions *t, struct tftp_session *s);

/* Whether a request over the budget may wait; let it; and let it wait on, asked again. */
bool admission_may_wait(const struct tftp_sessions *t);
void admission_wait(struct tftp_sessions *t, struct tftp_session *s, kedge_nanos now);
void admission_wait_on(struct tftp_sessions *t, struct tftp_session *s, kedge_nanos now);

/* Give back the budget, or the place among those who wait. */
void admission_leave(struct tftp_sessions *t, struct tftp_session *s);

/* Of all places taken, the transfer that gives way to a new one of this peer, or NULL. */
struct tftp_session *admission_gives_way(const struct tftp_sessions *t,
                                         const struct tftp_peer *peer, kedge_nanos now);

/* The peer has answered from its own address. */
bool session_validated(const struct tftp_session *s);

void drop(struct tftp_sessions *t, struct tftp_event *out, enum tftp_drop why);

#endif
