/* SPDX-License-Identifier: MIT */
/* A TFTP server in bare system calls: gives and takes files of the present directory. */
#include "tftp.h"

#include <fcntl.h>
#include <sys/stat.h>

/* A socket bound to PORT, ADDRESS:PORT or [IPV6]:PORT; *at is where, with port 0. */
static int listen_at(const char *where, struct sockaddr_storage *at, socklen_t *len)
{
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *list;
    char text[300], host[256], port[6];
    int fd, code;

    snprintf(text, sizeof text, "%s%s", strchr(where, ':') ? "" : "127.0.0.1:", where);
    if (!split(text, host, port))
        errx(1, "%s: no port up to 65535\nUSAGE: tftp_s [[ADDRESS:]PORT]", where);
    if ((code = getaddrinfo(host, port, &hints, &list)) != 0)
        errx(1, "%s: %s", host, gai_strerror(code));
    fd = socket(list->ai_family, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, list->ai_addr, list->ai_addrlen) < 0 ||
        getsockname(fd, (struct sockaddr *)at, len) < 0)
        err(1, "%s", where);
    freeaddrinfo(list);
    getnameinfo((struct sockaddr *)at, *len, NULL, 0, host, sizeof host, NI_NUMERICSERV);
    if (strtol(port, NULL, 10) == 0)
        fprintf(stderr, "SERVER: on port %s\n", host); /* any that was free */
    *port_of(at) = 0;
    return fd;
}

static bool give(struct transfer *t, const char *name)
{
    int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); /* a FIFO would hang it */
    struct stat st;
    FILE *file;
    bool given;

    if (fd < 0)
        return refuse(t, errno == ENOENT || errno == ELOOP ? 1 : 2, strerror(errno));
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(file = fdopen(fd, "r"))) {
        close(fd);
        return refuse(t, 2, "not a regular file");
    }
    given = send_file(t, file);
    fclose(file);
    return given;
}

static bool answer(struct transfer *t, const char *request, size_t len)
{
    const char *name = request + 2 + strspn(request + 2, "/");
    const char *mode = name + strlen(name) + 1;

    if (request[0] != 0 || (request[1] != RRQ && request[1] != WRQ) ||
        mode + strlen(mode) >= request + len) {
        strcpy(t->failed, "not a request");
        return false; /* and nothing is said: its sender may be forged */
    }
    if (strcasecmp(mode, "octet") != 0)
        return refuse(t, 0, "octet only");
    /* No name leads out of this directory, or to a file that is not complete. */
    if (*name == '\0' || *name == '.' || strchr(name, '/'))
        return refuse(t, 1, strerror(ENOENT));
    if (request[1] == RRQ)
        return give(t, name);
    set_out(t, ACK, 0, 0);
    return receive_file(t, name);
}

/* What the client asked again while it was answered. */
static void drop_repeats(int fd, const struct transfer *t, const char *request,
                         size_t len)
{
    for (int i = 0; i < 64; i++) {
        struct sockaddr_storage from = { 0 };
        socklen_t from_len = sizeof from;
        char again[REQUEST_MAX];
        ssize_t n = recvfrom(fd, again, sizeof again, MSG_PEEK | MSG_DONTWAIT,
                             (struct sockaddr *)&from, &from_len);

        if (n != (ssize_t)len || memcmp(again, request, len) != 0 ||
            memcmp(&from, &t->peer, t->peer_len) != 0)
            return;
        (void)recv(fd, again, sizeof again, MSG_DONTWAIT);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_storage at = { 0 };
    socklen_t at_len = sizeof at;
    int fd = listen_at(argc == 1 ? "6969" : argc == 2 ? argv[1] : "", &at, &at_len);

    for (;;) {
        struct transfer t = { .known = true, .tries = 2, .peer_len = sizeof t.peer };
        struct sockaddr *peer = (struct sockaddr *)&t.peer;
        char request[REQUEST_MAX + 2] = { 0 }, host[NI_MAXHOST] = "",
                                   port[NI_MAXSERV] = "";
        ssize_t n;

        puts("SERVER: waiting to recvfrom...");
        fflush(stdout);
        if ((n = recvfrom(fd, request, REQUEST_MAX, 0, peer, &t.peer_len)) < 0)
            continue;
        t.fd = socket(at.ss_family, SOCK_DGRAM, 0); /* of its own: this port is our TID */
        if (t.fd < 0 || bind(t.fd, (struct sockaddr *)&at, at_len) < 0)
            err(1, "socket");
        getnameinfo(peer, t.peer_len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
        fprintf(stderr, strchr(host, ':') ? "SERVER: [%s]:%s" : "SERVER: %s:%s", host,
                port);
        if (answer(&t, request, (size_t)n))
            fprintf(stderr, ": %ju bytes\n", (uintmax_t)t.bytes);
        else
            fprintf(stderr, ": failed: %s\n", *t.failed ? t.failed : "no answer");
        close(t.fd);
        drop_repeats(fd, &t, request, (size_t)n);
    }
}
