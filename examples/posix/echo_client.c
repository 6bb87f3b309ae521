/* SPDX-License-Identifier: MIT */
/* An echo client in bare system calls: sends one message and reads until it is back. */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

/* A socket connected to tcp://HOST:PORT or tcp://[IPV6]:PORT. */
static int dial(const char *to)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
    char host[256], port[6];
    int fd = -1, end = 0, code;

    if (sscanf(to, "tcp://[%255[^]]]:%5[0-9]%n", host, port, &end) < 2)
        (void)sscanf(to, "tcp://%255[^]:[]:%5[0-9]%n", host, port, &end);
    if (end == 0 || to[end] || strtol(port, NULL, 10) > 65535)
        errx(1, "%s: not of the scheme tcp://HOST:PORT with a port up to 65535", to);
    if ((code = getaddrinfo(host, port, &hints, &list)) != 0)
        errx(1, "%s: %s", host, gai_strerror(code));
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            close(fd); /* the name's next address may answer */
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0)
        err(1, "%s", to);
    return fd;
}

int main(int argc, char **argv)
{
    const char *to = argc > 1 ? argv[1] : "tcp://127.0.0.1:65432";
    const char *message = argc > 2 ? argv[2] : "Hello, world";
    size_t len = strlen(message), sent = 0, got = 0;
    char back[1 << 17]; /* no argument is longer */
    int fd = dial(to);
    ssize_t n = 1;

    while (sent < len) {
        n = send(fd, message + sent, len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            err(1, "%s", to);
        sent += n > 0 ? (size_t)n : 0; /* it may take a part only */
    }
    while (got < len && n != 0) {
        n = recv(fd, back + got, len - got, 0);
        if (n < 0 && errno != EINTR)
            err(1, "%s", to);
        got += n > 0 ? (size_t)n : 0; /* and 0 is the end */
    }
    close(fd);
    print_bytes("Received ", back, got);
    if (got < len)
        errx(1, "%s: it ended before all was back", to);
    return 0;
}
