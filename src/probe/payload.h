/* SPDX-License-Identifier: MIT */
/* The payload of a probe: the stamp, where it fits, the extension, where it asks, then
 * bytes that are known beforehand, so that a reply is checked to the byte. Pure. */
#ifndef PROBE_PAYLOAD_H
#define PROBE_PAYLOAD_H

#include "echo/probe_extension.h"
#include "file/key.h"

#define PAYLOAD_MAX 65507

struct payload {
    struct stamp stamp; /* with STAMP_ASKS an extension follows: size >= EXTENDED_SIZE */
    uint64_t cookie;    /* of the extension */
    size_t size;
    uint16_t wanted; /* of the extension: the size of the answer; 0: as long */
    const struct store_key *key; /* for the MAC: size >= AUTHENTICATED_SIZE; NULL: none */
};

/* Append it. Shorter than a stamp it depends on the run alone, as nothing in it could say
 * which probe it is. */
void payload_put(struct writer *w, const struct payload *p);

/* Whether it is the answer of a kedge server that shares the key. */
KEDGE_MUST_CHECK bool payload_validated(struct kedge_span got,
                                        const struct store_key *key);

/* How a reply differs from its probe. */
struct payload_fault {
    size_t bytes;       /* that have another value ... */
    size_t first, last; /* ... and between which */
    size_t size;        /* of the reply */
};

/* True if `got` is what was sent, but for what a kedge server writes over it. Else *out
 * says where they differ. */
KEDGE_MUST_CHECK bool payload_intact(struct kedge_span got, const struct payload *p,
                                     struct payload_fault *out);

#endif
