/* SPDX-License-Identifier: MIT */
/* What a sender may choose of its packets' path and IP header: TTL, DSCP, DF, source
 * address and interface. It opens no socket. */
#ifndef NET_PATH_H
#define NET_PATH_H

#include "net/address.h"

#define NET_INTERFACE_NAME 16 /* with the NUL */

struct net_path {
    bool has_dscp;
    uint8_t dscp;              /* 0 to 63 */
    uint8_t ttl;               /* TTL or hop limit; 0: the system's */
    bool whole;                /* DF: no fragments, whatever was learned of the path */
    struct net_address source; /* where to leave from; len 0: the kernel chooses */
    char interface[NET_INTERFACE_NAME]; /* empty: by the routes */
};

/* True if it asks for nothing. */
bool net_path_is_plain(const struct net_path *p);

/* Set it on a fresh IP socket, which is bound to the source, if there is one. `stream`: a
 * TCP socket, which finds the path's MTU by itself. 0; or -errno and *what is the choice
 * that failed: "the source 192.0.2.1". */
#define NET_PATH_WHAT (NET_ADDRESS_TEXT + 16)
KEDGE_MUST_CHECK int net_path_apply(const struct net_path *p, int fd, bool stream,
                                    char what[NET_PATH_WHAT]);

/* What packets of this IP socket carry now; -1 where it is not known. */
int net_path_ttl(int fd);
int net_path_tos(int fd);

#endif
