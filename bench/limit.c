/* SPDX-License-Identifier: MIT */
/* limit: what this kernel can do with a file over UDP on loopback, without a protocol: a
 * window of blocks read from the file, each with four bytes in front, sent in as few calls
 * as the kernel allows (UDP_SEGMENT), and one small answer for each window. The receiver is
 * a process of its own that takes bursts (UDP_GRO).
 *
 *   limit FILE BLKSIZE WINDOW TIMES
 *
 * It prints the sender's CPU a GiB and the rate as one line of JSON: nothing that serves
 * the file by TFTP can cost less. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/cpu_meter.h"
#include "bench/train.h"

enum { TRAIN = 64, TRAIN_BYTES = 65507, HEADER = 4, WINDOW_MAX = 1024 };

static int open_socket(struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int room = 4 << 20;

    *at = (struct sockaddr_in){ .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof *at) < 0 ||
        getsockname(fd, (struct sockaddr *)at, &len) < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    return fd;
}

/* Answer each window of `window` datagrams, for ever. */
static void receive(int fd, const struct sockaddr_in *to, size_t frame, size_t window)
{
    static char buffer[65536];
    size_t got = 0;
    int on = 1;

    setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    for (;;) {
        ssize_t n = recv(fd, buffer, sizeof buffer, 0);

        if (n <= 0)
            exit(1);
        got += (size_t)n;
        if (got >= window * frame || (size_t)n % frame != 0) {
            got = 0;
            if (sendto(fd, "ack", HEADER, 0, (const struct sockaddr *)to, sizeof *to) < 0)
                exit(1);
        }
    }
}

/* One window from the file; false at its end. */
static bool send_window(int fd, int file, off_t *at, size_t blksize, size_t window)
{
    static char frames[WINDOW_MAX * (1468 + HEADER) + 65536 * 16];
    struct iovec v[WINDOW_MAX];
    size_t frame = blksize + HEADER;
    size_t most = TRAIN_BYTES / frame < TRAIN ? TRAIN_BYTES / frame : TRAIN;
    ssize_t got;

    for (size_t i = 0; i < window; i++)
        v[i] = (struct iovec){ frames + i * frame + HEADER, blksize };
    got = preadv(file, v, (int)window, *at);
    if (got < (ssize_t)(window * blksize))
        return false; /* a last part is left out: it would be timed out by nobody */
    *at += got;
    for (size_t i = 0; i < window; i += most) {
        size_t n = window - i < most ? window - i : most;

        send_train(fd, frames + i * frame, n * frame, (uint16_t)frame);
    }
    return true;
}

static void send_file(int fd, int file, size_t blksize, size_t window)
{
    char answer[16];
    off_t at = 0;

    while (send_window(fd, file, &at, blksize, window))
        if (recv(fd, answer, sizeof answer, 0) < 0)
            die("recv");
}

int main(int argc, char **argv)
{
    struct sockaddr_in here, there;
    int a = open_socket(&here), b = open_socket(&there);
    int file = argc == 5 ? open(argv[1], O_RDONLY) : -1;
    size_t blksize = argc == 5 ? strtoul(argv[2], NULL, 10) : 0;
    size_t window = argc == 5 ? strtoul(argv[3], NULL, 10) : 0;
    unsigned long times = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
    struct stat st;
    struct timeval patience = { .tv_sec = 5 };
    double cpu, gib;
    uint64_t began;
    pid_t child;

    if (file < 0 || fstat(file, &st) < 0 || window == 0 || window > WINDOW_MAX) {
        fputs("usage: limit FILE BLKSIZE WINDOW TIMES\n", stderr);
        return 64;
    }
    child = fork();
    if (child == 0)
        receive(b, &here, blksize + HEADER, window);
    setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(a, (struct sockaddr *)&there, sizeof there) < 0)
        die("connect");
    cpu = cpu_self();
    began = clock_ns();
    for (unsigned long i = 0; i < times; i++)
        send_file(a, file, blksize, window);
    gib = (double)st.st_size * (double)times / (1 << 30);
    printf("{\"server_s_per_GiB\":%.4f,\"MBps\":%.0f}\n", (cpu_self() - cpu) / gib,
           gib * 1073.741824 / ((double)(clock_ns() - began) / 1e9));
    kill(child, 9);
    waitpid(child, NULL, 0);
    return 0;
}
