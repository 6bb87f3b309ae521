/* What a probe carries: the stamp, where it fits, then bytes that are known beforehand,
 * so that a reply can be checked to the byte. Pure. */
#ifndef ASK_PROBE_PAYLOAD_H
#define ASK_PROBE_PAYLOAD_H

#include "proto/echo/stamp.h"

#define PAYLOAD_MAX 65507

/* Append `size` bytes. Shorter than a stamp they depend on the run alone, as nothing in
 * them could say which probe they are. */
void payload_put(struct writer *w, const struct stamp *s, size_t size);

/* True if `got` is what was sent as probe s, but for the mark of a kedge server. */
bool payload_intact(struct kedge_span got, const struct stamp *s, size_t size);

#endif
