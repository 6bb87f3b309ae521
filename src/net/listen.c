/* SPDX-License-Identifier: MIT */
/* Sockets bound to an endpoint and listening there. */
#include "kedge/endpoint.h"

#include "net/option.h"
#include "net/problem.h"
#include "net/sockets.h"

#include <errno.h>
#include <linux/tipc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int socket_kind(enum kedge_transport t)
{
    switch (t) {
    case KEDGE_TCP:
    case KEDGE_UNIX:
        return SOCK_STREAM;
    case KEDGE_UNIX_SEQPACKET:
        return SOCK_SEQPACKET;
    case KEDGE_TIPC:
        return SOCK_RDM;
    default:
        return SOCK_DGRAM;
    }
}

static bool is_listener(enum kedge_transport t)
{
    return t == KEDGE_TCP || t == KEDGE_UNIX || t == KEDGE_UNIX_SEQPACKET;
}

/* An accepted connection inherits TCP_NODELAY; a system call each is saved. */
int endpoint_socket(const struct kedge_endpoint *e, int family)
{
    int fd = socket(family, socket_kind(e->transport) | SOCK_CLOEXEC, 0);
    int err = 0;

    if (fd < 0)
        return -errno;
    if (family == AF_INET6)
        err = option_set(fd, SOL_IPV6, IPV6_V6ONLY, 1);
    if (!err && e->transport == KEDGE_TCP)
        err = option_set(fd, SOL_TCP, TCP_NODELAY, 1);
    if (!err)
        return fd;
    close(fd);
    return err;
}

bool endpoint_is_one_socket(const struct kedge_endpoint *e, struct kedge_error *error)
{
    char text[KEDGE_ENDPOINT_TEXT];

    kedge_endpoint_print(e, text);
    if (e->transport == KEDGE_TCP_AND_UDP)
        problem_set(error, KEDGE_BAD_ENDPOINT, text,
                    "this is two sockets; say echo+tcp:// or echo+udp://");
    else if (e->transport == KEDGE_ICMP)
        problem_set(error, KEDGE_BAD_ENDPOINT, text, "ICMP carries no messages");
    else
        return true;
    return false;
}

void endpoint_problem(struct kedge_error *error, int code, const struct kedge_endpoint *e,
                      const char *what, const struct kedge_address *at)
{
    char text[KEDGE_ENDPOINT_TEXT], address[KEDGE_ADDRESS_TEXT];
    char why[KEDGE_ADDRESS_TEXT + 32];

    kedge_endpoint_print(e, text);
    if (e->transport == KEDGE_TIPC && code == EAFNOSUPPORT)
        snprintf(why, sizeof why, "this kernel has no TIPC (try: modprobe tipc)");
    else
        snprintf(why, sizeof why, "cannot %s %s", what, kedge_address_print(at, address));
    problem_system(error, code, text, why);
}

/* A path that a server left behind: a socket on which nobody listens. */
static bool is_left_over(const struct kedge_endpoint *e, const struct kedge_address *at)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&at->storage;
    struct stat st;
    int fd, err;

    if (at->storage.ss_family != AF_UNIX || un->sun_path[0] == 0 ||
        lstat(un->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return false;
    fd = endpoint_socket(e, AF_UNIX);
    if (fd < 0)
        return false;
    err = option_blocking(fd, false); /* else a full queue of who listens is waited for */
    if (!err && connect(fd, (const struct sockaddr *)&at->storage, at->len) < 0)
        err = -errno;
    close(fd);
    return err == -ECONNREFUSED;
}

static int bind_to(int fd, const struct kedge_endpoint *e, const struct kedge_address *at)
{
    const struct sockaddr *to = (const struct sockaddr *)&at->storage;

    int err = bind(fd, to, at->len) < 0 ? -errno : 0;

    if (err != -EADDRINUSE || !is_left_over(e, at))
        return err;
    unlink(((const struct sockaddr_un *)to)->sun_path);
    return bind(fd, to, at->len) < 0 ? -errno : 0;
}

static int start_listening(int fd, const struct kedge_endpoint *e)
{
    if (!is_listener(e->transport))
        return 0;
    return listen(fd, SOMAXCONN) < 0 ? -errno : 0;
}

/* The descriptor or -errno. */
static int open_at(const struct kedge_endpoint *e, const struct kedge_address *at,
                   struct listen_how how)
{
    int fd = endpoint_socket(e, at->storage.ss_family);
    int err = 0;

    if (fd < 0)
        return fd;
    /* A restart must not wait for the old connections to pass away. */
    if (e->transport == KEDGE_TCP)
        err = option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!err)
        err = option_interface(fd, at->storage.ss_family, how.interface);
    if (!err && how.free_bind)
        err = option_free_bind(fd, at->storage.ss_family);
    if (!err)
        err = bind_to(fd, e, at);
    if (!err)
        err = start_listening(fd, e);
    if (!err)
        return fd;
    close(fd);
    return err;
}

int endpoint_listen_at(const struct kedge_endpoint *e, const struct kedge_address *at,
                       struct listen_how how, struct kedge_error *error)
{
    int fd;

    if (!endpoint_is_one_socket(e, error))
        return -1;
    fd = open_at(e, at, how);
    if (fd < 0)
        endpoint_problem(error, -fd, e, "listen on", at);
    return fd < 0 ? -1 : fd;
}

int kedge_listen_at(const struct kedge_endpoint *e, const struct kedge_address *at,
                    struct kedge_error *error)
{
    return endpoint_listen_at(e, at, (struct listen_how){ 0 }, error);
}

int kedge_endpoint_listen(const struct kedge_endpoint *e, struct kedge_error *error)
{
    struct kedge_addresses all;
    int fd = -1;

    if (kedge_resolve(e, &all, error) < 0)
        return -1;
    for (unsigned i = 0; i < all.count && fd < 0; i++)
        fd = kedge_listen_at(e, &all.at[i], error);
    return fd;
}

int kedge_listen(const char *endpoint, struct kedge_error *error)
{
    struct kedge_endpoint e;

    if (!kedge_endpoint_parse(endpoint, &e, error))
        return -1;
    return kedge_endpoint_listen(&e, error);
}

void kedge_unlisten(int fd)
{
    struct sockaddr_un un = { 0 };
    socklen_t len = sizeof un - 1; /* a full path comes without its NUL */

    if (getsockname(fd, (struct sockaddr *)&un, &len) == 0 && un.sun_family == AF_UNIX &&
        un.sun_path[0])
        unlink(un.sun_path);
    close(fd);
}
