/* SPDX-License-Identifier: MIT */
/* Where in.tftpd's sockets come from: --address, a service manager, or inetd. It finds them,
 * and binds none. */
#ifndef CMD_IN_TFTPD_SOCKETS_H
#define CMD_IN_TFTPD_SOCKETS_H

#include "cmd/in_tftpd_args.h"

enum { IN_TFTPD_ENDPOINTS = 2 * ARG_LIST_MAX, IN_TFTPD_ENDPOINT = KEDGE_HOST_MAX + 32 };

struct in_tftpd_sockets {
    const char *endpoints[IN_TFTPD_ENDPOINTS]; /* to be bound, as URLs in `texts` */
    size_t count;
    char texts[IN_TFTPD_ENDPOINTS][IN_TFTPD_ENDPOINT];
    int fd; /* inetd's socket, moved from standard input; 0: none */
};

/* Find them into zeroed memory, which must not move then. EX_OK, or a status of <sysexits.h>
 * and a line on standard error. A service manager's sockets stay where they are. inetd's is
 * also standard output and error as a rule: those that are sockets become /dev/null. */
KEDGE_MUST_CHECK int in_tftpd_sockets_find(struct in_tftpd_sockets *s,
                                           const struct in_tftpd_args *args);

#endif
