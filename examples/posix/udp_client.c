/* SPDX-License-Identifier: MIT */
/* A UDP client in bare system calls: sends a message, waits for its answer and shows it,
 * as many times as it is told. UDP promises nothing, so the wait ends. */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* As Python's repr() shows bytes. */
static void print_bytes(const char *label, const char *bytes, size_t len)
{
    char quote = memchr(bytes, '\'', len) && !memchr(bytes, '"', len) ? '"' : '\'';

    printf("%sb%c", label, quote);
    for (const char *c = bytes; c < bytes + len; c++)
        if (*c == '\t' || *c == '\n' || *c == '\r')
            printf("\\%c", *c == '\t' ? 't' : *c == '\n' ? 'n' : 'r');
        else if (*c < ' ' || *c > '~')
            printf("\\x%02x", (unsigned)(unsigned char)*c);
        else
            printf(*c == '\\' || *c == quote ? "\\%c" : "%c", *c);
    printf("%c\n", quote);
}

/* A socket whose peer is udp://HOST:PORT or udp://[IPV6]:PORT. */
static int dial(const char *to)
{
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *list;
    struct timeval patience = { .tv_sec = 2 };
    char host[256], port[6];
    int fd, end = 0, code;

    if (sscanf(to, "udp://[%255[^]]]:%5[0-9]%n", host, port, &end) < 2)
        (void)sscanf(to, "udp://%255[^]:[]:%5[0-9]%n", host, port, &end);
    if (end == 0 || to[end] || strtol(port, NULL, 10) > 65535)
        errx(1, "%s: not of the scheme udp://HOST:PORT with a port up to 65535", to);
    if ((code = getaddrinfo(host, port, &hints, &list)) != 0)
        errx(1, "%s: %s", host, gai_strerror(code));
    fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    /* connect() sends nothing: it names the peer, and others are no longer heard. */
    if (fd < 0 || connect(fd, list->ai_addr, list->ai_addrlen) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
        code = -1;
    freeaddrinfo(list);
    if (code < 0)
        err(1, "%s", to);
    return fd;
}

int main(int argc, char **argv)
{
    char reply[65536], *end = NULL;
    long count = argc > 1 ? strtol(argv[1], &end, 10) : 1;
    const char *to = argc > 2 ? argv[2] : "udp://127.0.0.1:20001";
    const char *message = argc > 3 ? argv[3] : "Hello UDP Server";
    ssize_t n;
    int fd;

    if (count < 1 || (end && *end)) {
        fprintf(stderr, "USAGE: udp_client [COUNT [ENDPOINT [MESSAGE]]]\n");
        return 1;
    }
    fd = dial(to);
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (count-- > 0) {
        if (send(fd, message, strlen(message), 0) < 0)
            err(1, "%s", to);
        while ((n = recv(fd, reply, sizeof reply, 0)) < 0)
            if (errno != EINTR)
                err(1, "%s", to);
        print_bytes("Message from Server ", reply, (size_t)n);
    }
    close(fd);
    return 0;
}
