/* SPDX-License-Identifier: MIT */
/* The port that a tftp:// URL has from the environment. */
#include "cmd/url.h"

#include "base/bytes.h"
#include "base/number.h"
#include "net/problem.h"

#include <stdlib.h>
#include <string.h>

/* Of a URL that was parsed: a colon between the host, which may have brackets, and the name. */
static bool names_port(const char *text)
{
    const char *host = strstr(text, "://") + strlen("://");
    size_t host_end = strcspn(host, "/");
    const char *bracket = memchr(host, ']', host_end);
    const char *from = bracket ? bracket : host;

    return memchr(from, ':', host_end - (size_t)(from - host)) != NULL;
}

bool url_parse(const char *text, struct kedge_endpoint *out, struct kedge_error *error)
{
    const char *port = getenv("KEDGE_DEFAULT_PORT");
    uint64_t number;

    if (!kedge_endpoint_parse(text, out, error))
        return false;
    if (!port || out->service != KEDGE_TFTP || names_port(text))
        return true;
    if (!decimal(span_of(port), UINT16_MAX, &number)) {
        problem_set(error, KEDGE_BAD_ENDPOINT, "KEDGE_DEFAULT_PORT",
                    "the port is not a number from 0 to 65535");
        return false;
    }
    out->port = (uint16_t)number;
    return true;
}
