/* SPDX-License-Identifier: MIT */
/* Tests of a socket that waits in the receiving call. */
#include "udp_pair.h"

struct waiting {
    struct udp_socket socket;
    struct udp_inbox in;
    uint8_t memory[8 * 64];
};

static void start(struct waiting *w, uint32_t ms)
{
    w->socket = opened("127.0.0.1", false);
    assert_int_equal(udp_let_wait(&w->socket, ms), 0);
    udp_inbox_init(&w->in, w->memory, sizeof w->memory, 64);
}

static void send_to(const struct udp_socket *from, const struct net_address *to)
{
    static const uint8_t byte = 'y';
    struct udp_gso_batch t = { .packets = { &byte, 1 }, .stride = 1, .peer = to };

    assert_int_equal(udp_send_gso(from->fd, &t), 1);
}

static void it_waits_for_the_first_and_takes_what_is_there(void **state)
{
    struct udp_socket other = opened("127.0.0.1", false);
    struct waiting w;

    (void)state;
    start(&w, 2000);
    for (unsigned i = 0; i < 3; i++)
        send_to(&other, &w.socket.at);
    assert_int_equal(udp_receive_within(w.socket.fd, &w.in, 1), 1);
    assert_int_equal(udp_receive_within(w.socket.fd, &w.in, UDP_BATCH), 2);
    assert_int_equal(udp_let_wait(&w.socket, 1), 0);
    assert_int_equal(udp_receive_within(w.socket.fd, &w.in, 1), 0);
    assert_int_equal(udp_receive(w.socket.fd, &w.in), 0);
    udp_close(&w.socket);
    udp_close(&other);
}

static void tell(void *owner, const struct udp_error *e)
{
    *(bool *)owner = udp_error_is_refusal(e);
}

static void who_waits_hears_of_an_error(void **state)
{
    struct udp_socket gone = opened("127.0.0.1", false);
    struct waiting w;
    bool refused = false;

    (void)state;
    start(&w, 60000);
    udp_close(&gone);
    send_to(&w.socket, &gone.at);
    assert_int_equal(udp_receive_within(w.socket.fd, &w.in, UDP_BATCH), 0);
    assert_int_equal(udp_drain_errors(w.socket.fd, tell, &refused), 1);
    assert_true(refused);
    udp_close(&w.socket);
}

static void without_batches_it_does_not_wait(void **state)
{
    struct udp_socket other = opened("127.0.0.1", false);
    struct waiting w;

    (void)state;
    start(&w, 60000);
    w.in.apart = true;
    send_to(&other, &w.socket.at);
    assert_int_equal(udp_receive_within(w.socket.fd, &w.in, 1), 0);
    assert_int_equal(udp_receive(w.socket.fd, &w.in), 1);
    assert_int_equal(udp_receive_within(-1, &w.in, 1), 0);
    w.in.apart = false;
    assert_int_equal(udp_receive_within(-1, &w.in, 1), -EBADF);
    udp_close(&w.socket);
    udp_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_waits_for_the_first_and_takes_what_is_there),
        cmocka_unit_test(who_waits_hears_of_an_error),
        cmocka_unit_test(without_batches_it_does_not_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
