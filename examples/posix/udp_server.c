/* SPDX-License-Identifier: MIT */
/* A UDP server in bare system calls: shows each message and its sender, and answers with
 * one text. There are no connections: every datagram says where its answer goes. */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

/* A socket bound to udp://HOST:PORT or udp://[IPV6]:PORT. */
static int bind_to(const char *at)
{
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *list;
    char host[256], port[6];
    int fd, end = 0, code;

    if (sscanf(at, "udp://[%255[^]]]:%5[0-9]%n", host, port, &end) < 2)
        (void)sscanf(at, "udp://%255[^]:[]:%5[0-9]%n", host, port, &end);
    if (end == 0 || at[end] || strtol(port, NULL, 10) > 65535)
        errx(1, "%s: not of the scheme udp://HOST:PORT with a port up to 65535", at);
    if ((code = getaddrinfo(host, port, &hints, &list)) != 0)
        errx(1, "%s: %s", host, gai_strerror(code));
    fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    code = fd < 0 ? -1 : bind(fd, list->ai_addr, list->ai_addrlen);
    freeaddrinfo(list);
    if (code < 0)
        err(1, "%s", at);
    return fd;
}

int main(int argc, char **argv)
{
    int fd = bind_to(argc > 1 ? argv[1] : "udp://127.0.0.1:20001");
    static const char text[] = "Hello UDP Client";

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("UDP server up and listening\n");
    for (;;) {
        char message[65536], host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
        struct sockaddr_storage from;
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&from;
        socklen_t len = sizeof from;
        ssize_t n;

        n = recvfrom(fd, message, sizeof message, 0, (struct sockaddr *)&from, &len);
        if (n < 0 && errno != EINTR)
            warn("recvfrom");
        if (n < 0)
            continue;
        print_bytes("Message from Client:", message, (size_t)n);
        getnameinfo((struct sockaddr *)&from, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
        printf("Client IP Address:('%s', %s", host, port);
        if (from.ss_family == AF_INET6) /* the other fields of a sockaddr_in6 */
            printf(", %u, %u", ntohl(six->sin6_flowinfo), six->sin6_scope_id);
        printf(")\n");
        if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&from, len) < 0)
            warn("cannot answer");
    }
}
