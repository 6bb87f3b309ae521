/* SPDX-License-Identifier: MIT */
/* Looks at a Host header. */
#include "serve/status/host.h"

#include <string.h>

bool status_is_loopback(const struct net_address *at)
{
    if (at->u.any.sa_family == AF_INET)
        return ntohl(at->u.v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&at->u.v6.sin6_addr);
}

/* Its host without brackets and port. False: it is none. */
static bool take_host(const char *text, char out[KEDGE_HOST_MAX])
{
    bool bracket = text[0] == '[';
    const char *from = text + bracket;
    size_t len = strcspn(from, bracket ? "]" : ":");
    const char *after = from + len;

    if (len == 0 || len >= KEDGE_HOST_MAX || (bracket && *after != ']'))
        return false;
    after += bracket;
    if (*after && (*after != ':' || after[1 + strspn(after + 1, "0123456789")]))
        return false;
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

bool status_host_allowed(const char *host, const struct status_bound *b)
{
    char name[KEDGE_HOST_MAX];
    struct net_address at;

    if (b->local)
        return true;
    if (!take_host(host, name))
        return false;
    if (span_equal_nocase(span_of(name), "localhost") ||
        (b->host[0] && span_equal_nocase(span_of(name), b->host)))
        return true;
    return net_address_parse(name, 0, &at) &&
           (status_is_loopback(&at) || net_address_is_any(&b->at) ||
            net_address_same_host(&at, &b->at));
}
