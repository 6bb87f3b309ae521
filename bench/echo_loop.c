/* SPDX-License-Identifier: MIT */
/* echo_loop: the limit that a TCP echo server is measured by. One thread, epoll, one buffer
 * of 256 KiB; what was read is written back at once. It is no server to use: whoever does
 * not read what he sent stops all others.
 *
 *   echo_loop PORT          on 127.0.0.1, until it is killed */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/cpu_meter.h"

enum { EVENTS = 256, BUFFER = 256 << 10 };

static void accept_all(int epoll, int listener)
{
    for (;;) {
        int on = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0)
            close(fd);
    }
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EAGAIN)
            n = poll(&(struct pollfd){ fd, POLLOUT, 0 }, 1, -1) - 1;
        if (n < 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static void echo(int fd, char *buffer)
{
    ssize_t n = read(fd, buffer, BUFFER);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 || write_all(fd, buffer, (size_t)n) < 0)
        close(fd);
}

int main(int argc, char **argv)
{
    static char buffer[BUFFER];
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event events[EVENTS] = { { .events = EPOLLIN } };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    int epoll = epoll_create1(0);

    at.sin_port = htons((uint16_t)(argc == 2 ? strtoul(argv[1], NULL, 10) : 0));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 ||
        listen(listener, 4096) < 0)
        die("listen");
    events[0].data.fd = listener;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &events[0]) < 0)
        die("epoll_ctl");
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < n; i++)
            if (events[i].data.fd == listener)
                accept_all(epoll, listener);
            else
                echo(events[i].data.fd, buffer);
    }
}
