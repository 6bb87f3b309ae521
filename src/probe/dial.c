/* SPDX-License-Identifier: MIT */
/* Sockets of targets: resolved, opened as the path wants them, connected. */
#include "probe/dial.h"

#include "net/problem.h"
#include "net/sockets.h"
#include "os/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_local(const struct kedge_endpoint *e)
{
    return e->transport == KEDGE_UNIX || e->transport == KEDGE_UNIX_DGRAM ||
           e->transport == KEDGE_UNIX_SEQPACKET;
}

/* A number takes no time to speak of. */
static bool is_name(const struct kedge_endpoint *e)
{
    struct net_address number;

    return !is_local(e) && !net_address_parse(e->host, 0, &number);
}

int probe_resolve(struct probe_target *t, struct kedge_addresses *out,
                  struct probe_refusal *why)
{
    kedge_nanos before = clock_now();

    if (is_local(&t->endpoint) && !net_path_is_plain(&t->plan->path)) {
        *why = (struct probe_refusal){ .kind = CAUSE_LOCAL_PATH };
        return -1;
    }
    why->kind = CAUSE_ERROR;
    if (kedge_resolve(&t->endpoint, out, &why->error) < 0)
        return -1;
    if (is_name(&t->endpoint))
        t->warmup.resolve = clock_now() - before;
    return 0;
}

int probe_resolve_once(struct probe_target *t, struct probe_refusal *why)
{
    return t->addresses.count > 0 ? 0 : probe_resolve(t, &t->addresses, why);
}

int probe_socket(struct probe_target *t, const struct kedge_address *to,
                 char what[NET_PATH_WHAT])
{
    bool stream = t->endpoint.transport == KEDGE_TCP;
    int fd = endpoint_socket(&t->endpoint, to->storage.ss_family);
    int err = 0;

    *what = 0;
    if (fd < 0 || is_local(&t->endpoint))
        return fd;
    err = net_path_apply(&t->plan->path, fd, stream, what);
    if (!err) {
        *what = 0;
        return fd;
    }
    close(fd);
    return err;
}

/* Without a name of its own a unix datagram socket could not be answered: the kernel
 * chooses an abstract one. */
static int name_self(int fd)
{
    const struct sockaddr any = { .sa_family = AF_UNIX };

    return bind(fd, &any, sizeof any.sa_family) < 0 ? -errno : 0;
}

static int dial_at(struct probe_target *t, const struct kedge_address *to,
                   char what[NET_PATH_WHAT])
{
    int fd = probe_socket(t, to, what);
    int err = 0;

    if (fd < 0)
        return fd;
    if (is_local(&t->endpoint))
        err = name_self(fd);
    if (!err && connect(fd, (const struct sockaddr *)&to->storage, to->len) < 0)
        err = -errno;
    if (!err)
        return fd;
    close(fd);
    return err;
}

static void fill_error(struct kedge_error *error, const struct probe_target *t,
                       const struct kedge_address *to, const char *what)
{
    char text[KEDGE_ENDPOINT_TEXT], address[KEDGE_ADDRESS_TEXT];
    char why[KEDGE_ADDRESS_TEXT + NET_PATH_WHAT];
    int code = error->code;

    if (*what)
        snprintf(why, sizeof why, "%s cannot be used", what);
    else
        snprintf(why, sizeof why, "cannot connect to %s",
                 kedge_address_print(to, address));
    problem_system(error, code, kedge_endpoint_print(&t->endpoint, text), why);
}

int probe_dial(struct probe_target *t, struct probe_refusal *why)
{
    const struct kedge_addresses *all = &t->addresses;
    char what[NET_PATH_WHAT];
    int fd = -1;

    if (!is_local(&t->endpoint) && !*t->endpoint.host) {
        *why = (struct probe_refusal){ .kind = CAUSE_NO_HOST };
        return -1;
    }
    if (probe_resolve_once(t, why) < 0)
        return -1;
    why->kind = CAUSE_ERROR;
    for (unsigned i = t->at; i < all->count && fd < 0; i++) {
        fd = dial_at(t, &all->at[i], what);
        t->at = i;
        why->error.code = fd < 0 ? -fd : 0;
        if (fd < 0)
            fill_error(&why->error, t, &all->at[i], what);
        else if (!net_address_from(&all->at[i], &t->address))
            t->address.len = 0;
    }
    return fd < 0 ? -1 : fd;
}

void probe_marks(struct probe_target *t, int fd)
{
    t->marks.ttl_sent = net_path_ttl(fd);
    t->marks.tos_sent = net_path_tos(fd);
}
