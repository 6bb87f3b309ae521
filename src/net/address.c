/* SPDX-License-Identifier: MIT */
/* IP addresses with a port: converted, compared, classified. */
#include "net/address.h"

#include "base/bytes.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool net_address_is_v6(const struct net_address *a)
{
    return a->u.any.sa_family == AF_INET6;
}

static const uint8_t *v6_bytes(const struct net_address *a)
{
    return a->u.v6.sin6_addr.s6_addr;
}

static uint32_t v4_number(const struct net_address *a)
{
    return ntohl(a->u.v4.sin_addr.s_addr);
}

bool net_address_same_host(const struct net_address *a, const struct net_address *b)
{
    if (a->len != b->len || a->len == 0)
        return a->len == b->len;
    if (a->u.any.sa_family != b->u.any.sa_family)
        return false;
    if (!net_address_is_v6(a))
        return a->u.v4.sin_addr.s_addr == b->u.v4.sin_addr.s_addr;
    return memcmp(v6_bytes(a), v6_bytes(b), 16) == 0 &&
           a->u.v6.sin6_scope_id == b->u.v6.sin6_scope_id;
}

bool net_address_equal(const struct net_address *a, const struct net_address *b)
{
    return net_address_same_host(a, b) && net_address_port(a) == net_address_port(b);
}

uint16_t net_address_port(const struct net_address *a)
{
    if (a->len == 0)
        return 0;
    return ntohs(net_address_is_v6(a) ? a->u.v6.sin6_port : a->u.v4.sin_port);
}

void net_address_set_port(struct net_address *a, uint16_t port)
{
    if (net_address_is_v6(a))
        a->u.v6.sin6_port = htons(port);
    else
        a->u.v4.sin_port = htons(port);
}

bool net_address_is_any(const struct net_address *a)
{
    if (net_address_is_v6(a))
        return IN6_IS_ADDR_UNSPECIFIED(&a->u.v6.sin6_addr);
    return v4_number(a) == INADDR_ANY;
}

bool net_address_is_multicast(const struct net_address *a)
{
    if (net_address_is_v6(a))
        return v6_bytes(a)[0] == 0xff;
    return v4_number(a) >> 28 == 14;
}

bool net_address_is_broadcast(const struct net_address *a)
{
    return a->len > 0 && !net_address_is_v6(a) && v4_number(a) == INADDR_BROADCAST;
}

bool net_address_is_link_local(const struct net_address *a)
{
    return net_address_is_v6(a) && v6_bytes(a)[0] == 0xfe &&
           (v6_bytes(a)[1] & 0xc0) == 0x80;
}

const char *net_address_print_host(const struct net_address *a,
                                   char out[NET_ADDRESS_TEXT])
{
    char name[IF_NAMESIZE];
    size_t len;

    if (a->len == 0)
        return memcpy(out, "-", 2);
    if (!net_address_is_v6(a))
        return inet_ntop(AF_INET, &a->u.v4.sin_addr, out, NET_ADDRESS_TEXT);
    inet_ntop(AF_INET6, &a->u.v6.sin6_addr, out, NET_ADDRESS_TEXT);
    if (a->u.v6.sin6_scope_id == 0)
        return out;
    len = strlen(out);
    if (if_indextoname(a->u.v6.sin6_scope_id, name))
        snprintf(out + len, NET_ADDRESS_TEXT - len, "%%%s", name);
    else
        snprintf(out + len, NET_ADDRESS_TEXT - len, "%%%u",
                 (unsigned)a->u.v6.sin6_scope_id);
    return out;
}

/* The common case, without the weight of snprintf: a record names two of these. */
static void print_v4(const struct net_address *a, char *out)
{
    struct kedge_span ip = { (const uint8_t *)&a->u.v4.sin_addr, 4 };
    struct writer w = { .ptr = (uint8_t *)out, .room = NET_ADDRESS_TEXT };

    for (size_t i = 0; i < ip.len; i++) {
        put_decimal(&w, ip.ptr[i]);
        put_u8(&w, i < 3 ? '.' : ':');
    }
    put_decimal(&w, net_address_port(a));
    put_u8(&w, 0);
}

const char *net_address_print(const struct net_address *a, char out[NET_ADDRESS_TEXT])
{
    char host[NET_ADDRESS_TEXT];

    if (a->len > 0 && !net_address_is_v6(a)) {
        print_v4(a, out);
        return out;
    }
    net_address_print_host(a, host);
    if (a->len == 0)
        return memcpy(out, host, 2);
    /* Cut to what a host can be, so that the compiler sees that all of it fits. */
    snprintf(out, NET_ADDRESS_TEXT, "[%.70s]:%u", host, (unsigned)net_address_port(a));
    return out;
}

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* A mapped address is the IPv4 one that it stands for. */
static void unmap(struct net_address *a)
{
    if (net_address_is_v6(a) && memcmp(v6_bytes(a), mapped, sizeof mapped) == 0)
        *a = net_address_from_raw(v6_bytes(a), 0, net_address_port(a));
}

/* The interface named or numbered by `text`; 0 if there is none. */
static uint32_t scope_number(const char *text)
{
    uint32_t index = if_nametoindex(text);
    char *end;
    unsigned long v;

    if (index || *text < '0' || *text > '9')
        return index;
    v = strtoul(text, &end, 10);
    return *end || v > UINT32_MAX ? 0 : (uint32_t)v;
}

bool net_address_parse(const char *host, uint16_t port, struct net_address *out)
{
    struct net_address v4 = { .u.v4 = { .sin_family = AF_INET },
                              .len = sizeof(struct sockaddr_in) };
    struct net_address v6 = { .u.v6 = { .sin6_family = AF_INET6 },
                              .len = sizeof(struct sockaddr_in6) };
    const char *percent = strchr(host, '%');
    size_t len = percent ? (size_t)(percent - host) : strlen(host);
    char bare[INET6_ADDRSTRLEN];

    if (len >= sizeof bare)
        return false;
    memcpy(bare, host, len);
    bare[len] = 0;
    if (!percent && inet_pton(AF_INET, bare, &v4.u.v4.sin_addr) == 1) {
        *out = v4;
    } else if (inet_pton(AF_INET6, bare, &v6.u.v6.sin6_addr) == 1) {
        v6.u.v6.sin6_scope_id = percent ? scope_number(percent + 1) : 0;
        if (percent && v6.u.v6.sin6_scope_id == 0)
            return false;
        *out = v6;
    } else {
        return false;
    }
    unmap(out);
    net_address_set_port(out, port);
    return true;
}

bool net_address_from(const struct kedge_address *any, struct net_address *out)
{
    socklen_t size;

    if (any->storage.ss_family == AF_INET)
        size = sizeof(struct sockaddr_in);
    else if (any->storage.ss_family == AF_INET6)
        size = sizeof(struct sockaddr_in6);
    else
        return false;
    if (any->len < size)
        return false;
    *out = (struct net_address){ .len = size };
    memcpy(&out->u, &any->storage, size);
    unmap(out);
    return true;
}

struct kedge_address net_address_to(const struct net_address *a)
{
    struct kedge_address any = { .len = a->len };

    memcpy(&any.storage, &a->u, a->len);
    return any;
}

struct net_raw net_address_raw(const struct net_address *a)
{
    struct net_raw raw = { .port = net_address_port(a) };

    if (net_address_is_v6(a)) {
        memcpy(raw.ip, v6_bytes(a), 16);
        raw.scope = a->u.v6.sin6_scope_id;
    } else {
        memcpy(raw.ip, mapped, sizeof mapped);
        memcpy(raw.ip + sizeof mapped, &a->u.v4.sin_addr, 4);
    }
    return raw;
}

struct net_address net_address_from_raw(const uint8_t ip[16], uint32_t scope,
                                        uint16_t port)
{
    struct net_address a = { .len = sizeof(struct sockaddr_in) };

    if (memcmp(ip, mapped, sizeof mapped) == 0) {
        a.u.v4.sin_family = AF_INET;
        memcpy(&a.u.v4.sin_addr, ip + sizeof mapped, 4);
    } else {
        a.len = sizeof(struct sockaddr_in6);
        a.u.v6.sin6_family = AF_INET6;
        a.u.v6.sin6_scope_id = scope;
        memcpy(a.u.v6.sin6_addr.s6_addr, ip, 16);
    }
    net_address_set_port(&a, port);
    return a;
}
