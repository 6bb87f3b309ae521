/* SPDX-License-Identifier: MIT */
/* load_udp: the load of a UDP echo server, from one thread, every byte compared.
 *
 *   load_udp ADDRESS PORT [--sockets N] [--depth D] [--size B] [--answer B] [--train T]
 *          [--seconds S] [--pid SERVER]
 *
 * Each of N sockets keeps D datagrams of B bytes under way. With --train T they leave T at
 * a time by UDP_SEGMENT, and answers are taken as UDP_GRO gives them. No two payloads of a
 * socket are alike. With --answer the answers have that many bytes and only the first four
 * are compared. What has not come back after a second is lost.
 *
 * One line of JSON is printed. `busy` is the part of the time in which the load generator
 * itself was running: near 1, it may have been the bound of the rate. */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/cpu_meter.h"
#include "bench/train.h"

enum { EVENTS = 64, BATCH = 64, DATAGRAM = 65536, PATTERN = 65521, STAMP = 4 };
#define LOST_NS 1000000000u

struct options {
    struct sockaddr_in server;
    unsigned sockets, depth, size, answer, train, seconds;
    int pid;
};

struct line {
    int fd;
    uint32_t first;     /* of the round under way; a round is depth datagrams */
    unsigned under_way; /* of it, not back yet */
    uint64_t began;
    uint8_t *back; /* depth, which of them are */
};

struct load_udp {
    struct options o;
    int epoll;
    struct line *lines;
    uint64_t done, lost, wrong;
    struct tally took;
    struct mmsghdr batch[BATCH];
    struct iovec vectors[BATCH];
    char control[BATCH][CMSG_SPACE(sizeof(int))];
    char *room; /* BATCH datagrams */
    char pattern[PATTERN + DATAGRAM];
};

static void stamp(const struct load_udp *v, uint32_t number, char *out)
{
    uint32_t wire = htonl(number);

    memcpy(out, &wire, STAMP);
    memcpy(out + STAMP, v->pattern + number % PATTERN, v->o.size - STAMP);
}

static void send_one_by_one(struct load_udp *v, int fd, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        v->vectors[i] = (struct iovec){ v->room + (size_t)i * v->o.size, v->o.size };
        v->batch[i].msg_hdr =
            (struct msghdr){ .msg_iov = &v->vectors[i], .msg_iovlen = 1 };
    }
    for (unsigned sent = 0; sent < n;) {
        int m = sendmmsg(fd, v->batch + sent, n - sent, 0);

        if (m < 0)
            die("sendmmsg");
        sent += (unsigned)m;
    }
}

static void send_round(struct load_udp *v, struct line *l)
{
    unsigned most = v->o.train > 1 ? v->o.train : BATCH;

    l->began = clock_ns();
    l->under_way = v->o.depth;
    memset(l->back, 0, v->o.depth);
    for (unsigned at = 0; at < v->o.depth; at += most) {
        unsigned n = v->o.depth - at < most ? v->o.depth - at : most;

        for (unsigned i = 0; i < n; i++)
            stamp(v, l->first + at + i, v->room + (size_t)i * v->o.size);
        if (v->o.train > 1)
            send_train(l->fd, v->room, (size_t)n * v->o.size, (uint16_t)v->o.size);
        else
            send_one_by_one(v, l->fd, n);
    }
}

static void next_round(struct load_udp *v, struct line *l)
{
    l->first += v->o.depth;
    send_round(v, l);
}

static void take(struct load_udp *v, struct line *l, const char *data, size_t len)
{
    uint32_t number, place;

    memcpy(&number, data, STAMP);
    number = ntohl(number);
    place = number - l->first;
    if (len < STAMP || place >= v->o.depth || l->back[place])
        return; /* of a round that was given up */
    if (len != v->o.answer ||
        (v->o.answer == v->o.size &&
         memcmp(data + STAMP, v->pattern + number % PATTERN, len - STAMP) != 0))
        v->wrong++;
    l->back[place] = 1;
    l->under_way--;
    v->done++;
}

static size_t segment_of(struct msghdr *h, size_t len)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int segment;

            memcpy(&segment, CMSG_DATA(c), sizeof segment);
            return (size_t)segment;
        }
    return len;
}

static void read_all(struct load_udp *v, struct line *l)
{
    unsigned most = v->o.depth < BATCH ? v->o.depth : BATCH;
    int n;

    for (unsigned i = 0; i < most; i++) {
        v->vectors[i] = (struct iovec){ v->room + (size_t)i * DATAGRAM, DATAGRAM };
        v->batch[i].msg_hdr = (struct msghdr){ .msg_iov = &v->vectors[i],
                                               .msg_iovlen = 1,
                                               .msg_control = v->control[i],
                                               .msg_controllen = sizeof v->control[i] };
    }
    n = recvmmsg(l->fd, v->batch, most, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        const char *data = v->vectors[i].iov_base;
        size_t len = v->batch[i].msg_len;
        size_t segment = segment_of(&v->batch[i].msg_hdr, len);

        for (size_t at = 0; at < len; at += segment)
            take(v, l, data + at, len - at < segment ? len - at : segment);
    }
    if (n > 0 && l->under_way == 0) {
        tally_add(&v->took, clock_ns() - l->began);
        next_round(v, l);
    }
}

static void give_up(struct load_udp *v, uint64_t now)
{
    for (unsigned i = 0; i < v->o.sockets; i++) {
        struct line *l = &v->lines[i];

        if (now > l->began && now - l->began > LOST_NS) {
            v->lost += l->under_way;
            next_round(v, l);
        }
    }
}

static void start(struct load_udp *v)
{
    v->lines = calloc(v->o.sockets, sizeof *v->lines);
    v->room = calloc(BATCH, DATAGRAM);
    v->epoll = epoll_create1(0);
    for (unsigned i = 0; i < sizeof v->pattern; i++)
        v->pattern[i] = (char)((i % PATTERN * 2654435761u) >> 13);
    for (unsigned i = 0; i < v->o.sockets; i++) {
        struct line *l = &v->lines[i];
        struct epoll_event e = { .events = EPOLLIN, .data.ptr = l };
        int on = 1, bytes = 4 << 20;

        l->back = calloc(v->o.depth, 1);
        l->fd = socket(AF_INET, SOCK_DGRAM, 0);
        setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
        if (v->o.train > 1)
            setsockopt(l->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
        if (connect(l->fd, (struct sockaddr *)&v->o.server, sizeof v->o.server) < 0 ||
            epoll_ctl(v->epoll, EPOLL_CTL_ADD, l->fd, &e) < 0)
            die("socket");
    }
}

static void run(struct load_udp *v, uint64_t end)
{
    struct epoll_event events[EVENTS];
    uint64_t looked = clock_ns(), now = looked;

    for (unsigned i = 0; i < v->o.sockets; i++)
        send_round(v, &v->lines[i]);
    while (now < end) {
        int n = epoll_wait(v->epoll, events, EVENTS, 10);

        for (int i = 0; i < n; i++)
            read_all(v, events[i].data.ptr);
        now = clock_ns();
        if (now - looked > 10000000) {
            give_up(v, now);
            looked = now;
        }
    }
}

static void measure(struct load_udp *v)
{
    uint64_t began;
    double own, server, wall;

    start(v);
    own = cpu_self();
    server = cpu_of(v->o.pid);
    began = clock_ns();
    run(v, began + v->o.seconds * 1000000000ull);
    wall = (double)(clock_ns() - began) / 1e9;
    own = cpu_self() - own;
    server = cpu_of(v->o.pid) - server;
    printf("{\"done\":%llu,\"failed\":%llu,\"wrong\":%llu,\"wall_s\":%.3f,\"busy\":%.2f,"
           "\"per_s\":%.0f,\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"server_cpu_s\":%.4f,"
           "\"server_us_each\":%.4f}\n",
           (unsigned long long)v->done, (unsigned long long)v->lost,
           (unsigned long long)v->wrong, wall, own / wall, (double)v->done / wall,
           tally_at(&v->took, 0.5) / 1e6, tally_at(&v->took, 0.99) / 1e6, server,
           v->done > 0 ? server * 1e6 / (double)v->done : 0);
}

static void read_options(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "sockets", 1, 0, 'n' }, { "depth", 1, 0, 'd' }, { "size", 1, 0, 's' },
        { "answer", 1, 0, 'a' },  { "train", 1, 0, 'g' }, { "seconds", 1, 0, 't' },
        { "pid", 1, 0, 'p' },     { 0, 0, 0, 0 },
    };
    int k;

    *o = (struct options){
        .sockets = 1, .depth = 1, .size = 64, .seconds = 1, .server.sin_family = AF_INET
    };
    while ((k = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
        unsigned n = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;

        *(k == 'n'   ? &o->sockets
          : k == 'd' ? &o->depth
          : k == 's' ? &o->size
          : k == 'a' ? &o->answer
          : k == 'g' ? &o->train
          : k == 't' ? &o->seconds
                     : (unsigned *)&o->pid) = n;
    }
    if (!o->answer)
        o->answer = o->size;
    if (argc - optind != 2 ||
        inet_pton(AF_INET, argv[optind], &o->server.sin_addr) != 1 || o->size < STAMP ||
        o->size > 1472 || o->train > BATCH || (size_t)o->train * o->size > 65507) {
        fputs("usage: load_udp ADDRESS PORT [--sockets N] [--depth D] ...\n", stderr);
        exit(64);
    }
    o->server.sin_port = htons((uint16_t)strtoul(argv[optind + 1], NULL, 10));
}

int main(int argc, char **argv)
{
    struct load_udp *v = calloc(1, sizeof *v);

    read_options(&v->o, argc, argv);
    measure(v);
    return v->lost || v->wrong ? 1 : 0;
}
