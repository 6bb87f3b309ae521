/* SPDX-License-Identifier: MIT */
/* What listening and dialling share. */
#ifndef NET_SOCKETS_H
#define NET_SOCKETS_H

#include "kedge/endpoint.h"

/* A new socket of the kind that e names, for addresses of this family; close-on-exec,
 * blocking. The descriptor or -errno. */
KEDGE_MUST_CHECK int endpoint_socket(const struct kedge_endpoint *e, int family);

/* What more may be said of a socket that listens by IP. */
struct listen_how {
    const char *interface; /* by this one alone; NULL: by any */
    bool free_bind;        /* also at an address that this host does not have yet */
};

/* As kedge_listen_at(). */
KEDGE_MUST_CHECK int endpoint_listen_at(const struct kedge_endpoint *e,
                                        const struct kedge_address *at,
                                        struct listen_how how, struct kedge_error *error);

/* True where e is one socket that can be dialled or listened on; else *error says why. */
KEDGE_MUST_CHECK bool endpoint_is_one_socket(const struct kedge_endpoint *e,
                                             struct kedge_error *error);

/* "ENDPOINT: cannot WHAT ADDRESS: the system's word for code", as in "connect to". */
void endpoint_problem(struct kedge_error *error, int code, const struct kedge_endpoint *e,
                      const char *what, const struct kedge_address *at);

#endif
