/* SPDX-License-Identifier: MIT */
/* load_tcp: the load of a TCP echo server, from one thread, every byte compared.
 *
 *   load_tcp MODE ADDRESS PORT [--connections N] [--size B] [--seconds S] [--pid SERVER]
 *
 * MODE is `requests`: N connections stay open, each sends B bytes and, when all of them are
 * back, the next; `bulk`: each sends without an end and reads what comes; `churn`: each is
 * opened, sends B bytes, reads them, ends and is opened anew; `idle`: all are opened and
 * have sent once, and what memory the server took for them is told; `sink`: no server, one
 * way into a process of its own that throws the bytes away: what the kernel moves.
 *
 * One line of JSON is printed. `busy` is the part of the time in which the load generator
 * itself was running: near 1, it may have been the bound of the rate. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/cpu_meter.h"

enum { EVENTS = 256, CHUNK = 256 << 10, SOURCES = 100 };
enum { PATTERN = 4093, PIECE = 4 * PATTERN, PIECES = CHUNK / PIECE + 1 };

enum mode { REQUESTS, BULK, CHURN, IDLE, SINK };

struct options {
    enum mode mode;
    struct sockaddr_in server;
    unsigned connections, size, seconds;
    int pid;
};

struct line {
    int fd;
    uint64_t began; /* of this message; of the connection, where it is one a message */
    uint64_t sent, back; /* bytes of the connection so far */
    uint32_t events;     /* that epoll watches */
};

struct load_tcp {
    struct options o;
    int epoll;
    unsigned opened; /* connections so far, for their source addresses */
    struct line *lines;
    uint64_t done, failed, wrong, bytes;
    bool over; /* nothing new begins */
    struct tally took;
    /* It repeats, and any PIECE of it lies in one: little enough to stay in the cache. */
    char pattern[PATTERN + PIECE];
    char came[CHUNK];
};

static void watch(struct load_tcp *t, struct line *l, int how, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.ptr = l };

    if (how == EPOLL_CTL_MOD && l->events == events)
        return;
    l->events = events;
    if (epoll_ctl(t->epoll, how, l->fd, &e) < 0)
        die("epoll_ctl");
}

/* Many source addresses where connections come and go: one has 28,000 ports, and each
 * rests for a minute. */
static void open_line(struct load_tcp *t, struct line *l)
{
    struct sockaddr_in any = { .sin_family = AF_INET };
    bool churn = t->o.mode == CHURN;
    int on = 1;

    *l = (struct line){ .began = clock_ns() };
    l->fd = socket(AF_INET, SOCK_STREAM | (churn ? SOCK_NONBLOCK : 0), 0);
    if (l->fd < 0)
        die("socket");
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK + t->opened++ % SOURCES);
    setsockopt(l->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(l->fd, (struct sockaddr *)&any, sizeof any) < 0)
        die("bind");
    if (connect(l->fd, (struct sockaddr *)&t->o.server, sizeof t->o.server) < 0 &&
        errno != EINPROGRESS)
        die("connect");
    watch(t, l, EPOLL_CTL_ADD, churn ? EPOLLOUT : EPOLLIN);
}

/* The bytes of a connection are the pattern, over and over. */
static void send_some(struct load_tcp *t, struct line *l, size_t most)
{
    struct iovec pieces[PIECES];
    struct msghdr h = { .msg_iov = pieces };
    ssize_t n;

    for (most = most < CHUNK ? most : CHUNK; most > 0; h.msg_iovlen++) {
        size_t len = most < PIECE ? most : PIECE;

        pieces[h.msg_iovlen] = (struct iovec){ t->pattern + l->sent % PATTERN, len };
        most -= len;
    }
    n = sendmsg(l->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n > 0)
        l->sent += (uint64_t)n;
}

static void begin_message(struct load_tcp *t, struct line *l)
{
    l->began = clock_ns();
    send_some(t, l, t->o.size);
}

static void end_line(struct load_tcp *t, struct line *l, bool ok)
{
    if (ok && t->o.mode == CHURN) {
        t->done++;
        tally_add(&t->took, clock_ns() - l->began);
    }
    t->failed += !ok;
    close(l->fd);
    l->fd = -1;
    if (t->o.mode == CHURN && !t->over)
        open_line(t, l);
}

static bool is_as_sent(const struct load_tcp *t, const struct line *l, size_t len)
{
    for (size_t at = 0; at < len; at += PIECE) {
        size_t n = len - at < PIECE ? len - at : PIECE;

        if (memcmp(t->came + at, t->pattern + l->back % PATTERN, n) != 0)
            return false;
    }
    return true;
}

/* True as long as the connection stands. */
static bool read_some(struct load_tcp *t, struct line *l)
{
    ssize_t n = recv(l->fd, t->came, CHUNK, MSG_DONTWAIT);

    if (n < 0 && errno == EAGAIN)
        return true;
    if (n <= 0) {
        end_line(t, l, n == 0 && t->o.mode == CHURN && l->back == t->o.size);
        return false;
    }
    if (!is_as_sent(t, l, (size_t)n))
        t->wrong++;
    l->back += (uint64_t)n;
    t->bytes += (uint64_t)n;
    return true;
}

static void on_message(struct load_tcp *t, struct line *l)
{
    if (l->sent != l->back)
        return;
    t->done++;
    tally_add(&t->took, clock_ns() - l->began);
    if (!t->over)
        begin_message(t, l);
}

static void on_churn(struct load_tcp *t, struct line *l, uint32_t events)
{
    if (events & EPOLLOUT) {
        watch(t, l, EPOLL_CTL_MOD, EPOLLIN);
        send_some(t, l, t->o.size);
    }
    if (events & EPOLLIN && read_some(t, l) && l->back == t->o.size)
        shutdown(l->fd, SHUT_WR);
}

static void on_event(struct load_tcp *t, struct line *l, uint32_t events)
{
    if (events & EPOLLERR) {
        end_line(t, l, false);
    } else if (t->o.mode == CHURN) {
        on_churn(t, l, events);
    } else if (t->o.mode == BULK) {
        if (events & EPOLLOUT && !t->over)
            send_some(t, l, CHUNK);
        if (events & (EPOLLIN | EPOLLHUP) && read_some(t, l) && t->over)
            watch(t, l, EPOLL_CTL_MOD, EPOLLIN);
    } else if (read_some(t, l)) {
        on_message(t, l);
    }
}

static bool all_back(const struct load_tcp *t)
{
    for (unsigned i = 0; i < t->o.connections; i++)
        if (t->lines[i].fd >= 0 &&
            (t->o.mode == CHURN || t->lines[i].sent != t->lines[i].back))
            return false;
    return true;
}

/* Until nothing more begins (`end`), and then until all is back: at most two seconds. */
static void run(struct load_tcp *t, uint64_t end)
{
    struct epoll_event events[EVENTS];

    for (;;) {
        int n = epoll_wait(t->epoll, events, EVENTS, 10);
        uint64_t now = clock_ns();

        for (int i = 0; i < n; i++)
            on_event(t, events[i].data.ptr, events[i].events);
        t->over = now >= end;
        if (t->over && all_back(t))
            return;
        if (now >= end + 2000000000u)
            break;
    }
    for (unsigned i = 0; i < t->o.connections; i++)
        t->failed += t->lines[i].fd >= 0 && t->lines[i].sent != t->lines[i].back;
}

static void start(struct load_tcp *t)
{
    t->lines = calloc(t->o.connections, sizeof *t->lines);
    t->epoll = epoll_create1(0);
    for (unsigned i = 0; i < sizeof t->pattern; i++)
        t->pattern[i] = (char)((i % PATTERN * 2654435761u) >> 13);
    for (unsigned i = 0; i < t->o.connections; i++)
        open_line(t, &t->lines[i]);
}

static void begin_all(struct load_tcp *t)
{
    for (unsigned i = 0; i < t->o.connections && t->o.mode != CHURN; i++)
        if (t->o.mode == BULK)
            watch(t, &t->lines[i], EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
        else
            begin_message(t, &t->lines[i]);
}

static double each(double sum, uint64_t count)
{
    return count > 0 ? sum / (double)count : 0;
}

static void report(const struct load_tcp *t, double wall, double own, double server)
{
    double mb = (double)t->bytes / 1e6;

    printf("{\"done\":%llu,\"failed\":%llu,\"wrong\":%llu,\"wall_s\":%.3f,\"busy\":%.2f,"
           "\"per_s\":%.0f,\"MBps\":%.1f,\"p50_ms\":%.4f,\"p99_ms\":%.4f,"
           "\"server_cpu_s\":%.4f,\"server_us_each\":%.3f,\"server_us_per_MB\":%.2f}\n",
           (unsigned long long)t->done, (unsigned long long)t->failed,
           (unsigned long long)t->wrong, wall, own / wall, (double)t->done / wall,
           mb / wall, tally_at(&t->took, 0.5) / 1e6, tally_at(&t->took, 0.99) / 1e6,
           server, each(server * 1e6, t->done), mb > 0 ? server * 1e6 / mb : 0);
}

static void measure(struct load_tcp *t)
{
    double own, server;
    uint64_t began;

    start(t);
    usleep(100000); /* the server has accepted all */
    own = cpu_self();
    server = cpu_of(t->o.pid);
    began = clock_ns();
    begin_all(t);
    run(t, began + t->o.seconds * 1000000000ull);
    report(t, (double)(clock_ns() - began) / 1e9, cpu_self() - own,
           cpu_of(t->o.pid) - server);
}

static void measure_idle(struct load_tcp *t)
{
    double before = memory_of(t->o.pid), after;

    start(t);
    begin_all(t);
    run(t, clock_ns());
    usleep(100000);
    after = memory_of(t->o.pid);
    printf("{\"done\":%llu,\"failed\":%llu,\"wrong\":%llu,\"KiB_each\":%.3f,"
           "\"memory_MiB\":%.2f}\n",
           (unsigned long long)t->done, (unsigned long long)t->failed,
           (unsigned long long)t->wrong, each(after - before, t->done), after / 1024);
}

static void swallow(int fd, char *buffer)
{
    while (read(fd, buffer, CHUNK) > 0)
        ;
    _exit(0);
}

static void measure_sink(struct load_tcp *t)
{
    socklen_t len = sizeof t->o.server;
    int to = socket(AF_INET, SOCK_STREAM, 0), from = socket(AF_INET, SOCK_STREAM, 0);
    uint64_t began, end;
    double own = cpu_self(), wall;
    pid_t child;

    if (bind(to, (struct sockaddr *)&t->o.server, len) < 0 || listen(to, 1) < 0 ||
        getsockname(to, (struct sockaddr *)&t->o.server, &len) < 0 ||
        connect(from, (struct sockaddr *)&t->o.server, len) < 0)
        die("sink");
    child = fork();
    if (child == 0) {
        close(from);
        swallow(accept(to, NULL, NULL), t->came);
    }
    began = clock_ns();
    end = began + t->o.seconds * 1000000000ull;
    while (clock_ns() < end) {
        ssize_t n = write(from, t->came, CHUNK);

        if (n < 0)
            die("write");
        t->bytes += (uint64_t)n;
    }
    close(from);
    waitpid(child, NULL, 0);
    wall = (double)(clock_ns() - began) / 1e9;
    report(t, wall, cpu_self() - own, 0);
}

static bool read_mode(const char *word, enum mode *out)
{
    static const char *const names[] = { "requests", "bulk", "churn", "idle", "sink" };

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(word, names[i]) == 0) {
            *out = (enum mode)i;
            return true;
        }
    return false;
}

static void read_options(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "connections", 1, 0, 'c' }, { "size", 1, 0, 's' }, { "seconds", 1, 0, 't' },
        { "pid", 1, 0, 'p' },         { 0, 0, 0, 0 },
    };
    int k;

    *o = (struct options){
        .connections = 1, .size = 64, .seconds = 1, .server.sin_family = AF_INET
    };
    while ((k = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
        unsigned v = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;

        *(k == 'c'   ? &o->connections
          : k == 's' ? &o->size
          : k == 't' ? &o->seconds
                     : (unsigned *)&o->pid) = v;
    }
    if (argc - optind != 3 || !read_mode(argv[optind], &o->mode) ||
        inet_pton(AF_INET, argv[optind + 1], &o->server.sin_addr) != 1 ||
        o->size > CHUNK || o->size == 0) {
        fputs("usage: load_tcp MODE ADDRESS PORT [--connections N] [--size B] ...\n",
              stderr);
        exit(64);
    }
    o->server.sin_port = htons((uint16_t)strtoul(argv[optind + 2], NULL, 10));
}

int main(int argc, char **argv)
{
    struct load_tcp *t = calloc(1, sizeof *t);

    read_options(&t->o, argc, argv);
    signal(SIGPIPE, SIG_IGN);
    if (t->o.mode == IDLE)
        measure_idle(t);
    else if (t->o.mode == SINK)
        measure_sink(t);
    else
        measure(t);
    return t->failed || t->wrong ? 1 : 0;
}
