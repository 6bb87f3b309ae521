/* SPDX-License-Identifier: MIT */
/* Tests of the echo on datagrams (serve/echo/udp.h, and datagrams.h below it): what is
 * answered, and what is not. */
#include "os/clock.h"
#include "service_bench.h"

#include <stdio.h>
#include <sys/socket.h>

static void echoes(const char *endpoint)
{
    struct bench *b = bench_new(endpoint);
    int fd = client_of(b), other = client_of(b);

    say(fd, "hello");
    say(other, "there");
    say(fd, ""); /* an empty datagram is echoed too */
    hears(b, fd, "hello");
    hears(b, fd, "");
    hears(b, other, "there");
    assert_int_equal(service_busy(b->service), 0);
    close(fd);
    close(other);
    bench_free(b);
}

static void echoes_on_every_kind(void **state)
{
    char path[64];

    (void)state;
    echoes("echo+udp://127.0.0.1:0");
    echoes("echo+udp://[::1]:0");
    snprintf(path, sizeof path, "echo+unix-dgram://%s/s", folder);
    echoes(path);
}

static void largest_datagram_is_echoed(void **state)
{
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    int fd = client_of(b);
    uint8_t *big = malloc(UDP_BYTES_MAX), *got = malloc(UDP_BYTES_MAX);

    (void)state;
    assert_true(big && got);
    memset(big, 'b', UDP_BYTES_MAX);
    assert_int_equal(kedge_send_to(fd, big, UDP_BYTES_MAX, NULL), 0);
    assert_int_equal(hear(b, fd, got, UDP_BYTES_MAX), UDP_BYTES_MAX);
    assert_memory_equal(got, big, UDP_BYTES_MAX);
    free(big);
    free(got);
    close(fd);
    bench_free(b);
}

/* A burst that the kernel hands over joined comes back as the same datagrams. */
static void burst_comes_back_in_order(void **state)
{
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    int fd = client_of(b), segment = 100;
    uint8_t out[3050], got[200];

    (void)state;
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i / 100 + i);
    setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    assert_int_equal(kedge_send_to(fd, out, sizeof out, NULL), 0);
    for (size_t at = 0; at < sizeof out; at += 100) {
        size_t size = at == 3000 ? 50 : 100;

        assert_int_equal(hear(b, fd, got, sizeof got), size);
        assert_memory_equal(got, out + at, size);
    }
    sums_up(b,
            "31 datagrams, 3050 bytes; 31 answered, 0 unanswered; 0 answers lost here, "
            "0 dropped by the socket's queue");
    close(fd);
    bench_free(b);
}

/* Of 130 times the same within a second the 65th goes unanswered, and no other: also when
 * they come joined, and then all the rest comes back. */
static void same_again_and_again(bool joined)
{
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    int fd = client_of(b), segment = 10, answers = 0;
    uint8_t out[260] = { 0 }, got[32];

    if (joined)
        setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    for (int i = 0; i < (joined ? 5 : 130); i++)
        assert_int_equal(kedge_send_to(fd, out, joined ? 260 : 10, NULL), 0);
    while (hear(b, fd, got, sizeof got) == 10)
        answers++;
    assert_int_equal(answers, 129);
    sums_up(b,
            "130 datagrams, 1300 bytes; 129 answered, 1 unanswered (1 loop); 0 answers "
            "lost here, 0 dropped by the socket's queue");
    close(fd);
    bench_free(b);
}

/* The one that goes unanswered is taken out of its train, and those beside it come back. */
static void others_of_a_train_come_back(void **state)
{
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    int fd = client_of(b), segment = 10;
    bool came[130] = { false };
    uint8_t out[260], got[32];

    (void)state;
    setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    for (uint8_t i = 0; i < 5; i++) {
        memset(out, 0xff, sizeof out);
        for (uint8_t k = 1; k < 26; k += 2)
            memset(out + 10 * k, i * 26 + k, 10);
        assert_int_equal(kedge_send_to(fd, out, sizeof out, NULL), 0);
    }
    while (hear(b, fd, got, sizeof got) == 10)
        if (got[0] < sizeof came)
            came[got[0]] = true;
    for (size_t i = 1; i < sizeof came; i += 2)
        assert_true(came[i]);
    sums_up(b,
            "130 datagrams, 1300 bytes; 129 answered, 1 unanswered (1 loop); 0 answers "
            "lost here, 0 dropped by the socket's queue");
    close(fd);
    bench_free(b);
}

static void sameness_goes_unanswered_once(void **state)
{
    (void)state;
    same_again_and_again(false);
    same_again_and_again(true);
}

/* The same payload from two ports of one host is not the same. */
static void clients_of_one_host_are_apart(void **state)
{
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    int fd[2] = { client_of(b), client_of(b) };

    (void)state;
    for (int i = 0; i < 120; i++) {
        say(fd[i % 2], "same");
        hears(b, fd[i % 2], "same");
    }
    close(fd[0]);
    close(fd[1]);
    bench_free(b);
}

static void own_port_of_another_host_is_not_answered(void **state)
{
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    char endpoint[64];
    struct net_address to;
    struct kedge_address any;
    int fd;

    (void)state;
    assert_true(net_address_parse("127.0.0.1", b->port, &to));
    any = net_address_to(&to);
    snprintf(endpoint, sizeof endpoint, "udp://127.0.0.2:%u", (unsigned)b->port);
    fd = kedge_listen(endpoint, NULL);
    assert_true(fd >= 0);
    assert_int_equal(connection_nonblocking(fd), 0);
    assert_int_equal(kedge_send_to(fd, "x", 1, &any), 0);
    hears_nothing(b, fd);
    close(fd);
    bench_free(b);
}

/* A client bound to the port of another service of ours, on another address. */
static void own_ports_are_not_answered(void **state)
{
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    char endpoint[64];
    struct kedge_address to;
    struct kedge_endpoint e;
    struct kedge_addresses all;
    int fd;

    (void)state;
    b->other = opened(b, "reply+udp://127.0.0.1:0", b->other_at, &b->port);
    snprintf(endpoint, sizeof endpoint, "udp://127.0.0.2:%u", (unsigned)b->port);
    assert_true(kedge_endpoint_parse(b->at, &e, NULL));
    assert_int_equal(kedge_resolve(&e, &all, NULL), 0);
    to = all.at[0];
    fd = kedge_listen(endpoint, NULL);
    assert_true(fd >= 0);
    assert_int_equal(connection_nonblocking(fd), 0);
    assert_int_equal(kedge_send_to(fd, "x", 1, &to), 0);
    hears(b, fd, "x"); /* not told yet */
    service_own_port(b->service, b->port);
    assert_int_equal(kedge_send_to(fd, "x", 1, &to), 0);
    hears_nothing(b, fd);
    sums_up(b, "2 datagrams, 2 bytes; 1 answered, 1 unanswered (1 own port); 0 answers "
               "lost here, 0 dropped by the socket's queue");
    close(fd);
    bench_free(b);
}

static void broadcast_and_multicast_are_not_answered(void **state)
{
    static const char *const groups[] = { "127.255.255.255", "224.0.0.1" };
    struct bench *b = bench_new("echo+udp://0.0.0.0:0");
    struct in_addr lo = { htonl(INADDR_LOOPBACK) };
    int fd = kedge_listen("udp://127.0.0.1:0", NULL), on = 1;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(connection_nonblocking(fd), 0);
    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    setsockopt(fd, SOL_IP, IP_MULTICAST_IF, &lo, sizeof lo);
    for (int i = 0; i < 2; i++) {
        struct net_address group;
        struct kedge_address to;

        assert_true(net_address_parse(groups[i], b->port, &group));
        to = net_address_to(&group);
        assert_int_equal(kedge_send_to(fd, "x", 1, &to), 0);
    }
    hears_nothing(b, fd);
    sums_up(b, "2 datagrams, 2 bytes; 0 answered, 2 unanswered (2 broadcast); 0 answers "
               "lost here, 0 dropped by the socket's queue");
    close(fd);
    bench_free(b);
}

/* A client that is gone when its answer comes: the error is nobody else's. */
static void vanished_client_hurts_no_other(void **state)
{
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    int good = client_of(b);
    kedge_nanos start;

    (void)state;
    for (int i = 0; i < 10; i++) {
        int gone = client_of(b);

        say(gone, "x");
        close(gone);
        say(good, "hello");
        hears(b, good, "hello");
    }
    settle(b);
    /* The errors are taken, so that the loop sleeps. */
    start = clock_now();
    assert_int_equal(loop_turn(&b->loop, 20 * KEDGE_MSEC), 0);
    assert_true(clock_now() - start >= 20 * KEDGE_MSEC);
    sums_up(b,
            "20 datagrams, 60 bytes; 20 answered, 0 unanswered; 0 answers lost here, 0 "
            "dropped by the socket's queue");
    close(good);
    bench_free(b);
}

/* One datagram that claims to come from the other echo: two echoes fall silent. */
static void two_echoes_do_not_talk(void **state)
{
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    uint16_t first = b->port;
    struct net_address to;
    struct udp_message m = { .bytes = { (const uint8_t *)"x", 1 } };
    struct udp_gso_batch t = { .packets = m.bytes, .stride = 1, .peer = &to };
    char text[SERVE_SUMMARY];
    int fd;

    (void)state;
    b->other = opened(b, "echo+udp://127.0.0.1:0", b->other_at, &b->port);
    service_own_port(b->service, b->port);
    service_own_port(b->other, first);
    assert_true(net_address_parse("127.0.0.1", first, &to));
    /* The other's own socket sends it, as a forger would have it look. */
    fd = kedge_listen(b->other_at, NULL);
    assert_int_equal(fd, -1);
    for (fd = 3; fd < 64; fd++) {
        struct kedge_address a = { .len = sizeof a.storage };

        if (getsockname(fd, (struct sockaddr *)&a.storage, &a.len) == 0 &&
            kedge_address_port(&a) == b->port)
            break;
    }
    assert_in_range(fd, 3, 63);
    assert_int_equal(udp_send_gso(fd, &t), 1);
    settle(b);
    sums_up(b, "1 datagrams, 1 bytes; 0 answered, 1 unanswered (1 own port); 0 answers "
               "lost here, 0 dropped by the socket's queue");
    assert_non_null(strstr(service_summary(b->other, text), "0 datagrams"));
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes_on_every_kind),
        cmocka_unit_test(largest_datagram_is_echoed),
        cmocka_unit_test(burst_comes_back_in_order),
        cmocka_unit_test(sameness_goes_unanswered_once),
        cmocka_unit_test(others_of_a_train_come_back),
        cmocka_unit_test(clients_of_one_host_are_apart),
        cmocka_unit_test(own_port_of_another_host_is_not_answered),
        cmocka_unit_test(own_ports_are_not_answered),
        cmocka_unit_test(broadcast_and_multicast_are_not_answered),
        cmocka_unit_test(vanished_client_hurts_no_other),
        cmocka_unit_test(two_echoes_do_not_talk),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
