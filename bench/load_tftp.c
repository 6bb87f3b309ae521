/* SPDX-License-Identifier: MIT */
/* load_tftp: many TFTP clients at once against one server, from one thread. Each reads one file,
 * block for block compared with the copy given, and then begins again until the count is
 * reached. It says how long transfers took, how many failed, what had to be asked again and
 * what came needlessly, and how busy it was itself.
 *
 *   load_tftp ADDRESS PORT NAME COPY --at-once N --count N [--blksize B] [--window W]
 *         [--think-ms T] [--shared 1] [--pid SERVER]
 *
 * Each client has a socket of its own; with --shared a few sockets carry all of them, and a
 * client is known by its source address (127.x.y.z): more clients than there may be
 * descriptors. With --think-ms every answer waits so long, as over a long link. With --pid the
 * server's CPU time (its threads and children, to the nanosecond) is printed too. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bench/cpu_meter.h"
#include "bench/load_tftp.h"

enum { EVENTS = 256, QUEUE_EACH = 8 };

static void open_clients(struct load_tftp *s)
{
    s->clients = calloc(s->o.at_once, sizeof *s->clients);
    s->took = calloc(s->o.count, sizeof *s->took);
    s->queue_room = (uint64_t)s->o.at_once * QUEUE_EACH;
    s->queue = calloc(s->queue_room, sizeof *s->queue);
    wire_open(s);
}

/* How many clients have begun by now: where they think they come evenly over that time, for
 * their answers would else come all at once for ever; else as fast as they are read. */
static unsigned due_to_begin(const struct load_tftp *s, uint64_t ns, unsigned begun)
{
    uint64_t due = s->o.think_ms ? ns / 1000 * s->o.at_once / (s->o.think_ms * 1000ull)
                                 : (uint64_t)begun + BATCH;

    return due < s->o.at_once ? (unsigned)due : s->o.at_once;
}

static void run(struct load_tftp *s)
{
    struct epoll_event events[EVENTS];
    uint64_t began = clock_ns(), looked = began;
    unsigned begun = 0;

    while (s->active > 0 || begun < s->o.at_once) {
        bool all = begun == s->o.at_once;
        int n = epoll_wait(s->epoll, events, EVENTS, s->o.think_ms ? 1 : all ? 100 : 0);
        uint64_t now;

        for (int i = 0; i < n; i++)
            wire_read(s, events[i].data.u32);
        now = clock_ns();
        for (unsigned due = due_to_begin(s, now - began, begun); begun < due; begun++)
            client_begin(s, &s->clients[begun], now);
        if (now - looked > 1000000) {
            clients_look_at_clocks(s, now);
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

static void map_copy(struct load_tftp *s, const char *path)
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

static double ms_at(const struct load_tftp *s, double part)
{
    return s->done ? (double)s->took[(size_t)(s->done * part)] / 1e6 : 0;
}

static double each(double sum, uint64_t count)
{
    return count ? sum / (double)count : 0;
}

static void report(struct load_tftp *s, double wall, double own, double server)
{
    double bytes = (double)s->done * (double)s->size;

    qsort(s->took, s->done, sizeof *s->took, by_size);
    printf("{\"done\":%u,\"failed\":%u,\"wrong\":%llu,\"asked_again\":%llu,"
           "\"repeats_percent\":%.3f,\"open_at_once\":%u,",
           s->done, s->failed, (unsigned long long)s->wrong, (unsigned long long)s->again,
           each((double)s->repeats * 100, s->blocks), s->most_open);
    printf("\"wall_s\":%.3f,\"per_s\":%.0f,\"MBps\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
           "\"busy\":%.2f,\"server_cpu_s\":%.4f,\"server_us_each\":%.2f,"
           "\"server_us_a_packet\":%.3f,\"server_s_per_GiB\":%.3f}\n",
           wall, s->done / wall, bytes / wall / 1e6, ms_at(s, 0.5), ms_at(s, 0.99),
           own / wall, server, each(server * 1e6, s->done),
           each(server * 1e6, s->packets), bytes > 0 ? server / (bytes / (1 << 30)) : 0);
}

static void read_options(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "at-once", 1, 0, 'a' },  { "count", 1, 0, 'c' },
        { "blksize", 1, 0, 'b' },  { "window", 1, 0, 'w' },
        { "think-ms", 1, 0, 't' }, { "pid", 1, 0, 'p' },
        { "shared", 1, 0, 's' },   { 0, 0, 0, 0 },
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
          : k == 's' ? &o->shared
                     : (unsigned *)&o->pid) = v;
    }
    if (argc - optind != 4 ||
        inet_pton(AF_INET, argv[optind], &o->server.sin_addr) != 1) {
        fputs("usage: load_tftp ADDRESS PORT NAME COPY [--at-once N] [--count N] ...\n",
              stderr);
        exit(64);
    }
    o->server.sin_port = htons((uint16_t)strtoul(argv[optind + 1], NULL, 10));
    o->name = argv[optind + 2];
}

int main(int argc, char **argv)
{
    struct load_tftp *s = calloc(1, sizeof *s);
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
