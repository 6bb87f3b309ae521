/* SPDX-License-Identifier: MIT */
/* Addresses of peers as text, and the endpoint that a socket is bound to. */
#include "kedge/endpoint.h"

#include "net/address.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

/* A path with control and foreign bytes as \xNN; @ for the NUL that begins an abstract
 * name. */
static const char *print_unix(const struct kedge_address *a, char out[KEDGE_ADDRESS_TEXT])
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&a->storage;
    size_t start = offsetof(struct sockaddr_un, sun_path);
    size_t len = a->len > start ? a->len - start : 0;
    char *at = out;

    if (len == 0)
        return memcpy(out, "unnamed", sizeof "unnamed");
    for (size_t i = 0; i < len && i < sizeof un->sun_path; i++) {
        uint8_t c = (uint8_t)un->sun_path[i];

        if (c == 0 && un->sun_path[0] != 0)
            break; /* a path ends at its NUL */
        if (c == 0 && i == 0)
            *at++ = '@';
        else if (c < 0x20 || c > 0x7e)
            at += sprintf(at, "\\x%02x", (unsigned)c);
        else
            *at++ = (char)c;
    }
    *at = 0;
    return out;
}

const char *kedge_address_print(const struct kedge_address *a,
                                char out[KEDGE_ADDRESS_TEXT])
{
    struct net_address ip;

    if (net_address_from(a, &ip))
        return net_address_print(&ip, out);
    if (a->storage.ss_family == AF_UNIX)
        return print_unix(a, out);
    snprintf(out, KEDGE_ADDRESS_TEXT, "family %d", (int)a->storage.ss_family);
    return out;
}

const char *kedge_address_host(const struct kedge_address *a,
                               char out[KEDGE_ADDRESS_TEXT])
{
    struct net_address ip;

    if (net_address_from(a, &ip))
        return net_address_print_host(&ip, out);
    return kedge_address_print(a, out);
}

uint16_t kedge_address_port(const struct kedge_address *a)
{
    struct net_address ip;

    return net_address_from(a, &ip) ? net_address_port(&ip) : 0;
}

int kedge_endpoint_bound(struct kedge_endpoint *e, int fd)
{
    struct kedge_address any = { .len = sizeof any.storage };
    char host[NET_ADDRESS_TEXT];
    struct net_address ip;

    if (getsockname(fd, (struct sockaddr *)&any.storage, &any.len) < 0)
        return -errno;
    if (!net_address_from(&any, &ip))
        return 0;
    snprintf(e->host, sizeof e->host, "%s", net_address_print_host(&ip, host));
    e->port = net_address_port(&ip);
    return 0;
}
