/* SPDX-License-Identifier: MIT */
/* TCP beside UDP, measured against an echo server of each (docs/lab/tcp-udp starts one):
 * round trips on an open socket, what a fresh connection adds, and how much passes when
 * one side sends as fast as it can. Each message differs, for a guarded echo leaves
 * endless repetition unanswered. */
#include "kedge/datagram.h"
#include "kedge/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUND_TRIPS = 20000, FRESH = 2000, MESSAGE = 64, DATAGRAM = 1400 };

static const size_t bulk_bytes = (size_t)256 << 20;

static kedge_nanos now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (kedge_nanos)t.tv_sec * KEDGE_SEC + (kedge_nanos)t.tv_nsec;
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "tcp_udp: %s: %s\n", what, why);
    exit(1);
}

static int dial(const char *endpoint)
{
    struct kedge_error error;
    int fd = kedge_dial(endpoint, &error);

    if (fd < 0)
        die(endpoint, error.text);
    if (kedge_receive_timeout(fd, 2 * KEDGE_SEC) < 0)
        die(endpoint, "no timeout can be set");
    return fd;
}

/* One message there and back; a stream may bring it in pieces. */
static void exchange(int fd, const char *endpoint, unsigned number)
{
    char message[MESSAGE] = { 0 }, reply[MESSAGE];
    size_t have = 0;

    memcpy(message, &number, sizeof number);
    if (kedge_write_all(fd, message, sizeof message) < 0)
        die(endpoint, "cannot send");
    while (have < sizeof reply) {
        ssize_t n = kedge_read_some(fd, reply + have, sizeof reply - have);

        if (n <= 0)
            die(endpoint, n < 0 ? strerror((int)-n) : "the peer has finished");
        have += (size_t)n;
    }
    if (memcmp(message, reply, sizeof message) != 0)
        die(endpoint, "another answer than was sent");
}

static int by_size(const void *a, const void *b)
{
    kedge_nanos x = *(const kedge_nanos *)a, y = *(const kedge_nanos *)b;

    return x < y ? -1 : x > y;
}

static double us(const kedge_nanos *sorted, size_t at)
{
    return (double)sorted[at] / (double)KEDGE_USEC;
}

static void say(const char *endpoint, const char *what, kedge_nanos *all, size_t count)
{
    qsort(all, count, sizeof *all, by_size);
    printf("%-28s %-22s %8.1f %8.1f %8.1f\n", endpoint, what, us(all, 0),
           us(all, count / 2), us(all, count * 99 / 100));
}

static void round_trips(const char *endpoint)
{
    kedge_nanos took[ROUND_TRIPS];
    int fd = dial(endpoint);

    for (unsigned i = 0; i < ROUND_TRIPS; i++) {
        kedge_nanos start = now();

        exchange(fd, endpoint, i);
        took[i] = now() - start;
    }
    close(fd);
    say(endpoint, "open socket", took, ROUND_TRIPS);
}

static void fresh_sockets(const char *endpoint)
{
    kedge_nanos took[FRESH];

    for (unsigned i = 0; i < FRESH; i++) {
        kedge_nanos start = now();
        int fd = dial(endpoint);

        exchange(fd, endpoint, i);
        close(fd);
        took[i] = now() - start;
    }
    say(endpoint, "fresh socket each time", took, FRESH);
}

/* The child: sends bulk_bytes in pieces, as fast as the socket takes them. */
static _Noreturn void pour(int fd, size_t piece)
{
    char *bytes = calloc(1, piece);
    size_t count = bulk_bytes / piece;

    for (size_t i = 0; bytes && i < count; i++) {
        memcpy(bytes, &i, sizeof i);
        if (kedge_write_all(fd, bytes, piece) < 0)
            _exit(1);
    }
    _exit(bytes ? 0 : 1);
}

/* What comes back meanwhile; `last` is when the latest of it came. */
static uint64_t gather(int fd, size_t most, kedge_nanos *last)
{
    char *bytes = malloc(most);
    uint64_t got = 0;
    ssize_t n;

    while (bytes && got < bulk_bytes && (n = kedge_read_some(fd, bytes, most)) > 0) {
        got += (uint64_t)n;
        *last = now();
    }
    free(bytes);
    return got;
}

static void bulk(const char *endpoint, size_t piece)
{
    kedge_nanos start = now(), last = start;
    int fd = dial(endpoint);
    int status = 0;
    pid_t child = fork();
    uint64_t got;

    if (child == 0)
        pour(fd, piece);
    got = gather(fd, piece, &last);
    if (waitpid(child, &status, 0) < 0 || status != 0)
        die(endpoint, "the sender failed");
    close(fd);
    printf("%-28s %6zu bytes a call    %8.0f MB/s back, %5.1f %% lost\n", endpoint, piece,
           (double)got * 1e3 / (double)(last - start),
           100.0 - 100.0 * (double)got / (double)(bulk_bytes / piece * piece));
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("USAGE: tcp_udp tcp://HOST:PORT udp://HOST:PORT\n", stderr);
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%-28s %-22s %8s %8s %8s\n", "64 bytes there and back", "", "min us", "p50",
           "p99");
    for (int i = 1; i < argc; i++)
        round_trips(argv[i]);
    for (int i = 1; i < argc; i++)
        fresh_sockets(argv[i]);
    puts("256 MiB there and back");
    bulk(argv[1], 65536);
    bulk(argv[1], DATAGRAM);
    bulk(argv[2], DATAGRAM);
    return 0;
}
