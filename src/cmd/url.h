/* SPDX-License-Identifier: MIT */
/* Endpoints as the command line has them. */
#ifndef CMD_URL_H
#define CMD_URL_H

#include "kedge/endpoint.h"

/* kedge_endpoint_parse(); but a tftp:// URL that names no port has the one that KEDGE_DEFAULT_PORT in the
 * environment says, if it is there. A container has its port so, without a shell in it. */
KEDGE_MUST_CHECK bool url_parse(const char *text, struct kedge_endpoint *out,
                                struct kedge_error *error);

#endif
