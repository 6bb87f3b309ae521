/* SPDX-License-Identifier: MIT */
/* Serves on sockets that a service manager bound. */
#include "cmd/serve_server.h"

#include "cmd/printable.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)PASSED_MAX <= (int)TFTP_LISTENERS_MAX &&
                   (int)PASSED_MAX <= (int)CACHE_FILES_MAX,
               "each may be of TFTP");

struct passing {
    struct server *server;
    bool taken[PASSED_MAX];
};

static enum exit_code refuse_socket(const struct passed_socket *p, const char *why)
{
    char at[NET_ADDRESS_TEXT];

    fprintf(stderr, "kedge serve: descriptor %d (%s%s%s %s): %s\n", p->fd,
            printable(p->name, PRINTABLE_WORD).text, p->name[0] ? ", " : "",
            p->is_stream ? "TCP" : "UDP", net_address_print(&p->at, at), why);
    return EXIT_USAGE;
}

/* Of endpoint e, whose addresses these are: none is any address. */
static bool fits(const struct kedge_endpoint *e, const struct kedge_addresses *addresses,
                 const struct passed_socket *p)
{
    enum kedge_transport transport = p->is_stream ? KEDGE_TCP : KEDGE_UDP;
    struct net_address at;

    if (e->transport != transport || (e->port > 0 && e->port != net_address_port(&p->at)))
        return false;
    for (unsigned i = 0; i < addresses->count; i++)
        if (net_address_from(&addresses->at[i], &at) &&
            net_address_same_host(&at, &p->at))
            return true;
    return addresses->count == 0;
}

static enum exit_code serve_socket(struct passing *p, unsigned i,
                                   const struct kedge_endpoint *e, const char *text)
{
    const struct passed_socket *socket = &p->server->passed.all[i];
    struct kedge_address at = net_address_to(&socket->at);

    p->taken[i] = true;
    if (e->service == KEDGE_TFTP && p->server->shard_count > 1)
        return refuse_socket(socket, "one socket is for one shard: leave --shards out");
    return serve_at(p->server, e, &at, socket->fd, text);
}

/* One endpoint of one transport. */
static enum exit_code serve_one(struct passing *p, const struct kedge_endpoint *e,
                                const char *text)
{
    struct kedge_addresses addresses = { 0 };
    enum exit_code code = EXIT_OK;
    struct kedge_error error;
    unsigned found = 0;

    if (*e->host && kedge_resolve(e, &addresses, &error) < 0)
        return serve_refuse(&error, true);
    for (unsigned i = 0; i < p->server->passed.count && code == EXIT_OK; i++) {
        if (p->taken[i] || !fits(e, &addresses, &p->server->passed.all[i]))
            continue;
        code = serve_socket(p, i, e, text);
        found++;
    }
    if (code == EXIT_OK && found == 0)
        code = serve_refuse_for(text, e->transport == KEDGE_TCP
                                          ? "no TCP socket was passed for it"
                                          : "no UDP socket was passed for it");
    return code;
}

static enum exit_code serve_text(struct passing *p, const char *text)
{
    struct kedge_endpoint e;
    enum exit_code code = serve_endpoint_parse(text, &e);

    if (code != EXIT_OK)
        return code;
    if (e.transport != KEDGE_TCP && e.transport != KEDGE_UDP &&
        e.transport != KEDGE_TCP_AND_UDP)
        return serve_refuse_for(text, "only UDP and TCP sockets are taken when passed");
    if (e.transport != KEDGE_TCP_AND_UDP)
        return serve_one(p, &e, text);
    e.transport = KEDGE_TCP;
    code = serve_one(p, &e, text);
    e.transport = KEDGE_UDP;
    return code == EXIT_OK ? serve_one(p, &e, text) : code;
}

/* What a socket's name says, with its kind; any other name is TFTP. */
static const char *service_of(const struct passed_socket *p)
{
    if (strcmp(p->name, "echo") == 0)
        return p->is_stream ? "echo+tcp://*:0" : "echo+udp://*:0";
    if (p->is_stream)
        return NULL;
    return strcmp(p->name, "reply") == 0 ? "reply+udp://*:0" : "tftp://*:0";
}

static enum exit_code serve_by_name(struct passing *p, unsigned i)
{
    const struct passed_socket *socket = &p->server->passed.all[i];
    const char *text = service_of(socket);
    struct kedge_endpoint e;
    enum exit_code code;

    if (!text)
        return refuse_socket(socket, "TFTP is served by UDP; a TCP socket is for "
                                     "echo+tcp://, or has FileDescriptorName=echo");
    code = serve_endpoint_parse(text, &e);
    return code == EXIT_OK ? serve_socket(p, i, &e, text) : code;
}

enum exit_code serve_passed(struct server *s, const struct operands *endpoints)
{
    struct passing p = { .server = s };
    enum exit_code code = EXIT_OK;

    for (size_t i = 0; i < endpoints->count && code == EXIT_OK; i++)
        code = serve_text(&p, endpoints->items[i]);
    for (unsigned i = 0; i < s->passed.count && code == EXIT_OK; i++) {
        if (endpoints->count == 0)
            code = serve_by_name(&p, i);
        else if (!p.taken[i])
            code = refuse_socket(&s->passed.all[i], "no endpoint is served there");
    }
    return code;
}
