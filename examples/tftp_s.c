/* SPDX-License-Identifier: MIT */
/* A TFTP server: gives and takes files of the current directory. It listens on
 * 127.0.0.1:6969, or where its argument says: PORT, or ADDRESS:PORT. */
#include "kedge/server.h"

#include <stdio.h>
#include <string.h>

static void transfer_is_over(void *owner, const struct kedge_server_record *r)
{
    (void)owner;
    fprintf(stderr, "SERVER: %.*s: ", (int)r->peer.len, (const char *)r->peer.ptr);
    if (r->reason.len > 0)
        fprintf(stderr, "failed: %.*s\n", (int)r->reason.len,
                (const char *)r->reason.ptr);
    else
        fprintf(stderr, "%llu bytes\n", (unsigned long long)r->bytes);
}

static struct kedge_server *serve_at(const char *where, struct kedge_error *error)
{
    const struct kedge_server_options options = {
        .directory = ".",
        .uploads = KEDGE_UPLOADS_OVERWRITE,
        .done = transfer_is_over,
    };
    struct kedge_server *s;
    struct kedge_endpoint at;
    char url[KEDGE_ENDPOINT_TEXT];

    snprintf(url, sizeof url, "udp://%s%s",
             strchr(where, ':') ? "" : "127.0.0.1:", where);
    if (!kedge_endpoint_parse(url, &at, error))
        return NULL;
    s = kedge_server_open(&at, &options, error);
    if (s && at.port == 0) /* any: say which one it became */
        fprintf(stderr, "SERVER: on port %u\n", (unsigned)kedge_server_port(s));
    return s;
}

int main(int argc, char **argv)
{
    struct kedge_error error = { .text = "" };
    struct kedge_server *s =
        argc < 3 ? serve_at(argc == 2 ? argv[1] : "6969", &error) : NULL;
    int err;

    if (!s) {
        fprintf(stderr, "tftp_s: %s\nUSAGE: tftp_s [[ADDRESS:]PORT]\n", error.text);
        return 1;
    }
    puts("SERVER: waiting to recvfrom...");
    fflush(stdout);
    err = kedge_server_run(s); /* until it is ended by a signal */
    fprintf(stderr, "tftp_s: %s\n", strerror(-err));
    kedge_server_close(s);
    return 1;
}
