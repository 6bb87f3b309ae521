/* SPDX-License-Identifier: MIT */
/* A play on real sockets: each side is a UDP socket, opened when it first sends. The owner
 * waits for all of its plays at once, and hands over what is ready. */
#ifndef CHECK_LIVE_H
#define CHECK_LIVE_H

#include "check/pcap.h"
#include "check/play.h"

#include <poll.h>

enum { CHECK_DATAGRAM_MAX = 65536, CHECK_TURN = 128 };

struct check_live {
    struct check_play *play; /* NULL: free */
    struct check_side *sides;
    int *fds; /* by side; -1: not open */
    uint32_t count;
    struct net_address source; /* this host's, towards the peer; port 0 */
    struct check_pcap *pcap;   /* or NULL */
    uint8_t *buffer;           /* of CHECK_DATAGRAM_MAX bytes, shared */
};

/* Memory for the sides; the play's row and io.file are set, io.send is set here. 0 or
 * -ENOMEM. It is not started. */
KEDGE_MUST_CHECK int check_live_open(struct check_live *l, struct check_play *play);
void check_live_close(struct check_live *l);

/* The socket of a side, opened if it is not yet, bound to `port` (0: any). -errno. */
KEDGE_MUST_CHECK int check_live_socket(struct check_live *l, uint32_t side,
                                       uint16_t port);

/* Where a descriptor of a poll belongs. */
struct check_polled {
    struct check_live *live;
    uint32_t side;
};

/* Its descriptors, of sides that are open, into `out` and `whose` (of `room`); returns how
 * many. */
uint32_t check_live_poll(struct check_live *l, struct pollfd *out,
                         struct check_polled *whose, uint32_t room);

/* poll() said something of one of them: read what is there, at most CHECK_TURN datagrams. */
void check_live_ready(const struct check_polled *p, short revents, kedge_nanos now);

#endif
