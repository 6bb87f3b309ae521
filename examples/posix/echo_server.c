/* SPDX-License-Identifier: MIT */
/* An echo server in bare system calls: what a client sends comes back until it has
 * finished sending. One client at a time; the next one waits in the listener's queue. */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket that listens on tcp://HOST:PORT or tcp://[IPV6]:PORT. */
static int listen_on(const char *at)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
    char host[256], port[6];
    int fd, end = 0, on = 1, code;

    if (sscanf(at, "tcp://[%255[^]]]:%5[0-9]%n", host, port, &end) < 2)
        (void)sscanf(at, "tcp://%255[^]:[]:%5[0-9]%n", host, port, &end);
    if (end == 0 || at[end] || strtol(port, NULL, 10) > 65535)
        errx(1, "%s: not of the scheme tcp://HOST:PORT with a port up to 65535", at);
    if ((code = getaddrinfo(host, port, &hints, &list)) != 0)
        errx(1, "%s: %s", host, gai_strerror(code));
    fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    /* Without SO_REUSEADDR a restart waits until old connections leave TIME-WAIT. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, list->ai_addr, list->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
        code = -1;
    freeaddrinfo(list);
    if (code < 0)
        err(1, "%s", at);
    return fd;
}

/* One call may take a part only. False when the client is gone. */
static bool send_all(int fd, const char *bytes, size_t len)
{
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return false;
        sent += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static void echo(int fd)
{
    char bytes[65536];
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof bytes, 0)) != 0) /* 0: the client's FIN */
        if (n < 0 ? errno != EINTR : !send_all(fd, bytes, (size_t)n))
            break;
}

int main(int argc, char **argv)
{
    int fd, listener = listen_on(argc > 1 ? argv[1] : "tcp://127.0.0.1:65432");

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (;;) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof peer;
        char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";

        while ((fd = accept(listener, (struct sockaddr *)&peer, &len)) < 0)
            if (errno != EINTR && errno != ECONNABORTED)
                err(1, "accept");
        getnameinfo((struct sockaddr *)&peer, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
        printf("Connected by ('%s', %s%s)\n", host, port,
               peer.ss_family == AF_INET6 ? ", 0, 0" : "");
        echo(fd);
        close(fd);
    }
}
