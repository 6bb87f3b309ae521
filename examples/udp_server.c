/* SPDX-License-Identifier: MIT */
/* A UDP server: shows each message and its sender, and answers with one text. There are
 * no connections: every datagram stands alone, and says where its answer goes. */
#include "kedge/datagram.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* As Python's repr() shows bytes. */
static void print_bytes(const char *bytes, size_t len)
{
    int quote = memchr(bytes, '\'', len) && !memchr(bytes, '"', len) ? '"' : '\'';

    printf("b%c", quote);
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];

        if (c == '\t' || c == '\n' || c == '\r')
            printf("\\%c", c == '\t' ? 't' : c == '\n' ? 'n' : 'r');
        else if (c < ' ' || c > '~')
            printf("\\x%02x", (unsigned)(unsigned char)c);
        else
            printf(c == '\\' || c == quote ? "\\%c" : "%c", c);
    }
    putchar(quote);
}

/* As Python shows a socket's address: of two parts, and of four for IPv6. */
static void print_address(const struct kedge_address *a)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->storage;
    char host[KEDGE_ADDRESS_TEXT];

    printf("('%s', %u", kedge_address_host(a, host), (unsigned)kedge_address_port(a));
    if (six->sin6_family == AF_INET6)
        printf(", %u, %u", (unsigned)ntohl(six->sin6_flowinfo),
               (unsigned)six->sin6_scope_id);
    printf(")");
}

static void answer(int fd, const char *message, size_t len,
                   const struct kedge_address *to)
{
    static const char text[] = "Hello UDP Client";
    int err;

    printf("Message from Client:");
    print_bytes(message, len);
    printf("\nClient IP Address:");
    print_address(to);
    printf("\n");
    err = kedge_send_to(fd, text, strlen(text), to);
    if (err < 0)
        fprintf(stderr, "udp_server: cannot answer: %s\n", strerror(-err));
}

int main(int argc, char **argv)
{
    struct kedge_error error;
    int fd = kedge_listen(argc > 1 ? argv[1] : "udp://127.0.0.1:20001", &error);

    if (fd < 0) {
        fprintf(stderr, "udp_server: %s\n", error.text);
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("UDP server up and listening\n");
    for (;;) {
        char message[65536];
        struct kedge_address from;
        ssize_t len = kedge_receive_from(fd, message, sizeof message, &from);

        if (len >= 0)
            answer(fd, message, (size_t)len, &from);
        else
            fprintf(stderr, "udp_server: %s\n", strerror((int)-len));
    }
}
