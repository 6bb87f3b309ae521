/* SPDX-License-Identifier: MIT */
/* Why a request cannot be read: for the reply and the record. */
#ifndef TFTP_REQUEST_H
#define TFTP_REQUEST_H

#include "kedge/base.h"

/* The first part of a datagram that kedge_tftp_parse_request refused: a constant text. At
 * least two bytes, the opcode RRQ or WRQ. */
const char *request_malformed(struct kedge_span datagram);

#endif
