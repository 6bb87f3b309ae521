/* SPDX-License-Identifier: MIT */
/* Sockets that a service manager has bound and passed to this process, by LISTEN_PID,
 * LISTEN_FDS and LISTEN_FDNAMES as sd_listen_fds(3) documents them. It takes UDP sockets that
 * are bound and TCP sockets that listen. It does not know what is to be served on them. */
#ifndef NET_PASSED_H
#define NET_PASSED_H

#include "net/address.h"

enum { PASSED_MAX = 16, PASSED_NAME = 64, PASSED_WHY = 256 };

struct passed_socket {
    int fd;
    bool is_stream;         /* TCP; else UDP */
    struct net_address at;  /* as bound; its port is not 0 */
    char name[PASSED_NAME]; /* of the manager's choice, any bytes; "" if there is none */
};

struct passed_sockets {
    unsigned count;
    struct passed_socket all[PASSED_MAX];
};

/* True where the variables say that at least one was passed to this process. It looks at none,
 * and after passed_take() it is false. */
bool passed_is_any(void);

/* Take what was passed to this process: close-on-exec from now on, and the variables are
 * taken out of the environment. Before threads. True, with count 0 where nothing was passed
 * to it; the caller closes them. False where one cannot be served on, or the variables are
 * wrong: *why is one line (its bytes as the manager wrote them), the sockets stay open, and
 * *out is not to be read. */
KEDGE_MUST_CHECK bool passed_take(struct passed_sockets *out, char why[PASSED_WHY]);

/* Take one more that came in another way (from inetd), likewise. On false *out is as it was. */
KEDGE_MUST_CHECK bool passed_add(struct passed_sockets *out, int fd,
                                 char why[PASSED_WHY]);

#endif
