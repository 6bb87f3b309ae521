/* SPDX-License-Identifier: MIT */
/* The transfers that a service has open, copied for who shows them. It does not choose what is
 * worth showing, nor how. */
#ifndef SERVE_TFTP_LIVE_H
#define SERVE_TFTP_LIVE_H

#include "serve/tftp/service.h"

enum { TFTP_LIVE_NAME = 128 }; /* bytes of a name that are copied */

struct tftp_live {
    struct net_address peer;
    uint32_t ifindex; /* where its request came in; 0: not known */
    bool writes;      /* an upload */
    uint64_t bytes;   /* acknowledged, or received */
    uint64_t size;    /* of the file; UINT64_MAX: not known */
    uint32_t blksize, windowsize;
    uint64_t resent, duplicates;
    kedge_nanos age;
    kedge_nanos quiet; /* since the peer's last packet that counted */
    size_t name_len;
    uint8_t name[TFTP_LIVE_NAME]; /* as it was asked for, any bytes; cut without a sign */
};

/* On the service's thread: copy so many of them at most; how many were. */
size_t tftp_live_copy(const struct tftp_service *s, struct tftp_live *rows, size_t room);

#endif
