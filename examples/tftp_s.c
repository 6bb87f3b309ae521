/* A TFTP server: gives and takes files of the current directory, one at a time. It
 * listens on 127.0.0.1:6969, or where its argument says: PORT, or ADDRESS:PORT. */
#include "kedge/datagram.h"
#include "kedge/transfer.h"

#include <stdio.h>
#include <string.h>

/* Port 0 is any: say which one it became. */
static int listen_at(const char *where, struct kedge_error *error)
{
    struct kedge_endpoint e;
    char url[KEDGE_ENDPOINT_TEXT];
    int fd;

    snprintf(url, sizeof url, "udp://%s%s",
             strchr(where, ':') ? "" : "127.0.0.1:", where);
    if (!kedge_endpoint_parse(url, &e, error))
        return -1;
    fd = kedge_endpoint_listen(&e, error);
    if (fd >= 0 && e.port == 0 && kedge_endpoint_bound(&e, fd) == 0)
        fprintf(stderr, "SERVER: on port %u\n", (unsigned)e.port);
    return fd;
}

static void answer(int fd, struct kedge_span datagram, const struct kedge_address *peer)
{
    struct kedge_transfer_request request = { .socket = fd,
                                              .datagram = datagram,
                                              .peer = *peer,
                                              .directory = ".",
                                              .uploads = KEDGE_UPLOADS_OVERWRITE };
    struct kedge_transfer_result result;
    char who[KEDGE_ADDRESS_TEXT];

    kedge_address_print(peer, who);
    if (kedge_answer(&request, NULL, &result))
        fprintf(stderr, "SERVER: %s: %llu bytes\n", who,
                (unsigned long long)result.bytes);
    else
        fprintf(stderr, "SERVER: %s: failed: %s\n", who, result.reason);
}

int main(int argc, char **argv)
{
    struct kedge_error error = { .text = "" };
    int fd = argc < 3 ? listen_at(argc == 2 ? argv[1] : "6969", &error) : -1;

    if (fd < 0) {
        fprintf(stderr, "tftp_s: %s\nUSAGE: tftp_s [[ADDRESS:]PORT]\n", error.text);
        return 1;
    }
    for (;;) {
        uint8_t datagram[KEDGE_TFTP_REQUEST_MAX];
        struct kedge_address peer;
        ssize_t len;

        puts("SERVER: waiting to recvfrom...");
        fflush(stdout);
        len = kedge_receive_from(fd, datagram, sizeof datagram, &peer);
        if (len > 0)
            answer(fd, (struct kedge_span){ datagram, (size_t)len }, &peer);
    }
}
