/* SPDX-License-Identifier: MIT */
/* The table under sessions.h: slots by peer, and the memory of what ended. It decides
 * nothing; request_port.c, data_port.c and admission.c do. */
#ifndef TFTP_TABLE_H
#define TFTP_TABLE_H

#include "tftp/sessions.h"

/* The peer's network: a /24, or a /56 of IPv6, which is what one customer is given. */
struct kedge_span network_prefix(const struct tftp_peer *peer);

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

/* The peer has answered from its own address. */
bool session_validated(const struct tftp_session *s);

/* A block of the file went through. ACK 0 alone, which follows any request, says less. */
bool session_advanced(const struct tftp_session *s);

/* One more, up to 255. */
void count_up(uint8_t *n);

/* *out says that the datagram gets no answer, and why is counted. */
void drop_datagram(struct tftp_sessions *t, struct tftp_event *out, enum tftp_drop why);

#endif
