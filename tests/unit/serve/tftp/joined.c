/* SPDX-License-Identifier: MIT */
/* Tests of uploads whose windows leave the client in one send: the kernel hands them over
 * joined (GRO), and each block of them counts. */
#include "tftp_bench.h"

#include "net/udp.h"

enum { BLOCK = 512, FRAME = BLOCK + 4, WINDOW = 8 };

struct putting {
    struct bench *b;
    struct peer *p;
    uint8_t block_reader[2 * WINDOW * BLOCK];
    uint8_t packets[WINDOW * FRAME];
};

static struct putting *putting_open(void)
{
    static const char request[] = "\0\2new\0octet\0blksize\000512\0windowsize\0008";
    struct putting *u = calloc(1, sizeof *u);

    assert_non_null(u);
    for (size_t i = 0; i < sizeof u->block_reader; i++)
        u->block_reader[i] = (uint8_t)(i * 7 + i / 251);
    u->b = bench_new(UPLOAD_OVERWRITE);
    u->p = peer_new(u->b);
    send_to(u->p, &u->b->at, request, sizeof request);
    must_hear(u->p, KEDGE_TFTP_OACK, 0);
    return u;
}

static void putting_close(struct putting *u)
{
    peer_free(u->p);
    bench_free(u->b);
    free(u);
}

/* Blocks [first, end) but `without`, in one send; the last of them has `last` bytes. */
static void send_blocks(struct putting *u, unsigned first, unsigned end, unsigned without,
                        size_t last)
{
    struct udp_gso_batch train = { .stride = FRAME, .peer = &u->p->tid, .gso = true };
    uint8_t *at = u->packets;

    for (unsigned k = first; k < end; k++) {
        if (k == without)
            continue;
        memcpy(at, (uint8_t[4]){ 0, KEDGE_TFTP_DATA, 0, (uint8_t)k }, 4);
        memcpy(at + 4, u->block_reader + (size_t)(k - 1) * BLOCK, BLOCK);
        at += FRAME;
    }
    train.packets.ptr = u->packets;
    train.packets.len = (size_t)(at - u->packets) - BLOCK + last;
    assert_int_equal(udp_send_gso(u->p->fd, &train), end - first - (without != 0));
    assert_int_equal(train.lost, 0);
}

static void kept(struct putting *u, size_t size)
{
    struct path path = at(&u->b->tree, "root/new");
    uint8_t got[sizeof u->block_reader + 1];
    int fd = open(path.text, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, sizeof got), size);
    assert_memory_equal(got, u->block_reader, size);
    close(fd);
}

static void joined_windows_are_stored_block_by_block(void **state)
{
    struct putting *u = putting_open();

    (void)state;
    send_blocks(u, 1, WINDOW + 1, 0, BLOCK);
    must_hear(u->p, KEDGE_TFTP_ACK, WINDOW);
    send_blocks(u, WINDOW + 1, WINDOW + 4, 0, 100);
    must_hear(u->p, KEDGE_TFTP_ACK, WINDOW + 3);
    kept(u, (WINDOW + 2) * BLOCK + 100);
    putting_close(u);
}

static void a_gap_within_joined_blocks_is_told(void **state)
{
    struct putting *u = putting_open();

    (void)state;
    send_blocks(u, 1, 6, 3, BLOCK);
    must_hear(u->p, KEDGE_TFTP_ACK, 2);
    send_blocks(u, 3, 6, 0, 0);
    must_hear(u->p, KEDGE_TFTP_ACK, 5);
    kept(u, 4 * BLOCK);
    putting_close(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined_windows_are_stored_block_by_block),
        cmocka_unit_test(a_gap_within_joined_blocks_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
