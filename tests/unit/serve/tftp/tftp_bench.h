/* SPDX-License-Identifier: MIT */
/* A TFTP service for tests that turns in their own thread, helpers that can be held, and
 * peers: sockets of the same thread, which write packets by hand. */
#ifndef TESTS_UNIT_SERVE_TFTP_BENCH_H
#define TESTS_UNIT_SERVE_TFTP_BENCH_H

#include "../../file/tree.h"

#include "os/clock.h"
#include "os/loop.h"
#include "serve/tftp/directory.h"
#include "serve/tftp/service.h"

#include <pthread.h>
#include <sys/socket.h>

enum { FILES = 16, ROOM = 32, PACKET = 70000, HELPERS = 2 };

/* The next job that is begun waits until it is let go. */
struct hold {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool next; /* hold the one that comes */
    bool held; /* one is */
};

struct bench {
    struct tree tree;
    struct hold hold;
    struct loop loop;
    struct loop_watch helpers;
    struct file_cache files;
    struct cached_file slots[FILES];
    struct cached_file *buckets[FILES];
    struct directory directory;
    struct tftp_service *service;
    struct net_address at;
    bool closed;
};

/* A client: its socket, the port its transfer has, and the last packet it got. */
struct peer {
    struct bench *b;
    int fd;
    struct net_address tid;
    uint8_t packet[PACKET];
    size_t len;
};

static inline void hold_before(struct store_job *job, void *arg)
{
    struct hold *h = arg;

    (void)job;
    pthread_mutex_lock(&h->lock);
    if (h->next) {
        h->next = false;
        h->held = true;
        pthread_cond_broadcast(&h->changed);
        while (h->held)
            pthread_cond_wait(&h->changed, &h->lock);
    }
    pthread_mutex_unlock(&h->lock);
}

static inline void hold_next(struct bench *b)
{
    pthread_mutex_lock(&b->hold.lock);
    b->hold.next = true;
    pthread_mutex_unlock(&b->hold.lock);
}

static inline bool is_held(struct bench *b)
{
    bool held;

    pthread_mutex_lock(&b->hold.lock);
    held = b->hold.held;
    pthread_mutex_unlock(&b->hold.lock);
    return held;
}

static inline void let_go(struct bench *b)
{
    pthread_mutex_lock(&b->hold.lock);
    b->hold.held = b->hold.next = false;
    pthread_cond_broadcast(&b->hold.changed);
    pthread_mutex_unlock(&b->hold.lock);
}

static inline void collect(void *owner, unsigned events)
{
    struct bench *b = owner;

    (void)events;
    (void)workers_collect(&b->tree.workers);
}

static inline void serve_over(struct bench *b, struct provider *provider,
                              const char *host)
{
    struct tftp_config config = { .loop = &b->loop,
                                  .provider = provider,
                                  .room = ROOM,
                                  .unvalidated_max = ROOM,
                                  .windowsize_max = 64 };

    assert_int_equal(tftp_service_open(&b->service, &config), 0);
    assert_true(net_address_parse(host, 0, &b->at));
    assert_int_equal(tftp_service_listen(b->service, &b->at), 0);
    assert_int_equal(tftp_service_start(b->service, (struct tftp_recorder){ 0 }), 0);
}

static inline void serve_at(struct bench *b, enum upload_policy uploads, const char *host)
{
    struct directory_config directory = {
        .loop = &b->loop,
        .workers = &b->tree.workers,
        .files = &b->files,
        .root = &b->tree.root,
        .uploads = { .policy = uploads,
                     .mode = UPLOAD_MODE,
                     .max_bytes = UPLOAD_NO_LIMIT },
    };

    directory_init(&b->directory, &directory);
    serve_over(b, &b->directory.provider, host);
}

static inline void serve(struct bench *b, enum upload_policy uploads)
{
    serve_at(b, uploads, "127.0.0.1");
}

static inline struct bench *bench_new(enum upload_policy uploads)
{
    struct bench *b = calloc(1, sizeof *b);
    struct workers_config workers = { .threads = HELPERS, .before_run = hold_before };
    struct cache_config files;

    assert_non_null(b);
    pthread_mutex_init(&b->hold.lock, NULL);
    pthread_cond_init(&b->hold.changed, NULL);
    workers.arg = &b->hold;
    tree_open(&b->tree, &workers);
    files = (struct cache_config){ .workers = &b->tree.workers,
                                   .slots = b->slots,
                                   .buckets = b->buckets,
                                   .room = FILES,
                                   .keep = KEDGE_SEC };
    cache_init(&b->files, &files);
    assert_int_equal(loop_open(&b->loop), 0);
    b->helpers = (struct loop_watch){ .ready = collect, .owner = b };
    assert_int_equal(
        loop_watch_add(&b->loop, &b->helpers, workers_fd(&b->tree.workers), LOOP_READ),
        0);
    serve(b, uploads);
    return b;
}

/* In the order that kedge serve keeps. */
static inline void bench_free(struct bench *b)
{
    if (!b->closed)
        tftp_service_close(b->service);
    loop_watch_remove(&b->loop, &b->helpers);
    let_go(b);
    while (workers_pending(&b->tree.workers) > 0)
        (void)workers_collect(&b->tree.workers);
    cache_free(&b->files);
    tree_close(&b->tree);
    tftp_service_free(b->service);
    loop_close(&b->loop);
    pthread_cond_destroy(&b->hold.changed);
    pthread_mutex_destroy(&b->hold.lock);
    free(b);
}

static inline void turn(struct bench *b)
{
    assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
}

static inline void turn_for(struct bench *b, kedge_nanos time)
{
    kedge_nanos end = clock_now() + time;

    while (clock_now() < end)
        turn(b);
}

static inline void turn_until_held(struct bench *b)
{
    for (int i = 0; i < 2000 && !is_held(b); i++)
        turn(b);
    assert_true(is_held(b));
}

static inline struct peer *peer_new(struct bench *b)
{
    struct peer *p = calloc(1, sizeof *p);

    assert_non_null(p);
    p->b = b;
    p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(p->fd >= 0);
    return p;
}

static inline void peer_free(struct peer *p)
{
    close(p->fd);
    free(p);
}

static inline void send_to(struct peer *p, const struct net_address *to,
                           const void *bytes, size_t len)
{
    assert_int_equal(sendto(p->fd, bytes, len, 0, &to->u.any, to->len), len);
}

/* A packet to where its transfer speaks from. */
static inline void say(struct peer *p, uint8_t op, uint16_t number, const char *body)
{
    uint8_t packet[1024] = { 0, op, (uint8_t)(number >> 8), (uint8_t)number };
    size_t len = body ? strlen(body) : 0;

    memcpy(packet + 4, body ? body : "", len);
    send_to(p, &p->tid, packet, 4 + len);
}

static inline void ask(struct peer *p, uint8_t op, const char *name, const char *blksize)
{
    uint8_t packet[256] = { 0, op };
    int len = 2;

    len += snprintf((char *)packet + len, 100, "%s", name) + 1;
    len += snprintf((char *)packet + len, 100, "octet") + 1;
    if (blksize) {
        len += snprintf((char *)packet + len, 10, "blksize") + 1;
        len += snprintf((char *)packet + len, 10, "%s", blksize) + 1;
    }
    send_to(p, &p->b->at, packet, (size_t)len);
}

/* Whether a packet came, in so many turns of about a millisecond at most. */
static inline bool hears(struct peer *p, int turns)
{
    struct net_address from = { .len = sizeof from.u };

    while (turns-- > 0) {
        ssize_t n =
            recvfrom(p->fd, p->packet, sizeof p->packet, 0, &from.u.any, &from.len);

        if (n >= 0) {
            p->len = (size_t)n;
            p->tid = from;
            return true;
        }
        turn(p->b);
    }
    return false;
}

static inline void must_hear(struct peer *p, uint8_t op, uint16_t number)
{
    assert_true(hears(p, 2000));
    assert_int_equal(p->packet[1], op);
    if (op != KEDGE_TFTP_OACK)
        assert_int_equal(p->packet[2] << 8 | p->packet[3], number);
}

/* A whole download in lock-step; its bytes. */
static inline size_t fetch(struct peer *p, const char *name)
{
    size_t bytes = 0;
    uint16_t block = 0;

    ask(p, KEDGE_TFTP_RRQ, name, NULL);
    do {
        must_hear(p, KEDGE_TFTP_DATA, ++block);
        bytes += p->len - 4;
        say(p, KEDGE_TFTP_ACK, block, NULL);
    } while (p->len == 516);
    return bytes;
}

/* A whole upload of one block. */
static inline void store(struct peer *p, const char *name, const char *block_reader)
{
    ask(p, KEDGE_TFTP_WRQ, name, NULL);
    must_hear(p, KEDGE_TFTP_ACK, 0);
    say(p, KEDGE_TFTP_DATA, 1, block_reader);
    must_hear(p, KEDGE_TFTP_ACK, 1);
}

static inline void put_bytes(struct bench *b, const char *name, size_t size)
{
    struct path path = at(&b->tree, name);
    int fd = open(path.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    char *bytes = malloc(size + 1);

    assert_true(fd >= 0 && bytes);
    memset(bytes, 'x', size);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(fsync(fd), 0);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* to be read from the disk */
    close(fd);
    free(bytes);
}

static inline struct bench *two_files(void)
{
    struct bench *b = bench_new(UPLOAD_OVERWRITE);

    put_bytes(b, "root/slow", 200000);
    put_bytes(b, "root/quick", 3000);
    return b;
}

static inline bool is_lent(const struct bench *b)
{
    for (size_t i = 0; i < FILES; i++)
        if (b->slots[i].map.at && b->slots[i].map.until[0] > 0)
            return true;
    return false;
}

static inline void bring_to_memory(struct path path)
{
    char bytes[4096];
    int fd = open(path.text, O_RDONLY | O_CLOEXEC);

    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
    close(fd);
}

/* Of 4 MiB, in memory, as far as its pages are lent; its transfer is the peer's. */
static inline struct bench *lending(struct peer **out, uint16_t *block)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b);
    uint16_t n = 0;

    put_bytes(b, "root/large", 4 << 20);
    bring_to_memory(at(&b->tree, "root/large"));
    ask(p, KEDGE_TFTP_RRQ, "large", "1000");
    must_hear(p, KEDGE_TFTP_OACK, 0);
    while (!is_lent(b) && n < 3000) {
        say(p, KEDGE_TFTP_ACK, n, NULL);
        must_hear(p, KEDGE_TFTP_DATA, ++n);
    }
    *out = p;
    *block = n;
    return b;
}

#endif
