/* SPDX-License-Identifier: MIT */
/* A target's endpoint where people read it. A run that is read may come from elsewhere, and
 * the path of a local socket may hold nearly any byte. What a program reads back is not
 * shown by this: JSON and the lines of metrics escape by their own rules. */
#ifndef RESULTS_ENDPOINT_TEXT_H
#define RESULTS_ENDPOINT_TEXT_H

#include "kedge/endpoint.h"

/* The endpoint as a URL, shown as text_printable() shows it (report/text.h); returns out. */
const char *endpoint_shown(const struct kedge_endpoint *e, char out[KEDGE_ENDPOINT_TEXT]);

#endif
