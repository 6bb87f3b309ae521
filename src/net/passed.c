/* SPDX-License-Identifier: MIT */
/* Sockets that a service manager passed are counted, named and looked at. */
#include "net/passed.h"

#include "base/bytes.h"
#include "base/number.h"
#include "net/option.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_PASSED = 3 };

/* True where they are meant for this process, and not for one that started it. */
static bool are_ours(const char *pid)
{
    uint64_t number;

    return pid && decimal(span_of(pid), INT32_MAX, &number) &&
           number == (uint64_t)getpid();
}

static bool count_them(const char *text, struct passed_sockets *out, char *why)
{
    uint64_t number = 0;

    if (!text || !decimal(span_of(text), INT32_MAX, &number)) {
        snprintf(why, PASSED_WHY, "LISTEN_FDS is not a number");
        return false;
    }
    if (number > PASSED_MAX) {
        snprintf(why, PASSED_WHY, "LISTEN_FDS: %d sockets at most", PASSED_MAX);
        return false;
    }
    out->count = (unsigned)number;
    return true;
}

/* "a:b:c", one for each socket. */
static bool name_them(const char *names, struct passed_sockets *out, char *why)
{
    unsigned found = 0;

    for (const char *at = names; at; found++) {
        size_t len = strcspn(at, ":");

        if (found < out->count)
            snprintf(out->all[found].name, PASSED_NAME, "%.*s",
                     (int)min_u64(len, PASSED_NAME - 1), at);
        at = at[len] ? at + len + 1 : NULL;
    }
    if (!names || found == out->count)
        return true;
    snprintf(why, PASSED_WHY, "LISTEN_FDNAMES has %u names, LISTEN_FDS is %u", found,
             out->count);
    return false;
}

static bool is_connected(int fd)
{
    struct kedge_address peer = { .len = sizeof peer.storage };

    return getpeername(fd, (struct sockaddr *)&peer.storage, &peer.len) == 0;
}

/* What a socket is by number; -1: it is none. */
static int number_of(int fd, int level, int name)
{
    int value = -1;

    return option_get(fd, level, name, &value) < 0 ? -1 : value;
}

static bool is_bound(struct passed_socket *s)
{
    struct kedge_address at = { .len = sizeof at.storage };

    return getsockname(s->fd, (struct sockaddr *)&at.storage, &at.len) == 0 &&
           net_address_from(&at, &s->at) && net_address_port(&s->at) > 0;
}

/* Why nothing can be served on it; NULL if something can. */
static const char *passed_fault(struct passed_socket *s)
{
    int type = number_of(s->fd, SOL_SOCKET, SO_TYPE);
    int family = number_of(s->fd, SOL_SOCKET, SO_DOMAIN);

    if (type < 0)
        return fcntl(s->fd, F_GETFD) < 0 ? "is not open" : "is not a socket";
    if (family != AF_INET && family != AF_INET6)
        return "is not a socket of IPv4 or IPv6";
    if (type != SOCK_DGRAM && type != SOCK_STREAM)
        return "is neither a UDP nor a TCP socket";
    if (is_connected(s->fd))
        return "is connected to a peer: set Accept=no in its .socket unit";
    if (!is_bound(s))
        return "is not bound to an address and a port";
    s->is_stream = type == SOCK_STREAM;
    if (s->is_stream && number_of(s->fd, SOL_SOCKET, SO_ACCEPTCONN) != 1)
        return "is a TCP socket that does not listen";
    if (family == AF_INET6 && number_of(s->fd, SOL_IPV6, IPV6_V6ONLY) != 1)
        return "takes IPv4 and IPv6: set BindIPv6Only=ipv6-only in its .socket unit, and "
               "pass one socket for each";
    return NULL;
}

static bool look_at_socket(struct passed_socket *s, char *why)
{
    const char *fault = passed_fault(s);
    bool is_named = s->name[0] != 0;

    if (!fault && fcntl(s->fd, F_SETFD, FD_CLOEXEC) < 0)
        fault = strerror(errno);
    if (!fault)
        return true;
    snprintf(why, PASSED_WHY, "descriptor %d%s%s%s %s", s->fd, is_named ? " (" : "",
             s->name, is_named ? ")" : "", fault);
    return false;
}

bool passed_is_any(void)
{
    const char *count = getenv("LISTEN_FDS");
    uint64_t number;

    return are_ours(getenv("LISTEN_PID")) && count &&
           decimal(span_of(count), INT32_MAX, &number) && number > 0;
}

static bool take_all(struct passed_sockets *out, char *why)
{
    if (!are_ours(getenv("LISTEN_PID")))
        return true;
    if (!count_them(getenv("LISTEN_FDS"), out, why))
        return false;
    if (out->count > 0 && !name_them(getenv("LISTEN_FDNAMES"), out, why))
        return false;
    for (unsigned i = 0; i < out->count; i++) {
        out->all[i].fd = FIRST_PASSED + (int)i;
        if (!look_at_socket(&out->all[i], why))
            return false;
    }
    return true;
}

bool passed_take(struct passed_sockets *out, char why[PASSED_WHY])
{
    bool good;

    *out = (struct passed_sockets){ 0 };
    good = take_all(out, why);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return good;
}

bool passed_add(struct passed_sockets *out, int fd, char why[PASSED_WHY])
{
    struct passed_socket one = { .fd = fd };

    if (out->count == PASSED_MAX) {
        snprintf(why, PASSED_WHY, "%d sockets at most", PASSED_MAX);
        return false;
    }
    if (!look_at_socket(&one, why))
        return false;
    out->all[out->count++] = one;
    return true;
}
