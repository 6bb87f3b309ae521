/* SPDX-License-Identifier: MIT */
/* Binding what `kedge serve` is asked to serve. */
#include "cmd/serve_server.h"

#include "base/number.h"
#include "cmd/printable.h"
#include "cmd/url.h"
#include "net/sockets.h"

#include <errno.h>
#include <limits.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

bool serve_port_is(const struct serve_options *o, const char *word)
{
    return strcmp(o->single_port[0] ? o->single_port : "always", word) == 0;
}

enum { FILES_KEEP = 2048 }; /* descriptors, at most, that connections leave free */

/* What is served when nothing is named. */
static const struct {
    const char *scheme;
    unsigned port;
} standard[] = { { "tftp", 6969 }, { "echo", 7007 }, { "reply+udp", 20001 } };

_Static_assert(CACHE_FILES_MAX == 32, "as is said where there are more");

enum exit_code serve_refuse_for(const char *text, const char *why)
{
    fprintf(stderr, "kedge serve: %s: %s\n", printable(text, PRINTABLE_NAME).text, why);
    return EXIT_USAGE;
}

static const char *hint(int code, bool local)
{
    switch (code) {
    case EACCES:
        return local ? "" : " (ports below 1024 want root or CAP_NET_BIND_SERVICE)";
    case EADDRINUSE:
        return " (another program has it: ss -lnp says which)";
    case EADDRNOTAVAIL:
        return " (no interface here has it: ip address says which there are; "
               "--wait-for-address binds it all the same)";
    default:
        return "";
    }
}

enum exit_code serve_refuse(const struct kedge_error *error, bool local)
{
    fprintf(stderr, "kedge serve: %s%s\n", error->text, hint(error->code, local));
    if (error->cause == KEDGE_BAD_ENDPOINT)
        return EXIT_USAGE;
    if (error->cause == KEDGE_NOT_RESOLVED)
        return EXIT_NO_NAME;
    return exit_code_of_setup(-error->code, EXIT_LOCAL_FILE);
}

static enum exit_code listen_failed(const char *text, int err)
{
    fprintf(stderr, "kedge serve: %s: %s%s\n", printable(text, PRINTABLE_NAME).text,
            strerror(-err), hint(-err, false));
    return exit_code_of_setup(err, EXIT_LOCAL_FILE);
}

/* Of what is limited each shard has its share. */
static uint32_t share(const struct server *s, uint64_t of)
{
    return (uint32_t)((of + s->shard_count - 1) / s->shard_count);
}

bool serve_takes_uploads(const struct server *s)
{
    return s->policies ? policy_set_uploads(s->policies->now)
                       : s->options->uploads != UPLOAD_REFUSE;
}

static int open_tftp(struct server *s)
{
    const struct serve_options *o = s->options;
    struct directory_config directory = {
        .root = &s->root,
        .uploads = { .policy = (enum upload_policy)o->uploads,
                     .mode = (uint32_t)o->upload_mode,
                     .max_bytes = o->max_upload,
                     .existing_only = o->extra.existing_only,
                     .public_only = o->extra.public_only,
                     .in_place = o->extra.in_place },
        .policies = s->policies,
        .seldom = &s->seldom,
    };
    struct tftp_config config = {
        .room = share(s, o->max_transfers),
        .unvalidated_max = share(s, TFTP_UNVALIDATED_DEFAULT),
        .uploads_max = share(s, TFTP_UPLOADS_DEFAULT),
        .blksize_max = o->blksize_max == ARG_WORD ? 0 : (uint32_t)o->blksize_max,
        .blksize_slack = o->extra.blksize_slack,
        .windowsize_max = (uint32_t)o->windowsize_max,
        .window_bytes = o->extra.window_bytes,
        .refused_options = o->extra.refused_options,
        .timeout = o->timeout,
        .single_port = serve_port_is(o, "always"),
        .auto_port = serve_port_is(o, "auto"),
        .request_rate = share(s, o->request_port_rate),
        .interface = o->interface,
        .free_bind = o->wait_for_address,
        .by_interface = s->policies != NULL, /* a later policy may ask */
        .low = (uint16_t)o->port_range.low,
        .high = (uint16_t)o->port_range.high,
        .shards = s->shard_count,
    };
    int err = 0;

    if (s->tftp)
        return 0;
    for (; config.shard < s->shard_count && err == 0; config.shard++)
        err = shard_serve(&s->shards[config.shard], &config, &directory);
    s->tftp = err == 0;
    return err;
}

/* The first one's port, if it may be any, is that of all. */
static int listen_shards(struct server *s, struct net_address *at, int fd)
{
    int err = 0;

    if (fd > 0)
        return tftp_service_adopt(s->shards[0].tftp, fd, at);
    for (unsigned i = 0; i < s->shard_count && err == 0; i++)
        err = tftp_service_listen(s->shards[i].tftp, at);
    for (unsigned i = 0; i < s->shard_count && err == 0 && s->shard_count > 1; i++)
        tftp_service_all_listen(s->shards[i].tftp);
    return err;
}

static struct served *add_row(struct server *s, const struct kedge_endpoint *e)
{
    struct served *row = &s->served[s->cache_count];

    KEDGE_ASSERT(s->cache_count < CACHE_FILES_MAX);
    *row = (struct served){ .endpoint = *e };
    s->cache_count++;
    return row;
}

static int listen_tftp(struct server *s, const struct kedge_endpoint *e,
                       const struct kedge_address *address, int fd)
{
    struct net_address at;
    struct served *row;
    char host[NET_ADDRESS_TEXT];
    int err = net_address_from(address, &at) ? open_tftp(s) : -EAFNOSUPPORT;

    if (err == 0)
        err = listen_shards(s, &at, fd);
    if (err < 0)
        return err;
    row = add_row(s, e);
    row->any = net_address_is_any(&at);
    snprintf(row->endpoint.host, sizeof row->endpoint.host, "%s",
             net_address_print_host(&at, host));
    row->endpoint.port = net_address_port(&at);
    return 0;
}

/* Connections leave a quarter of the descriptors to files, or who holds enough of them open
 * would stop every transfer. */
static int descriptors_of_connections(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
        return 0;
    return (int)(limit.rlim_cur - min_u64(limit.rlim_cur / 4, FILES_KEEP));
}

static int open_service(struct server *s, const struct kedge_endpoint *e, int fd)
{
    struct service_config config = {
        .loop = s->loop,
        .limits = { .connections = (uint32_t)s->options->echo_max_connections,
                    .idle = s->options->idle_timeout,
                    .descriptors = descriptors_of_connections() },
        .key = s->key.len > 0 ? &s->key : NULL,
        .reply = REPLY_TEXT
    };
    struct net_address at;
    struct service *service;
    struct served *row;
    int err;

    if (!s->echo_buffer)
        s->echo_buffer = malloc(ECHO_BUFFER);
    if (!s->echo_buffer)
        return -ENOMEM;
    config.buffer = s->echo_buffer;
    err = service_open(&service, &config, e, fd);
    if (err < 0)
        return err;
    row = add_row(s, e);
    row->service = service;
    err = kedge_endpoint_bound(&row->endpoint, fd);
    row->any = net_address_parse(row->endpoint.host, 0, &at) && net_address_is_any(&at);
    return err;
}

static enum exit_code listen_service(struct server *s, const struct kedge_endpoint *e,
                                     const struct kedge_address *at, int fd,
                                     const char *text)
{
    struct listen_how how = { s->options->interface, s->options->wait_for_address };
    struct kedge_error error;
    int err;

    if (fd == 0)
        fd = endpoint_listen_at(e, at, how, &error);
    if (fd < 0)
        return serve_refuse(&error, at->storage.ss_family == AF_UNIX);
    err = open_service(s, e, fd);
    return err == 0 ? EXIT_OK : listen_failed(text, err);
}

static enum exit_code failed_tftp(const struct server *s, const char *text, int err)
{
    const struct arg_range *range = &s->options->port_range;
    char word[48];
    bool of_range = false;

    for (unsigned i = 0; i < s->shard_count && s->tftp; i++)
        of_range = of_range || tftp_service_range_failed(s->shards[i].tftp);
    snprintf(word, sizeof word, "--port-range %" PRIu64 "-%" PRIu64, range->low,
             range->high);
    return listen_failed(of_range ? word : text, err);
}

/* Nothing that is sent to many is answered. */
static bool is_for_many(const struct kedge_address *at)
{
    struct net_address ip;

    return net_address_from(at, &ip) &&
           (net_address_is_multicast(&ip) || net_address_is_broadcast(&ip));
}

enum exit_code serve_at(struct server *s, const struct kedge_endpoint *e,
                        const struct kedge_address *at, int fd, const char *text)
{
    int err;

    if (s->cache_count == CACHE_FILES_MAX)
        return serve_refuse_for(text,
                                "too many endpoints: at most 32 sockets are served");
    if (is_for_many(at))
        return serve_refuse_for(text, "multicast and broadcast addresses are not served");
    if (e->service != KEDGE_TFTP)
        return listen_service(s, e, at, fd, text);
    err = listen_tftp(s, e, at, fd);
    return err == 0 ? EXIT_OK : failed_tftp(s, text, err);
}

/* One endpoint, at each address its host has. */
static enum exit_code listen_everywhere(struct server *s, const struct kedge_endpoint *e,
                                        const char *text)
{
    struct kedge_addresses addresses;
    struct kedge_error error;
    enum exit_code code = EXIT_OK;

    if (kedge_resolve(e, &addresses, &error) < 0)
        return serve_refuse(&error, true);
    for (unsigned i = 0; i < addresses.count && code == EXIT_OK; i++)
        code = serve_at(s, e, &addresses.at[i], 0, text);
    return code;
}

enum exit_code serve_endpoint_parse(const char *text, struct kedge_endpoint *e)
{
    struct kedge_error error;

    if (!url_parse(text, e, &error))
        return serve_refuse(&error, true);
    if (e->service == KEDGE_SOCKET)
        return serve_refuse_for(
            text, "a bare socket serves nothing: try echo+ in front, tftp:// "
                  "or reply+udp://");
    if (e->service == KEDGE_TFTP && e->name_len > 0)
        return serve_refuse_for(text, "a path is not served yet: use --root");
    return EXIT_OK;
}

enum exit_code serve_endpoint(struct server *s, const char *text)
{
    struct kedge_endpoint e;
    enum exit_code code = serve_endpoint_parse(text, &e);

    if (code != EXIT_OK)
        return code;
    e.family = s->options->extra.family;
    if (e.transport != KEDGE_TCP_AND_UDP)
        return listen_everywhere(s, &e, text);
    e.transport = KEDGE_TCP;
    code = listen_everywhere(s, &e, text);
    e.transport = KEDGE_UDP;
    return code == EXIT_OK ? listen_everywhere(s, &e, text) : code;
}

/* A data port of TFTP is none of them: it tells a peer once in 30 s that it knows no transfer,
 * and answers nothing else, so that no loop can live. A thousand numbers would be those of
 * clients too. */
void serve_guard_own_ports(struct server *s)
{
    for (unsigned i = 0; i < s->cache_count; i++) {
        struct service *service = s->served[i].service;

        for (unsigned k = 0; service && k < s->cache_count; k++)
            if (s->served[k].endpoint.transport == KEDGE_UDP)
                service_own_port(service, s->served[k].endpoint.port);
    }
}

bool serve_has_ipv6(void)
{
    struct udp_options options = { 0 };
    struct udp_socket socket;

    if (!net_address_parse("::1", 0, &options.at) || udp_open(&options, &socket) < 0)
        return false;
    udp_close(&socket);
    return true;
}

enum exit_code serve_defaults(struct server *s)
{
    const char *hosts[2] = { s->options->everywhere ? "0.0.0.0" : "127.0.0.1",
                             s->options->everywhere ? "[::]" : "[::1]" };
    enum exit_code code = EXIT_OK;
    unsigned count = serve_has_ipv6() ? 2 : 1;

    for (size_t k = 0; k < sizeof standard / sizeof *standard; k++)
        for (unsigned i = 0; i < count && code == EXIT_OK; i++) {
            char text[64];

            snprintf(text, sizeof text, "%s://%s:%u", standard[k].scheme, hosts[i],
                     standard[k].port);
            code = serve_endpoint(s, text);
        }
    return code;
}
