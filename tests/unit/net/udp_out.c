/* SPDX-License-Identifier: MIT */
/* Tests of what net/udp.h sends: batches and trains, and what becomes of a part of them that
 * cannot leave. */
#include "udp_pair.h"
#include "../file/refuse.h"
#include "../skip.h"

#include <sys/syscall.h>

/* The asked address is 127.0.0.5; a plain reply would leave from 127.0.0.1. */
static void reply_leaves_from_the_address_asked(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_socket any = opened("0.0.0.0", false);
    struct udp_message m = { .bytes = { (const uint8_t *)"?", 1 } };
    struct net_address want = parsed("127.0.0.5", net_address_port(&any.at));

    (void)state;
    m.peer = want;
    udp_out_copy(&p->out, &m);
    assert_true(udp_flush(&p->out));
    wait_for(any.fd, POLLIN);
    assert_int_equal(udp_receive(any.fd, &p->in), 1);
    udp_outbox_init(&p->out, any.fd);
    udp_out_borrow(&p->out, &p->in.in[0].m);
    assert_true(udp_flush(&p->out));
    wait_for(p->a.fd, POLLIN);
    assert_int_equal(udp_receive(p->a.fd, &p->in), 1);
    assert_true(net_address_equal(&p->in.in[0].m.peer, &want));
    udp_close(&any);
    pair_close(p);
}

static void full_queue_is_flushed_by_itself(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_message m = { .bytes = { p->big[0], 1000 }, .peer = p->b.at };

    (void)state;
    for (int i = 0; i < 2 * UDP_BATCH; i++)
        udp_out_copy(&p->out, &m);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent + p->out.lost, 2 * UDP_BATCH);
    assert_int_equal(p->out.lost, 0);
    pair_close(p);
}

static void refused_datagram_is_lost_and_the_rest_goes(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_message good = { .bytes = { (const uint8_t *)"x", 1 }, .peer = p->b.at };
    struct udp_message bad = good;

    (void)state;
    bad.peer = parsed("255.255.255.255", 9); /* no SO_BROADCAST: EACCES */
    udp_out_copy(&p->out, &good);
    udp_out_copy(&p->out, &bad);
    udp_out_copy(&p->out, &good);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 2);
    assert_int_equal(p->out.lost, 1);
    assert_int_equal(p->out.barred_count, 0); /* that is for EPERM */
    pair_close(p);
}

static void dropped_queue_counts_as_lost(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_message m = { .bytes = { p->big[0], 1000 }, .peer = p->b.at };

    (void)state;
    udp_out_copy(&p->out, &m);
    m.segment = 100;
    udp_out_borrow(&p->out, &m);
    udp_out_drop(&p->out);
    assert_int_equal(p->out.lost, 11);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 0);
    pair_close(p);
}

static const struct {
    size_t len, stride;
} trains[] = {
    { 1, 516 },           { 516, 516 },          { 517, 516 },
    { 516 * 64, 516 },    { 516 * 65 - 1, 516 }, { 1472 * 45, 1472 },
    { 65468 * 2, 65468 }, { 8196 * 9, 8196 },    { 100 * 300 - 7, 100 },
};

static void train_arrives(bool gso, const char *host)
{
    uint8_t *bytes = malloc(65468 * 2);

    assert_non_null(bytes);
    for (size_t i = 0; i < (size_t)65468 * 2; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < sizeof trains / sizeof *trains; i++) {
        struct pair *p = pair_open(host);
        struct net_local local = { .address = p->a.at };
        struct udp_gso_batch t = { .packets = { bytes, trains[i].len },
                                   .stride = trains[i].stride,
                                   .peer = &p->b.at,
                                   .local = &local,
                                   .gso = gso };

        assert_int_equal(udp_send_gso(p->a.fd, &t), udp_gso_count(&t));
        assert_int_equal(t.lost, 0);
        assert_int_equal(t.gso, gso);
        receive_all(p, bytes, trains[i].len, trains[i].stride);
        pair_close(p);
    }
    free(bytes);
}

static void trains_by_segments(void **state)
{
    (void)state;
    train_arrives(true, "127.0.0.1");
    train_arrives(true, "::1");
}

static void trains_one_by_one(void **state)
{
    (void)state;
    train_arrives(false, "127.0.0.1");
    train_arrives(false, "::1");
}

/* A socket without checksums refuses segments (EIO): the frames arrive all the same, and
 * the caller is told. */
static void refused_segments_go_one_by_one(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    int on = 1;
    struct udp_gso_batch t = {
        .packets = { p->big[3], 5000 }, .stride = 1000, .peer = &p->b.at, .gso = true
    };
    struct udp_message m = { .bytes = t.packets, .peer = p->b.at, .segment = 1000 };

    (void)state;
    assert_int_equal(setsockopt(p->a.fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
    assert_int_equal(udp_send_gso(p->a.fd, &t), 5);
    assert_false(t.gso);
    assert_int_equal(t.lost, 0);
    receive_all(p, p->big[3], 5000, 1000);
    udp_out_borrow(&p->out, &m);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 5);
    receive_all(p, p->big[3], 5000, 1000);
    pair_close(p);
}

enum { PEERS = UDP_BARRED + 3, FIRST_PEER = 1000 };

/* As behind a firewall of this host that lets nothing leave, to more peers than are noted. */
static int send_to_barred_peers(void *arg)
{
    struct pair *p = arg;

    if (!refuse(SYS_sendmmsg, EPERM) || !refuse(SYS_sendto, EPERM))
        return CANNOT_REFUSE;
    for (unsigned i = 0; i < PEERS; i++) {
        struct udp_message m = { .bytes = { (const uint8_t *)"x", 1 }, .peer = p->b.at };

        net_address_set_port(&m.peer, (uint16_t)(FIRST_PEER + i));
        udp_out_borrow(&p->out, &m);
    }
    if (!udp_flush(&p->out) || p->out.lost != PEERS)
        return 1;
    if (p->out.barred_count != UDP_BARRED)
        return 2;
    for (unsigned i = 0; i < UDP_BARRED; i++)
        if (net_address_port(&p->out.barred[i]) != FIRST_PEER + i)
            return 3;
    return 0;
}

static void the_first_few_that_are_barred_are_noted(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    int said = in_child(send_to_barred_peers, p);

    (void)state;
    pair_close(p);
    if (said == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(said, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_leaves_from_the_address_asked),
        cmocka_unit_test(full_queue_is_flushed_by_itself),
        cmocka_unit_test(refused_datagram_is_lost_and_the_rest_goes),
        cmocka_unit_test(the_first_few_that_are_barred_are_noted),
        cmocka_unit_test(dropped_queue_counts_as_lost),
        cmocka_unit_test(trains_by_segments),
        cmocka_unit_test(trains_one_by_one),
        cmocka_unit_test(refused_segments_go_one_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
