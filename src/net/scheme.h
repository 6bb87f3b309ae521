/* SPDX-License-Identifier: MIT */
/* The table of schemes, shared by the parser and the printer of endpoints. */
#ifndef NET_SCHEME_H
#define NET_SCHEME_H

#include "kedge/endpoint.h"

/* What follows the scheme. */
enum scheme_form {
    FORM_HOST,      /* HOST */
    FORM_HOST_PORT, /* HOST:PORT, or HOST where there is a default */
    FORM_TFTP,      /* HOST[:PORT][/NAME[;mode=MODE]] */
    FORM_PATH,      /* /PATH or @NAME */
    FORM_TIPC       /* TYPE:INSTANCE */
};

struct scheme {
    const char *name;
    enum kedge_service service;
    enum kedge_transport transport;
    enum scheme_form form;
    uint16_t port; /* 0: none by default */
};

/* In order; NULL past the end. */
const struct scheme *scheme_at(size_t i);

/* The scheme of an endpoint. */
const struct scheme *scheme_of(const struct kedge_endpoint *e);

#endif
