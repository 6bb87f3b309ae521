/* Binding what `kedge serve` is asked to serve. */
#include "cmd/serve_server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TFTP_PORT_DEFAULT = 6969 };

static enum exit_code refuse(const char *text, const char *why)
{
    fprintf(stderr, "kedge serve: %s: %s\n", text, why);
    return EXIT_USAGE;
}

static enum exit_code failed(const char *text, int err)
{
    const char *hint = "";

    if (err == -EACCES)
        hint = " (ports below 1024 want root or CAP_NET_BIND_SERVICE)";
    fprintf(stderr, "kedge serve: %s: %s%s\n", text, strerror(-err), hint);
    return err == -EACCES ? EXIT_NO_PERMISSION : EXIT_LOCAL_FILE;
}

static int open_tftp(struct server *s)
{
    const struct serve_options *o = s->options;
    struct tftp_config config = {
        .loop = &s->loop,
        .workers = &s->workers,
        .files = &s->files,
        .root = &s->root,
        .uploads = { .policy = (enum upload_policy)o->uploads,
                     .mode = (uint32_t)o->upload_mode,
                     .max_bytes = o->max_upload },
        .room = (uint32_t)o->max_transfers,
        .unproved_max = TFTP_UNPROVED_DEFAULT,
        .blksize_max = o->blksize_max == ARG_WORD ? 0 : (uint32_t)o->blksize_max,
        .windowsize_max = (uint32_t)o->windowsize_max,
        .timeout = o->timeout,
        .single_port = o->single_port,
        .low = (uint16_t)o->port_range.low,
        .high = (uint16_t)o->port_range.high,
    };

    return s->tftp ? 0 : tftp_service_open(&s->tftp, &config);
}

static int note(struct server *s, const struct kedge_endpoint *e,
                const struct net_address *at)
{
    struct served *row = &s->served[s->served_count];
    char host[NET_ADDRESS_TEXT];

    if (s->served_count == SERVED_MAX)
        return -ENOSPC;
    row->endpoint = *e;
    row->any = net_address_is_any(at);
    snprintf(row->endpoint.host, sizeof row->endpoint.host, "%s",
             net_address_print_host(at, host));
    row->endpoint.port = net_address_port(at);
    s->served_count++;
    return 0;
}

static enum exit_code listen_tftp(struct server *s, const struct kedge_endpoint *e,
                                  const char *text)
{
    struct kedge_addresses addresses;
    struct kedge_error error;
    int err = 0;

    if (kedge_resolve(e, &addresses, &error) < 0)
        return refuse(text, error.text);
    err = open_tftp(s);
    for (unsigned i = 0; i < addresses.count && err == 0; i++) {
        struct net_address at;

        if (!net_address_from(&addresses.at[i], &at))
            continue;
        err = tftp_service_listen(s->tftp, &at);
        if (err == 0)
            err = note(s, e, &at);
    }
    return err == 0 ? EXIT_OK : failed(text, err);
}

enum exit_code serve_endpoint(struct server *s, const char *text)
{
    struct kedge_endpoint e;
    struct kedge_error error;

    if (!kedge_endpoint_parse(text, &e, &error))
        return refuse(text, error.text);
    if (e.service == KEDGE_TFTP && e.name_len > 0)
        return refuse(text, "a path in a served endpoint is not supported: use --root");
    if (e.service == KEDGE_TFTP)
        return listen_tftp(s, &e, text);
    return refuse(text, "cannot be served");
}

static bool has_ipv6(void)
{
    struct net_address loopback;
    struct udp_options options = { 0 };
    struct udp_socket socket;

    if (!net_address_parse("::1", 0, &loopback))
        return false;
    options.at = loopback;
    if (udp_open(&options, &socket) < 0)
        return false;
    udp_close(&socket);
    return true;
}

enum exit_code serve_defaults(struct server *s)
{
    const char *hosts[2] = { s->options->everywhere ? "0.0.0.0" : "127.0.0.1",
                             s->options->everywhere ? "[::]" : "[::1]" };
    enum exit_code code = EXIT_OK;
    unsigned count = has_ipv6() ? 2 : 1;

    for (unsigned i = 0; i < count && code == EXIT_OK; i++) {
        char text[64];

        snprintf(text, sizeof text, "tftp://%s:%d", hosts[i], TFTP_PORT_DEFAULT);
        code = serve_endpoint(s, text);
    }
    return code;
}
