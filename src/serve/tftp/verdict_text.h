/* SPDX-License-Identifier: MIT */
/* The sentence of a verdict, with the numbers of the transfer. Which verdict it is, tftp/verdict.h
 * says: the core knows no sentences. */
#ifndef SERVE_TFTP_VERDICT_TEXT_H
#define SERVE_TFTP_VERDICT_TEXT_H

#include "base/bytes.h"
#include "tftp/verdict.h"

/* What a sentence may name. Texts are borrowed, of any bytes, and may be empty. */
struct verdict_words {
    const struct verdict_facts *facts;
    struct kedge_span reason;
    struct kedge_span granted; /* blksize=1468,windowsize=4 */
    struct kedge_span by;      /* whose address is in the ICMP message */
    uint16_t port;             /* where the answers left from last */
    uint16_t data_port;
    uint16_t request_port;
    bool auto_port; /* the request port will be tried */
};

/* Append it; the bytes of the texts as they are. Nothing for VERDICT_NONE. */
void verdict_put(struct writer *w, enum verdict v, const struct verdict_words *words);

#endif
