/* SPDX-License-Identifier: MIT */
/* The stamp that rides in the first 24 bytes of a probe: which run it belongs to, which
 * probe of it this is, and when it left. A peer that echoes returns it as it is. Payloads
 * shorter than the stamp go without. Pure: bytes in, values out. */
#ifndef ECHO_STAMP_H
#define ECHO_STAMP_H

#include "base/bytes.h"

#define STAMP_SIZE 24
#define STAMP_MAGIC 0x6b656467 /* "kedg" */
#define STAMP_VERSION 1

enum stamp_flag {
    STAMP_REPLY = 1, /* a reply by a kedge server */
    STAMP_ASKS = 2   /* the sender asks for the server's stamps */
};

struct stamp {
    uint8_t flags;     /* enum stamp_flag; unknown bits are kept, and of no meaning */
    uint16_t run;      /* tells one run from the next */
    uint64_t sequence; /* from 0 */
    uint64_t sent_ns;  /* on the sender's clock: of meaning to the sender alone */
};

/* Append the 24 bytes; bad if they do not fit. */
void stamp_put(struct writer *w, const struct stamp *s);

/* Read the stamp in front of a payload. False if it is short, of another magic or of
 * another version, and then *out is as it was. */
KEDGE_MUST_CHECK bool stamp_parse(struct kedge_span payload, struct stamp *out);

#endif
