/* Tests of the services on datagrams (serve/datagrams.h, echo_udp.h, reply.h,
 * echo_local.h), by way of serve/service.h, over real sockets. */
#include "serve/service.h"

#include "kedge/datagram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS 300

static char folder[] = "/tmp/kedge-unit-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

struct bench {
    struct loop loop;
    struct service *service;
    struct service *other; /* in the same loop; may be NULL */
    uint8_t buffer[ECHO_BUFFER];
    char at[KEDGE_ENDPOINT_TEXT]; /* to dial: udp or unix-dgram */
    char other_at[KEDGE_ENDPOINT_TEXT];
    uint16_t port;
};

static struct service *opened(struct bench *b, const char *endpoint,
                              char at[KEDGE_ENDPOINT_TEXT], uint16_t *port)
{
    struct service_config config = { .loop = &b->loop,
                                     .limits = { .connections = 8, .idle = KEDGE_NEVER },
                                     .buffer = b->buffer,
                                     .reply = REPLY_TEXT };
    struct kedge_error error = { .text = "" };
    struct kedge_endpoint e;
    struct service *s = NULL;
    int fd = kedge_listen(endpoint, &error);

    if (fd < 0)
        fail_msg("%s", error.text);
    assert_true(kedge_endpoint_parse(endpoint, &e, NULL));
    assert_int_equal(kedge_endpoint_bound(&e, fd), 0);
    assert_int_equal(service_open(&s, &config, &e, fd), 0);
    e.service = KEDGE_SOCKET;
    kedge_endpoint_print(&e, at);
    *port = e.port;
    return s;
}

static struct bench *bench_new(const char *endpoint)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    assert_int_equal(loop_open(&b->loop), 0);
    b->service = opened(b, endpoint, b->at, &b->port);
    return b;
}

static void bench_free(struct bench *b)
{
    service_close(b->service);
    if (b->other)
        service_close(b->other);
    loop_close(&b->loop);
    free(b);
}

static int client_of(const struct bench *b)
{
    struct kedge_error error = { .text = "" };
    int fd = kedge_dial(b->at, &error);

    if (fd < 0)
        fail_msg("%s", error.text);
    assert_int_equal(connection_nonblocking(fd), 0);
    return fd;
}

static void settle(struct bench *b)
{
    for (int i = 0; i < 20; i++)
        assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
}

static void say(int fd, const char *text)
{
    assert_int_equal(kedge_send_to(fd, text, strlen(text), NULL), 0);
}

static ssize_t hear(struct bench *b, int fd, void *out, size_t size)
{
    ssize_t n = -EAGAIN;

    for (int i = 0; i < TURNS && n == -EAGAIN; i++) {
        assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
        n = kedge_receive_from(fd, out, size, NULL);
    }
    return n;
}

static void hears(struct bench *b, int fd, const char *text)
{
    char got[64];

    assert_int_equal(hear(b, fd, got, sizeof got), strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static void hears_nothing(struct bench *b, int fd)
{
    char got[64];

    settle(b);
    assert_int_equal(kedge_receive_from(fd, got, sizeof got, NULL), -EAGAIN);
}

static void sums_up(const struct bench *b, const char *want)
{
    char text[SERVE_SUMMARY];

    assert_string_equal(service_summary(b->service, text), want);
}

/* ---- echo ---- */

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
    start = loop_clock();
    assert_int_equal(loop_turn(&b->loop, 20 * KEDGE_MSEC), 0);
    assert_true(loop_clock() - start >= 20 * KEDGE_MSEC);
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
    struct udp_train t = { .frames = m.bytes, .stride = 1, .peer = &to };
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
    assert_int_equal(udp_send_train(fd, &t), 1);
    settle(b);
    sums_up(b, "1 datagrams, 1 bytes; 0 answered, 1 unanswered (1 own port); 0 answers "
               "lost here, 0 dropped by the socket's queue");
    assert_non_null(strstr(service_summary(b->other, text), "0 datagrams"));
    bench_free(b);
}

/* ---- reply ---- */

static void reply_is_one_text(void **state)
{
    struct bench *b = bench_new("reply+udp://127.0.0.1:0");
    int fd = client_of(b);

    (void)state;
    say(fd, "Hello UDP Server");
    say(fd, "");
    hears(b, fd, REPLY_TEXT);
    hears(b, fd, REPLY_TEXT);
    say(fd, REPLY_TEXT);
    hears_nothing(b, fd);
    sums_up(b, "3 datagrams, 32 bytes; 2 answered, 1 unanswered (1 own text); 0 answers "
               "lost here, 0 dropped by the socket's queue");
    close(fd);
    bench_free(b);
}

/* ---- unix ---- */

static void nameless_sender_is_counted(void **state)
{
    char path[64];
    struct bench *b;
    struct kedge_endpoint e;
    struct kedge_addresses all;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    snprintf(path, sizeof path, "echo+unix-dgram://%s/s", folder);
    b = bench_new(path);
    assert_true(kedge_endpoint_parse(b->at, &e, NULL));
    assert_int_equal(kedge_resolve(&e, &all, NULL), 0);
    assert_int_equal(kedge_send_to(fd, "x", 1, &all.at[0]), 0);
    settle(b);
    sums_up(b, "1 datagrams, 1 bytes; 0 answered, 0 unanswered; 1 from senders without a "
               "name, 0 answers lost here");
    close(fd);
    bench_free(b);
}

/* A client that never reads takes all the room there is; nobody is waited for, what is
 * lost is counted, and when it closes the others are served again. */
static void client_that_never_reads_is_not_waited_for(void **state)
{
    static const char bytes[32768];
    char path[64];
    struct bench *b;
    int stuck, good, sent = 0;

    (void)state;
    snprintf(path, sizeof path, "echo+unix-dgram://%s/s", folder);
    b = bench_new(path);
    stuck = client_of(b);
    good = client_of(b);
    for (int i = 0; i < 400; i++) {
        sent += kedge_send_to(stuck, bytes, sizeof bytes - (size_t)i, NULL) == 0;
        assert_int_equal(loop_turn(&b->loop, 0), 0);
    }
    assert_int_equal(sent, 400); /* the service read them all */
    say(good, "lost");
    hears_nothing(b, good);
    close(stuck);
    say(good, "hello");
    hears(b, good, "hello");
    close(good);
    bench_free(b);
}

/* ---- service.h ---- */

static void what_is_no_small_service_is_refused(void **state)
{
    static const char *const none[] = { "tftp://127.0.0.1:0", "tcp://127.0.0.1:0",
                                        "icmp://127.0.0.1", "echo://127.0.0.1:0" };
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    struct service_config config = { .loop = &b->loop };
    struct kedge_endpoint e;
    struct service *s;

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_true(kedge_endpoint_parse(none[i], &e, NULL));
        assert_int_equal(service_open(&s, &config, &e, 0), -EINVAL);
    }
    bench_free(b);
}

static void streams_stand_behind_the_same_face(void **state)
{
    struct bench *b = bench_new("echo+tcp://127.0.0.1:0");
    char got[8], text[SERVE_SUMMARY];
    int fd = client_of(b);
    ssize_t n = -EAGAIN;

    (void)state;
    assert_int_equal(connection_write(fd, "hello", 5), 5);
    for (int i = 0; i < TURNS && n == -EAGAIN; i++) {
        assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
        n = connection_read(fd, got, sizeof got);
    }
    assert_int_equal(n, 5);
    assert_int_equal(service_busy(b->service), 1);
    service_own_port(b->service, 9);
    service_stop(b->service);
    for (int i = 0; i < TURNS && service_busy(b->service); i++)
        assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
    assert_int_equal(service_busy(b->service), 0);
    assert_non_null(strstr(service_summary(b->service, text), "1 connections, 5 bytes"));
    close(fd);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes_on_every_kind),
        cmocka_unit_test(largest_datagram_is_echoed),
        cmocka_unit_test(burst_comes_back_in_order),
        cmocka_unit_test(sameness_goes_unanswered_once),
        cmocka_unit_test(clients_of_one_host_are_apart),
        cmocka_unit_test(own_port_of_another_host_is_not_answered),
        cmocka_unit_test(own_ports_are_not_answered),
        cmocka_unit_test(broadcast_and_multicast_are_not_answered),
        cmocka_unit_test(vanished_client_hurts_no_other),
        cmocka_unit_test(two_echoes_do_not_talk),
        cmocka_unit_test(reply_is_one_text),
        cmocka_unit_test(nameless_sender_is_counted),
        cmocka_unit_test(client_that_never_reads_is_not_waited_for),
        cmocka_unit_test(what_is_no_small_service_is_refused),
        cmocka_unit_test(streams_stand_behind_the_same_face),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
