/* SPDX-License-Identifier: MIT */
/* Tests of what net/udp.h takes in: batches, with whom each came from and for whom. */
#include "udp_pair.h"

#include <arpa/inet.h>

static void batch_goes_and_comes(struct pair *p)
{
    struct udp_message m = { .bytes = { (const uint8_t *)"hello", 5 }, .peer = p->b.at };

    for (int i = 0; i < 3; i++)
        udp_out_copy(&p->out, &m);
    m.bytes.len = 0; /* an empty datagram is one too */
    udp_out_copy(&p->out, &m);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 4);
    wait_for(p->b.fd, POLLIN);
    assert_int_equal(udp_receive(p->b.fd, &p->in), 4);
    for (unsigned i = 0; i < 4; i++) {
        struct udp_in *in = &p->in.in[i];

        assert_int_equal(in->m.bytes.len, i < 3 ? 5 : 0);
        assert_memory_equal(in->m.bytes.ptr, "hello", in->m.bytes.len);
        assert_true(net_address_equal(&in->m.peer, &p->a.at));
        assert_true(net_address_same_host(&in->m.local.address, &p->b.at));
        assert_int_equal(in->m.local.ifindex, 1);
        assert_false(in->to_broadcast);
        assert_false(in->cut);
    }
    assert_int_equal(udp_receive(p->b.fd, &p->in), 0);
}

static void batches_v4(void **state)
{
    struct pair *p = pair_open("127.0.0.1");

    (void)state;
    batch_goes_and_comes(p);
    pair_close(p);
}

static void batches_v6(void **state)
{
    struct pair *p = pair_open("::1");

    (void)state;
    batch_goes_and_comes(p);
    pair_close(p);
}

static void longer_than_the_inbox_is_cut(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_message m = { .bytes = { p->big[0], 2049 }, .peer = p->b.at };

    (void)state;
    udp_out_borrow(&p->out, &m);
    assert_true(udp_flush(&p->out));
    wait_for(p->b.fd, POLLIN);
    assert_int_equal(udp_receive(p->b.fd, &p->in), 1);
    assert_true(p->in.in[0].cut);
    assert_int_equal(p->in.in[0].m.bytes.len, 2048);
    pair_close(p);
}

static void multicast_and_broadcast_are_seen(void **state)
{
    static const char *const groups[] = { "224.0.0.1", "127.255.255.255" };
    struct udp_socket any = opened("0.0.0.0", false);
    struct pair *p = pair_open("127.0.0.1");
    int on = 1;
    struct in_addr lo = { htonl(INADDR_LOOPBACK) };

    (void)state;
    setsockopt(p->a.fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    setsockopt(p->a.fd, SOL_IP, IP_MULTICAST_IF, &lo, sizeof lo);
    for (size_t i = 0; i < 2; i++) {
        struct udp_message m = { .bytes = { (const uint8_t *)"!", 1 },
                                 .peer = parsed(groups[i], net_address_port(&any.at)) };

        udp_out_copy(&p->out, &m);
        assert_true(udp_flush(&p->out));
        wait_for(any.fd, POLLIN);
        assert_int_equal(udp_receive(any.fd, &p->in), 1);
        assert_true(p->in.in[0].to_broadcast);
    }
    udp_close(&any);
    pair_close(p);
}

/* What GRO joined goes back as it came: the echo's shortest way. */
static void joined_datagrams_come_and_go(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_socket joined = opened("127.0.0.1", true);
    struct udp_gso_batch t = {
        .packets = { p->big[3], 5000 }, .stride = 900, .peer = &joined.at, .gso = true
    };

    (void)state;
    assert_true(joined.gro);
    t.packets.len = 900; /* one alone, of which less is told */
    assert_int_equal(udp_send_gso(p->b.fd, &t), 1);
    udp_inbox_init(&p->in, p->big[0], 65536, 65536);
    wait_for(joined.fd, POLLIN);
    assert_int_equal(udp_receive(joined.fd, &p->in), 1);
    assert_int_equal(p->in.in[0].m.segment, 0);
    t.packets.len = 5000;
    assert_int_equal(udp_send_gso(p->b.fd, &t), 6);
    wait_for(joined.fd, POLLIN);
    assert_int_equal(udp_receive(joined.fd, &p->in), 1);
    assert_int_equal(p->in.in[0].m.bytes.len, 5000);
    assert_int_equal(p->in.in[0].m.segment, 900);
    assert_true(net_address_same_host(&p->in.in[0].m.local.address, &joined.at));
    udp_outbox_init(&p->out, joined.fd);
    udp_out_borrow(&p->out, &p->in.in[0].m);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 6);
    receive_all(p, p->big[3], 5000, 900);
    udp_close(&joined);
    pair_close(p);
}

static void own_fault_is_an_error(void **state)
{
    struct pair *p = pair_open("127.0.0.1");

    (void)state;
    assert_int_equal(udp_receive(-1, &p->in), -EBADF);
    pair_close(p);
}

static void kernel_drops_are_counted(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_options small = { .at = parsed("127.0.0.1", 0), .receive_buffer = 4096 };
    struct udp_socket s;
    struct udp_message m = { .bytes = { p->big[0], 1000 } };

    (void)state;
    assert_int_equal(udp_open(&small, &s), 0);
    m.peer = s.at;
    for (int i = 0; i < 40; i++)
        udp_out_copy(&p->out, &m);
    assert_true(udp_flush(&p->out));
    while (udp_receive(s.fd, &p->in) > 0)
        assert_int_equal(p->in.drops, 0);
    udp_out_copy(&p->out, &m); /* the count comes with the next that is queued */
    assert_true(udp_flush(&p->out));
    wait_for(s.fd, POLLIN);
    assert_int_equal(udp_receive(s.fd, &p->in), 1);
    assert_in_range(p->in.drops, 20, 40);
    udp_close(&s);
    pair_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_v4),
        cmocka_unit_test(batches_v6),
        cmocka_unit_test(longer_than_the_inbox_is_cut),
        cmocka_unit_test(multicast_and_broadcast_are_seen),
        cmocka_unit_test(joined_datagrams_come_and_go),
        cmocka_unit_test(own_fault_is_an_error),
        cmocka_unit_test(kernel_drops_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
