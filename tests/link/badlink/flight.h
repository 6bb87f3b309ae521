/* SPDX-License-Identifier: MIT */
/* The packets in flight in one direction: a heap by (due, order of arrival). */
#ifndef BADLINK_FLIGHT_H
#define BADLINK_FLIGHT_H

#include "badlink.h"

/* Keep a copy until due. False, and counted, if there is no room for it. */
bool hold(struct link *l, const uint8_t *data, size_t len, int64_t due);

/* Take the one that is due first; the caller frees it. There must be one. */
struct packet *unhold(struct link *l);

#endif
