/* What listening and dialling share. */
#ifndef NET_SOCKETS_H
#define NET_SOCKETS_H

#include "kedge/endpoint.h"

/* A new socket of the kind that e names, for addresses of this family; close-on-exec,
 * blocking. The descriptor or -errno. */
KEDGE_MUST_CHECK int endpoint_socket(const struct kedge_endpoint *e, int family);

/* True where e is one socket that can be dialled or listened on; else *error says why. */
KEDGE_MUST_CHECK bool endpoint_is_one_socket(const struct kedge_endpoint *e,
                                             struct kedge_error *error);

#endif
