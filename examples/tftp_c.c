/* SPDX-License-Identifier: MIT */
/* A TFTP client: fetches one file from a server, or sends one to it. The file has the
 * same name on both sides; here it is that name's last part. */
#include "kedge/transfer.h"

#include <stdio.h>
#include <string.h>

/* HOST, HOST:PORT, [IPV6] or [IPV6]:PORT. */
static bool name_server(const char *server, struct kedge_endpoint *remote,
                        struct kedge_error *error)
{
    const char *bracket = strrchr(server, ']');
    const char *colon = strchr(bracket ? bracket : server, ':');
    char url[KEDGE_ENDPOINT_TEXT];

    snprintf(url, sizeof url, "tftp://%s%s/", server, colon ? "" : ":6969");
    return kedge_endpoint_parse(url, remote, error);
}

static bool name_file(const char *name, struct kedge_endpoint *remote,
                      struct kedge_error *error)
{
    remote->name_len = strlen(name);
    if (remote->name_len > 0 && remote->name_len <= sizeof remote->name) {
        memcpy(remote->name, name, remote->name_len);
        return true;
    }
    snprintf(error->text, sizeof error->text, "the file's name is empty or too long");
    return false;
}

int main(int argc, char **argv)
{
    bool get = argc == 4 && strcmp(argv[1], "GET") == 0;
    bool put = argc == 4 && strcmp(argv[1], "PUT") == 0;
    struct kedge_transfer_result result;
    struct kedge_endpoint remote;
    struct kedge_error error;
    const char *slash, *here;

    if (!get && !put) {
        fputs("USAGE: tftp_c GET/PUT server filename\n", stderr);
        return 1;
    }
    slash = strrchr(argv[3], '/');
    here = get && slash ? slash + 1 : argv[3];
    if (!name_server(argv[2], &remote, &error) || !name_file(argv[3], &remote, &error)) {
        fprintf(stderr, "tftp_c: %s\n", error.text);
        return 1;
    }
    if (get ? kedge_get(&remote, here, NULL, &result)
            : kedge_put(here, &remote, NULL, &result))
        return 0;
    fprintf(stderr, "tftp_c: %s %s: %s\n", argv[1], argv[3], result.reason);
    return 1;
}
