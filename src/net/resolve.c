/* SPDX-License-Identifier: MIT */
/* Host names resolved to addresses within a timeout. */
#include "kedge/endpoint.h"

#include "net/address.h"
#include "net/problem.h"
#include "net/sockets.h"

#include <errno.h>
#include <linux/tipc.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static struct kedge_address unix_address(const char *path)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct kedge_address a = { 0 };
    size_t len = strlen(path);

    KEDGE_ASSERT(len < sizeof un.sun_path);
    memcpy(un.sun_path, path, len);
    if (*path == '@')
        un.sun_path[0] = 0; /* abstract: the name ends where the address does */
    memcpy(&a.storage, &un, sizeof un);
    a.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*path != '@'));
    return a;
}

static struct kedge_address tipc_address(const struct kedge_endpoint *e)
{
    struct sockaddr_tipc tipc = { .family = AF_TIPC,
                                  .addrtype = TIPC_SERVICE_ADDR,
                                  .scope = TIPC_CLUSTER_SCOPE };
    struct kedge_address a = { .len = sizeof tipc };

    tipc.addr.name.name.type = e->tipc_type;
    tipc.addr.name.name.instance = e->tipc_instance;
    memcpy(&a.storage, &tipc, sizeof tipc);
    return a;
}

/* Every interface has an fe80:: of its own. The kernel would take any of them; what then
 * came back would name one, and be another host than was asked. */
static bool lacks_interface(const struct net_address *a)
{
    return net_address_is_link_local(a) && a->u.v6.sin6_scope_id == 0;
}

static void add_resolved(struct kedge_addresses *out, const struct addrinfo *found,
                         uint16_t port)
{
    struct kedge_address *a = &out->at[out->count];
    struct net_address ip;

    if (out->count == KEDGE_ADDRESSES || found->ai_addrlen > sizeof a->storage)
        return;
    *a = (struct kedge_address){ .len = found->ai_addrlen };
    memcpy(&a->storage, found->ai_addr, found->ai_addrlen);
    if (!net_address_from(a, &ip) || lacks_interface(&ip))
        return;
    net_address_set_port(&ip, port);
    out->at[out->count++] = net_address_to(&ip);
}

static const char *why_not(const struct kedge_endpoint *e, int code)
{
    if (e->family == KEDGE_IPV6 && (code == EAI_NONAME || code == EAI_ADDRFAMILY))
        return "the host has no IPv6 address";
    if (e->family == KEDGE_IPV4 && (code == EAI_NONAME || code == EAI_ADDRFAMILY))
        return "the host has no IPv4 address";
    return code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code);
}

static int resolve_host(const struct kedge_endpoint *e, struct kedge_addresses *out,
                        struct kedge_error *error)
{
    const struct addrinfo hints = {
        .ai_family = e->family == KEDGE_IPV4   ? AF_INET
                     : e->family == KEDGE_IPV6 ? AF_INET6
                                               : AF_UNSPEC,
        .ai_socktype = SOCK_DGRAM, /* any one kind: else each address comes thrice */
        .ai_flags = AI_PASSIVE
    };
    struct addrinfo *found = NULL;
    /* A service is needed where there is no host. */
    int code = getaddrinfo(*e->host ? e->host : NULL, "0", &hints, &found);

    if (code) {
        problem_set(error, KEDGE_NOT_RESOLVED, *e->host ? e->host : "*",
                    why_not(e, code));
        return -1;
    }
    out->count = 0;
    for (const struct addrinfo *a = found; a; a = a->ai_next)
        add_resolved(out, a, e->port);
    freeaddrinfo(found);
    if (out->count > 0)
        return 0;
    problem_set(error, KEDGE_NOT_RESOLVED, e->host,
                "a link-local address needs its interface, as in [fe80::1%eth0]");
    return -1;
}

int kedge_resolve(const struct kedge_endpoint *e, struct kedge_addresses *out,
                  struct kedge_error *error)
{
    switch (e->transport) {
    case KEDGE_UNIX:
    case KEDGE_UNIX_DGRAM:
    case KEDGE_UNIX_SEQPACKET:
        *out = (struct kedge_addresses){ .count = 1 };
        out->at[0] = unix_address(e->path);
        return 0;
    case KEDGE_TIPC:
        *out = (struct kedge_addresses){ .count = 1 };
        out->at[0] = tipc_address(e);
        return 0;
    default:
        return resolve_host(e, out, error);
    }
}
