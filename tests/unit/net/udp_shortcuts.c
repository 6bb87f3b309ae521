/* SPDX-License-Identifier: MIT */
/* Tests of net/udp.h: what makes datagrams cheaper. A part of them is sent from where it
 * lies and one is taken alone. */
#include "udp_pair.h"

static int setup(void **state)
{
    *state = pair_open("127.0.0.1");
    return 0;
}

static int teardown(void **state)
{
    pair_close(*state);
    return 0;
}

/* The next datagram at b. */
static struct kedge_span received(struct pair *p)
{
    p->in.room = 1;
    wait_for(p->b.fd, POLLIN);
    assert_int_equal(udp_receive(p->b.fd, &p->in), 1);
    return p->in.in[0].m.bytes;
}

static void must_receive(struct pair *p, const void *want, size_t len)
{
    struct kedge_span got = received(p);

    assert_int_equal(got.len, len);
    assert_memory_equal(got.ptr, want, len);
}

/* What the kernel cannot read is lost, and the rest goes. */
static void lent_bytes_follow_what_was_copied(void **state)
{
    struct pair *p = *state;
    struct udp_message m = { .bytes = { (const uint8_t *)"head", 4 }, .peer = p->b.at };
    uint8_t rest[] = "rest";

    udp_out_lend(&p->out, &m, (struct kedge_span){ rest, 4 });
    udp_out_lend(&p->out, &m, (struct kedge_span){ (const uint8_t *)16, 4 });
    udp_out_copy(&p->out, &m);
    rest[0] = 'b';
    assert_int_equal(p->out.emptied, 0);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.emptied, 1);
    assert_int_equal(p->out.sent, 2);
    assert_int_equal(p->out.lost, 1);
    must_receive(p, "headbest", 8);
    must_receive(p, "head", 4);
}

static void train_in_pieces(struct pair *p, bool gso)
{
    enum { FRAMES = 70, STRIDE = 104, LEN = FRAMES * STRIDE - 7 };
    uint8_t bytes[FRAMES * STRIDE];
    struct iovec pieces[2 * FRAMES];
    struct udp_gso_batch t = { .packets = { NULL, LEN },
                               .pieces = pieces,
                               .stride = STRIDE,
                               .peer = &p->b.at,
                               .gso = gso };

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < FRAMES; i++) {
        pieces[2 * i] = (struct iovec){ bytes + i * STRIDE, 4 };
        pieces[2 * i + 1] = (struct iovec){ bytes + i * STRIDE + 4, STRIDE - 4 };
    }
    pieces[2 * FRAMES - 1].iov_len -= 7;
    assert_int_equal(udp_send_gso(p->a.fd, &t), FRAMES);
    assert_int_equal(t.lost, 0);
    assert_int_equal(t.gso, gso);
    for (size_t i = 0; i < FRAMES; i++)
        must_receive(p, bytes + i * STRIDE, i + 1 < FRAMES ? STRIDE : STRIDE - 7);
}

static void trains_go_in_pieces(void **state)
{
    train_in_pieces(*state, true);
    train_in_pieces(*state, false);
}

static void one_alone_is_taken(void **state)
{
    struct pair *p = *state;
    struct udp_message m = { .bytes = { (const uint8_t *)"abc", 3 }, .peer = p->b.at };

    p->in.one = true;
    assert_int_equal(udp_receive(p->b.fd, &p->in), 0);
    for (m.bytes.len = 1; m.bytes.len <= 3; m.bytes.len++)
        udp_out_copy(&p->out, &m);
    assert_true(udp_flush(&p->out));
    assert_int_equal(received(p).len, 1);
    assert_true(net_address_equal(&p->in.in[0].m.peer, &p->a.at));
    assert_int_equal(received(p).len, 2);
    p->in.one = false;
    assert_int_equal(received(p).len, 3);
    for (int i = 0; i < 3; i++)
        udp_out_copy(&p->out, &m);
    assert_true(udp_flush(&p->out));
    p->in.room = UDP_BATCH;
    p->in.one = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(udp_receive(p->b.fd, &p->in), 1);
    p->in.one = true;
    assert_int_equal(udp_receive(p->b.fd, &p->in), 0);
    assert_int_equal(udp_receive(-1, &p->in), -EBADF);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lent_bytes_follow_what_was_copied),
        TEST(trains_go_in_pieces),
        TEST(one_alone_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
