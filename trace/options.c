/* SPDX-License-Identifier: MIT */
/* The options of sockets that a program of this field sets. */
#include "trace/options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#define OPTION(level, name)                                                              \
    {                                                                                    \
        level, name, #name                                                               \
    }

static const struct {
    int level, number;
    const char *name;
} options[] = {
    OPTION(SOL_SOCKET, SO_BINDTODEVICE),
    OPTION(SOL_SOCKET, SO_BROADCAST),
    OPTION(SOL_SOCKET, SO_KEEPALIVE),
    OPTION(SOL_SOCKET, SO_LINGER),
    OPTION(SOL_SOCKET, SO_RCVBUF),
    OPTION(SOL_SOCKET, SO_RCVTIMEO),
    OPTION(SOL_SOCKET, SO_REUSEADDR),
    OPTION(SOL_SOCKET, SO_REUSEPORT),
    OPTION(SOL_SOCKET, SO_RXQ_OVFL),
    OPTION(SOL_SOCKET, SO_TIMESTAMPING),
    OPTION(SOL_SOCKET, SO_TIMESTAMPNS),
    OPTION(SOL_SOCKET, SO_SNDBUF),
    OPTION(SOL_SOCKET, SO_SNDTIMEO),
    OPTION(IPPROTO_TCP, TCP_CORK),
    OPTION(IPPROTO_TCP, TCP_DEFER_ACCEPT),
    OPTION(IPPROTO_TCP, TCP_KEEPCNT),
    OPTION(IPPROTO_TCP, TCP_KEEPIDLE),
    OPTION(IPPROTO_TCP, TCP_KEEPINTVL),
    OPTION(IPPROTO_TCP, TCP_MAXSEG),
    OPTION(IPPROTO_TCP, TCP_NODELAY),
    OPTION(IPPROTO_TCP, TCP_QUICKACK),
    OPTION(IPPROTO_TCP, TCP_SYNCNT),
    OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT),
    OPTION(IPPROTO_IP, IP_MTU_DISCOVER),
    OPTION(IPPROTO_IP, IP_MULTICAST_TTL),
    OPTION(IPPROTO_IP, IP_PKTINFO),
    OPTION(IPPROTO_IP, IP_RECVERR),
    OPTION(IPPROTO_IP, IP_TOS),
    OPTION(IPPROTO_IP, IP_TTL),
    OPTION(IPPROTO_IP, IP_ADD_MEMBERSHIP),
    OPTION(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
    OPTION(IPPROTO_IP, IP_FREEBIND),
    OPTION(IPPROTO_IP, IP_RECVTTL),
    OPTION(IPPROTO_IPV6, IPV6_V6ONLY),
    OPTION(IPPROTO_IPV6, IPV6_RECVPKTINFO),
    OPTION(IPPROTO_IPV6, IPV6_RECVERR),
    OPTION(IPPROTO_IPV6, IPV6_MTU_DISCOVER),
    OPTION(IPPROTO_IPV6, IPV6_TCLASS),
    OPTION(IPPROTO_IPV6, IPV6_UNICAST_HOPS),
    OPTION(IPPROTO_UDP, UDP_CORK),
    OPTION(IPPROTO_UDP, UDP_GRO),
    OPTION(IPPROTO_UDP, UDP_SEGMENT),
};

static const char *option_name(const struct option_set *o)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].level == o->level && options[i].number == o->name)
            return options[i].name;
    return NULL;
}

static void linger_words(char *out, size_t room, const struct option_set *o)
{
    struct linger l;

    memcpy(&l, o->value, sizeof l);
    if (l.l_onoff)
        snprintf(out, room, "SO_LINGER %d", l.l_linger);
    else
        snprintf(out, room, "SO_LINGER off");
}

static void time_words(char *out, size_t room, const struct option_set *o)
{
    struct timeval t;

    memcpy(&t, o->value, sizeof t);
    snprintf(out, room, "%s %.3g s", option_name(o),
             (double)t.tv_sec + (double)t.tv_usec / 1e6);
}

void option_words(char *out, size_t room, const struct option_set *o)
{
    const char *name = option_name(o);
    bool socket = o->level == SOL_SOCKET && o->value;
    int number;

    if (socket && o->name == SO_LINGER && o->len == sizeof(struct linger)) {
        linger_words(out, room, o);
    } else if (socket && (o->name == SO_RCVTIMEO || o->name == SO_SNDTIMEO) &&
               o->len == sizeof(struct timeval)) {
        time_words(out, room, o);
    } else if (name && o->value && o->len == sizeof number &&
               o->name != SO_BINDTODEVICE) {
        memcpy(&number, o->value, sizeof number);
        snprintf(out, room, "%s %d", name, number);
    } else {
        snprintf(out, room, "%s", name ? name : "setsockopt");
    }
}
