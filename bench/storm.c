/* storm: many TFTP clients at once against one server, from one thread. Each client is a
 * socket of its own that reads one file, block for block compared with the copy given, and
 * then begins again until the count is reached. It says how long transfers took, how many
 * failed, what had to be asked again, and how busy it was itself.
 *
 *   storm ADDRESS PORT NAME COPY --at-once N --count N [--blksize B] [--window W]
 *         [--think-ms T] [--no-options] [--pid SERVER]
 *
 * With --think-ms every answer waits so long, as over a long link. With --pid the server's
 * CPU time (its threads and children, to the nanosecond) is printed too. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/meter.h"

enum { PACKET_MAX = 65536 + 4, EVENTS = 256, ASK_AGAIN_MS = 1000, TRIES_MAX = 20 };

struct options {
    struct sockaddr_in server;
    const char *name;
    unsigned at_once, count, blksize, window, think_ms;
    int pid;
};

struct client {
    int fd;
    struct sockaddr_in peer;
    uint64_t began, sent_at,
        due;        /* due: when the answer waiting in out leaves; 0: none */
    uint32_t block; /* the last one taken, in order */
    uint32_t in_window;
    unsigned tries;
    bool active, answered;
    size_t out_len;
    uint8_t out[600];
};

struct storm {
    struct options o;
    const uint8_t *copy;
    size_t size;
    int epoll;
    struct client *clients;
    unsigned started, done, failed, active;
    uint64_t again, wrong;
    uint64_t *took; /* count, ns */
    uint8_t packet[PACKET_MAX];
};

static void put_text(struct client *c, const char *text)
{
    size_t len = strlen(text) + 1;

    memcpy(c->out + c->out_len, text, len);
    c->out_len += len;
}

static void put_option(struct client *c, const char *name, unsigned value)
{
    char text[16];

    put_text(c, name);
    snprintf(text, sizeof text, "%u", value);
    put_text(c, text);
}

static void write_request(const struct storm *s, struct client *c)
{
    c->out[0] = 0;
    c->out[1] = 1;
    c->out_len = 2;
    put_text(c, s->o.name);
    put_text(c, "octet");
    if (s->o.blksize)
        put_option(c, "blksize", s->o.blksize);
    if (s->o.blksize)
        put_option(c, "tsize", 0);
    if (s->o.window > 1)
        put_option(c, "windowsize", s->o.window);
}

static void send_out(struct client *c, uint64_t now)
{
    c->due = 0;
    c->sent_at = now;
    if (sendto(c->fd, c->out, c->out_len, 0, (struct sockaddr *)&c->peer,
               sizeof c->peer) < 0 &&
        errno != EAGAIN)
        die("sendto");
}

static void answer(const struct storm *s, struct client *c, uint64_t now)
{
    if (s->o.think_ms)
        c->due = now + s->o.think_ms * 1000000ull;
    else
        send_out(c, now);
}

static void begin(struct storm *s, struct client *c, uint64_t now)
{
    c->active = s->started < s->o.count;
    if (!c->active)
        return;
    s->started++;
    s->active++;
    c->peer = s->o.server;
    c->began = now;
    c->block = c->in_window = 0;
    c->tries = 0;
    c->answered = false;
    write_request(s, c);
    send_out(c, now);
}

static void finish(struct storm *s, struct client *c, bool ok, uint64_t now)
{
    s->active--;
    if (ok)
        s->took[s->done++] = now - c->began;
    else
        s->failed++;
    begin(s, c, now);
}

static void acknowledge(struct storm *s, struct client *c, uint64_t now)
{
    c->out[0] = 0;
    c->out[1] = 4;
    c->out[2] = (uint8_t)(c->block >> 8);
    c->out[3] = (uint8_t)c->block;
    c->out_len = 4;
    c->in_window = 0;
    answer(s, c, now);
}

static void take_data(struct storm *s, struct client *c, size_t len, uint64_t now)
{
    unsigned blksize = s->o.blksize ? s->o.blksize : 512;
    unsigned window = s->o.window ? s->o.window : 1;
    size_t at = (size_t)c->block * blksize;
    unsigned number = (unsigned)s->packet[2] << 8 | s->packet[3];

    if (number != ((c->block + 1) & 0xffff)) {
        if (number == (c->block & 0xffff) && c->due == 0 && now - c->sent_at > 1000000)
            acknowledge(s, c, now); /* our ACK was lost */
        return;
    }
    if (at + len - 4 > s->size || memcmp(s->copy + at, s->packet + 4, len - 4) != 0)
        s->wrong++;
    c->block++;
    c->tries = 0;
    c->in_window++;
    if (len - 4 < blksize) {
        acknowledge(s, c, now);
        if (c->due)
            send_out(c, now); /* the next transfer may not overtake the last ACK */
        finish(s, c, at + len - 4 == s->size, now);
    } else if (c->in_window == window) {
        acknowledge(s, c, now);
    }
}

/* What a request can be answered by: an OACK where options were asked, else DATA 1; or an
 * ERROR. */
static bool is_first_answer(const struct storm *s)
{
    const uint8_t *p = s->packet;

    return p[1] == 5 || (s->o.blksize ? p[1] == 6 : p[1] == 3 && p[2] == 0 && p[3] == 1);
}

static void take(struct storm *s, struct client *c, size_t len,
                 const struct sockaddr_in *from, uint64_t now)
{
    if (c->answered && from->sin_port != c->peer.sin_port)
        return; /* a straggler of the transfer before */
    if (len < 4 || !c->active)
        return;
    if (!c->answered && !is_first_answer(s))
        return; /* a straggler too: the port is used again and again */
    if (s->packet[1] == 5) {
        finish(s, c, false, now);
    } else if (s->packet[1] == 6 && c->block == 0) {
        c->peer = *from;
        c->answered = true;
        acknowledge(s, c, now);
    } else if (s->packet[1] == 3) {
        c->peer = *from;
        c->answered = true;
        take_data(s, c, len, now);
    }
}

static void read_all(struct storm *s, struct client *c)
{
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        ssize_t n = recvfrom(c->fd, s->packet, sizeof s->packet, 0,
                             (struct sockaddr *)&from, &from_len);

        if (n < 0)
            return;
        take(s, c, (size_t)n, &from, clock_ns());
    }
}

static void look_at_clocks(struct storm *s, uint64_t now)
{
    for (unsigned i = 0; i < s->o.at_once; i++) {
        struct client *c = &s->clients[i];

        if (!c->active)
            continue;
        if (c->due && c->due <= now) {
            send_out(c, now);
        } else if (!c->due && now - c->sent_at > ASK_AGAIN_MS * 1000000ull) {
            if (++c->tries > TRIES_MAX) {
                finish(s, c, false, now);
                continue;
            }
            s->again++;
            send_out(c, now);
        }
    }
}

static void open_clients(struct storm *s)
{
    s->clients = calloc(s->o.at_once, sizeof *s->clients);
    s->took = calloc(s->o.count, sizeof *s->took);
    s->epoll = epoll_create1(0);
    for (unsigned i = 0; i < s->o.at_once; i++) {
        struct client *c = &s->clients[i];
        struct epoll_event e = { .events = EPOLLIN, .data.u32 = i };
        struct sockaddr_in any = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int room = 1 << 20;

        c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&any, sizeof any) < 0)
            die("socket");
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &e) < 0)
            die("epoll_ctl");
    }
}

static void run(struct storm *s)
{
    struct epoll_event events[EVENTS];
    uint64_t looked = clock_ns();

    for (unsigned i = 0; i < s->o.at_once; i++)
        begin(s, &s->clients[i], clock_ns());
    while (s->active > 0) {
        int n = epoll_wait(s->epoll, events, EVENTS, s->o.think_ms ? 1 : 100);
        uint64_t now;

        for (int i = 0; i < n; i++)
            read_all(s, &s->clients[events[i].data.u32]);
        now = clock_ns();
        if (now - looked > 1000000) {
            look_at_clocks(s, now);
            looked = now;
        }
    }
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void map_copy(struct storm *s, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &st) < 0)
        die(path);
    s->size = (size_t)st.st_size;
    s->copy =
        s->size ? mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, fd, 0) : (uint8_t *)"";
    if (s->copy == MAP_FAILED)
        die("mmap");
}

static void report(struct storm *s, double wall, double own, double server)
{
    double gib = (double)s->done * (double)s->size / (1 << 30);

    qsort(s->took, s->done, sizeof *s->took, by_size);
    printf(
        "{\"done\":%u,\"failed\":%u,\"wrong\":%llu,\"asked_again\":%llu,\"wall_s\":%.3f,"
        "\"per_s\":%.0f,\"MBps\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"busy\":%.2f,"
        "\"server_cpu_s\":%.4f,\"server_us_each\":%.2f,\"server_s_per_GiB\":%.3f}\n",
        s->done, s->failed, (unsigned long long)s->wrong, (unsigned long long)s->again,
        wall, s->done / wall, (double)s->done * (double)s->size / wall / 1e6,
        s->done ? (double)s->took[s->done / 2] / 1e6 : 0,
        s->done ? (double)s->took[(size_t)(s->done * 0.99)] / 1e6 : 0, own / wall, server,
        s->done ? server / s->done * 1e6 : 0, gib > 0 ? server / gib : 0);
}

static void read_options(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "at-once", 1, 0, 'a' }, { "count", 1, 0, 'c' },    { "blksize", 1, 0, 'b' },
        { "window", 1, 0, 'w' },  { "think-ms", 1, 0, 't' }, { "pid", 1, 0, 'p' },
        { 0, 0, 0, 0 },
    };
    int k;

    *o = (struct options){ .at_once = 1, .count = 1, .server.sin_family = AF_INET };
    while ((k = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
        unsigned v = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;

        *(k == 'a'   ? &o->at_once
          : k == 'c' ? &o->count
          : k == 'b' ? &o->blksize
          : k == 'w' ? &o->window
          : k == 't' ? &o->think_ms
                     : (unsigned *)&o->pid) = v;
    }
    if (argc - optind != 4 ||
        inet_pton(AF_INET, argv[optind], &o->server.sin_addr) != 1) {
        fputs("usage: storm ADDRESS PORT NAME COPY [--at-once N] [--count N] ...\n",
              stderr);
        exit(64);
    }
    o->server.sin_port = htons((uint16_t)strtoul(argv[optind + 1], NULL, 10));
    o->name = argv[optind + 2];
}

int main(int argc, char **argv)
{
    struct storm *s = calloc(1, sizeof *s);
    uint64_t began;
    double own, server;

    read_options(&s->o, argc, argv);
    map_copy(s, argv[argc - 1]);
    open_clients(s);
    own = cpu_self();
    server = cpu_of(s->o.pid);
    began = clock_ns();
    run(s);
    report(s, (double)(clock_ns() - began) / 1e9, cpu_self() - own,
           cpu_of(s->o.pid) - server);
    return s->failed || s->wrong ? 1 : 0;
}
