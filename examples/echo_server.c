/* SPDX-License-Identifier: MIT */
/* An echo server: what a client sends comes back until it has finished sending. One
 * client at a time; the next one waits. Any endpoint of connections may be given:
 * tcp://[::1]:7000, unix:///tmp/echo. */
#include "kedge/stream.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void echo(int fd)
{
    char bytes[65536];
    ssize_t n;

    do
        n = kedge_read_some(fd, bytes, sizeof bytes);
    while (n > 0 && kedge_write_all(fd, bytes, (size_t)n) == 0);
    close(fd);
}

int main(int argc, char **argv)
{
    const char *at = argc > 1 ? argv[1] : "tcp://127.0.0.1:65432";
    struct kedge_error error;
    struct kedge_address peer;
    char host[KEDGE_ADDRESS_TEXT];
    int fd = -1, listener = kedge_listen(at, &error);

    setvbuf(stdout, NULL, _IOLBF, 0);
    while (listener >= 0 && (fd = kedge_accept(listener, &peer)) >= 0) {
        printf("Connected by ('%s', %d%s)\n", kedge_address_host(&peer, host),
               kedge_address_port(&peer),
               peer.storage.ss_family == AF_INET6 ? ", 0, 0" : "");
        echo(fd);
    }
    fprintf(stderr, "echo_server: %s\n", listener < 0 ? error.text : strerror(-fd));
    return 1;
}
