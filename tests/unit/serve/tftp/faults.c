/* SPDX-License-Identifier: MIT */
/* Each system call of a download and of an upload fails once in each way: the client has the
 * right bytes or no word that it has, the server goes on, and nothing is left behind. Also what
 * waits in a socket that is full. */
#include "tftp_bench.h"

#include "../../each_fault.h"
#include "serve/tftp/private.h"
#include "../../skip.h"

enum { BLOCK = 512, TWO_BLOCKS = BLOCK + 100, TRIES = 30 };

struct scene {
    struct bench *b;
    struct peer *p;
    bool writes;
    uint8_t bytes[TWO_BLOCKS];
    size_t got;
};

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

/* The peer's calls do not fail. */
static void turn_faulty(struct bench *b)
{
    faults_spare(false);
    assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
    faults_spare(true);
}

static bool takes(struct peer *p)
{
    struct net_address from = { .len = sizeof from.u };
    ssize_t n = recvfrom(p->fd, p->packet, sizeof p->packet, 0, &from.u.any, &from.len);

    if (n < 0)
        return false;
    p->len = (size_t)n;
    p->tid = from;
    return true;
}

static bool hears_within(struct peer *p, int turns)
{
    while (turns-- > 0) {
        turn_faulty(p->b);
        if (takes(p))
            return true;
    }
    return false;
}

static bool is(const struct peer *p, uint8_t op, uint16_t number)
{
    return p->packet[1] == op && (p->packet[2] << 8 | p->packet[3]) == number;
}

static int download(struct scene *c)
{
    struct peer *p = c->p;
    uint16_t block = 0;

    c->got = 0;
    for (int tries = 0; tries < TRIES;) {
        if (block == 0)
            ask(p, KEDGE_TFTP_RRQ, "file", NULL);
        else
            say(p, KEDGE_TFTP_ACK, block, NULL);
        if (!hears_within(p, 60)) {
            tries++;
            continue;
        }
        if (p->packet[1] == KEDGE_TFTP_ERROR)
            return 1;
        if (!is(p, KEDGE_TFTP_DATA, block + 1))
            continue;
        assert_true(c->got + p->len - 4 <= TWO_BLOCKS);
        memcpy(c->bytes + c->got, p->packet + 4, p->len - 4);
        c->got += p->len - 4;
        block++;
        if (p->len < 4 + BLOCK) {
            say(p, KEDGE_TFTP_ACK, block, NULL);
            return 0;
        }
    }
    return 2;
}

static void say_block(struct scene *c, uint16_t block)
{
    size_t from = (size_t)(block - 1) * BLOCK;
    size_t len = from + BLOCK <= TWO_BLOCKS ? BLOCK : TWO_BLOCKS - from;
    uint8_t packet[4 + BLOCK] = { 0, KEDGE_TFTP_DATA, 0, (uint8_t)block };

    for (size_t i = 0; i < len; i++)
        packet[4 + i] = byte_at(from + i);
    send_to(c->p, &c->p->tid, packet, 4 + len);
}

static int upload(struct scene *c)
{
    struct peer *p = c->p;
    uint16_t block = 0;

    for (int tries = 0; tries < TRIES;) {
        if (block == 0)
            ask(p, KEDGE_TFTP_WRQ, "file", NULL);
        else
            say_block(c, block);
        if (!hears_within(p, 60)) {
            tries++;
            continue;
        }
        if (p->packet[1] == KEDGE_TFTP_ERROR)
            return 1;
        if (is(p, KEDGE_TFTP_ACK, block) && block++ == 2)
            return 0;
    }
    return 2;
}

static void put_old(struct bench *b, bool writes)
{
    struct path path = at(&b->tree, "root/file");
    FILE *f = fopen(path.text, "w");

    assert_non_null(f);
    for (size_t i = 0; i < TWO_BLOCKS; i++)
        assert_true(fputc(writes ? 'o' : byte_at(i), f) != EOF);
    assert_int_equal(fclose(f), 0);
}

static void prepare(void *arg)
{
    memset(((struct scene *)arg)->bytes, 0, TWO_BLOCKS);
}

static int run(void *arg)
{
    struct scene *c = arg;
    int error;

    faults_spare(true);
    c->b = bench_new(UPLOAD_OVERWRITE);
    put_old(c->b, c->writes);
    c->p = peer_new(c->b);
    error = c->writes ? upload(c) : download(c);
    faults_spare(false);
    return error;
}

static bool is_stored(struct bench *b, bool is_new)
{
    struct path path = at(&b->tree, "root/file");
    uint8_t got[TWO_BLOCKS + 1];
    int fd = open(path.text, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof got);

    if (fd >= 0)
        close(fd);
    for (size_t i = 0; n == TWO_BLOCKS && i < TWO_BLOCKS; i++)
        if (got[i] != (is_new ? byte_at(i) : 'o'))
            return false;
    return n == TWO_BLOCKS;
}

/* And the next one comes to its end. */
static void check(void *arg, int error, bool transient)
{
    struct scene *c = arg;

    assert_false(transient && error);
    faults_spare(true);
    for (size_t i = 0; !c->writes && !error && i < TWO_BLOCKS; i++)
        assert_int_equal(c->bytes[i], byte_at(i));
    if (c->writes)
        assert_true(is_stored(c->b, true) || (error && is_stored(c->b, false)));
    peer_free(c->p);
    c->p = peer_new(c->b);
    assert_int_equal(c->writes ? upload(c) : download(c), 0);
    assert_true(!c->writes || is_stored(c->b, true));
    tftp_service_close(c->b->service);
    c->b->closed = true;
    while (workers_pending(&c->b->tree.workers) > 0)
        (void)workers_collect(&c->b->tree.workers);
    assert_int_equal(entries(at(&c->b->tree, "root")), 1);
    peer_free(c->p);
    bench_free(c->b);
    faults_spare(false);
}

/* A temporary file that cannot be removed stays until the next start. */
static const char *const but_removal[] = { "unlinkat", NULL };

static void each_call_fails(bool writes)
{
    struct scene *c = calloc(1, sizeof *c);
    struct each_fault s = { prepare, run, check, c, but_removal };

    assert_non_null(c);
    c->writes = writes;
    assert_true(each_fault(&s) > 50);
    free(c);
}

static void a_download(void **state)
{
    (void)state;
    each_call_fails(false);
}

static void an_upload(void **state)
{
    (void)state;
    each_call_fails(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_download),
        cmocka_unit_test(an_upload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
