/* What sessions.c, admit.c and route.c share. */
#ifndef PROTO_TFTP_TABLE_H
#define PROTO_TFTP_TABLE_H

#include "proto/tftp/sessions.h"

uint64_t hash_bytes(uint64_t key, struct kedge_span bytes);
uint64_t hash_peer(const struct tftp_sessions *t, uint32_t listener,
                   const struct tftp_peer *peer);

/* A free session, linked under its peer. NULL if there is none. */
struct tftp_session *table_add(struct tftp_sessions *t, uint32_t listener,
                               const struct tftp_peer *peer);
void table_unlink(struct tftp_sessions *t, struct tftp_session *s);

/* What is remembered of the peer's last transfer, or NULL. */
const struct tftp_ended *table_ended(const struct tftp_sessions *t, uint32_t listener,
                                     const struct tftp_peer *peer);

/* True if a peer without a transfer is to be told so, and then not again for a while. False
 * too while its place in the memory is taken by another that ended lately. */
bool table_tell(struct tftp_sessions *t, const struct tftp_arrival *in, kedge_nanos now);

/* Charge one more unproved transfer to the peer's network. False if its budget is spent. */
bool budget_charge(struct tftp_sessions *t, struct tftp_session *s);
bool budget_left(const struct tftp_sessions *t, const struct tftp_peer *peer);
void budget_refund(struct tftp_sessions *t, struct tftp_session *s);

/* The peer has answered from its own address. */
bool session_proved(const struct tftp_session *s);

void drop(struct tftp_sessions *t, struct tftp_event *out, enum tftp_drop why);

#endif
