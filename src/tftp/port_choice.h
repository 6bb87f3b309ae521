/* SPDX-License-Identifier: MIT */
/* Which data port a transfer takes. That is all which tells a client's ACKs from those of an
 * attacker who forges its address and sees no answer, so nobody may foresee it. */
#ifndef TFTP_PORT_CHOICE_H
#define TFTP_PORT_CHOICE_H

#include "tftp/sessions.h"

/* A data socket for a transfer of this peer: one of four that its address has for some
 * minutes, and not `last` where it `had` one, so that stragglers of that transfer miss the
 * new one. With a single socket, that. */
uint32_t port_choose(struct tftp_sessions *t, const struct tftp_arrival *in, bool had,
                     uint32_t last, kedge_nanos now);

#endif
