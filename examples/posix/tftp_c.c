/* SPDX-License-Identifier: MIT */
/* A TFTP client in bare system calls: fetches one file from a server, or sends one to it.
 * The file has the same name on both sides; here it is that name's last part. */
#include "tftp.h"

/* The addresses of HOST[:PORT] or [IPV6][:PORT], and a socket for all of them. */
static struct addrinfo *resolve(const char *server, int *fd)
{
    struct addrinfo hints = { .ai_family = AF_INET6, .ai_socktype = SOCK_DGRAM }, *list;
    const char *bracket = strrchr(server, ']');
    char text[300], host[256], port[6];
    int code, off = 0;

    snprintf(text, sizeof text, "%s%s", server,
             strchr(bracket ? bracket : server, ':') ? "" : ":6969");
    if (!split(text, host, port))
        errx(1, "%s: not HOST[:PORT] with a port up to 65535", server);
    *fd = socket(AF_INET6, SOCK_DGRAM, 0);
    if (*fd >= 0) /* it reaches IPv4 as well: a.b.c.d is ::ffff:a.b.c.d */
        (void)setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    else if (errno == EAFNOSUPPORT)
        *fd = socket(hints.ai_family = AF_INET, SOCK_DGRAM, 0);
    if (*fd < 0)
        err(1, "socket");
    hints.ai_flags = AI_V4MAPPED | AI_ALL;
    if ((code = getaddrinfo(host, port, &hints, &list)) != 0)
        errx(1, "%s: %s", host, gai_strerror(code));
    return list;
}

int main(int argc, char **argv)
{
    bool get = argc == 4 && strcmp(argv[1], "GET") == 0, done;
    struct transfer t = { .tries = TRIES };
    struct addrinfo *list;
    FILE *file = NULL;
    const char *slash;

    if (!get && (argc != 4 || strcmp(argv[1], "PUT") != 0)) {
        fputs("USAGE: tftp_c GET/PUT server filename\n", stderr);
        return 1;
    }
    if (!*argv[3] || strlen(argv[3]) > BLOCK - sizeof "octet")
        errx(1, "the file's name is empty or too long");
    if (!get && !(file = fopen(argv[3], "r")))
        err(1, "%s", argv[3]);
    t.next = list = resolve(argv[2], &t.fd);
    t.out[0] = htons(get ? RRQ : WRQ);
    t.out_len = 2 + (size_t)sprintf((char *)(t.out + 1), "%s%coctet", argv[3], 0) + 1;
    slash = strrchr(argv[3], '/');
    if (get)
        done = receive_file(&t, slash ? slash + 1 : argv[3]);
    else
        done = ask(&t, ACK, 0) >= 0 && send_file(&t, file);
    freeaddrinfo(list);
    if (!done)
        errx(1, "%s %s: %s", argv[1], argv[3], *t.failed ? t.failed : "no answer");
    return 0;
}
