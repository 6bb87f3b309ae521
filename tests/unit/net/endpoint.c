/* SPDX-License-Identifier: MIT */
/* Tests of listening, dialling, streams and datagrams: kedge/endpoint.h, kedge/stream.h,
 * kedge/datagram.h over every kind of socket. */
#include "listening.h"

#include "kedge/datagram.h"
#include "kedge/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void stream_goes_and_comes(const char *endpoint)
{
    char at[KEDGE_ENDPOINT_TEXT], got[16];
    int listener = listening(endpoint, at);
    int client = dialled(at);
    int server = kedge_accept(listener, NULL);

    assert_true(server >= 0);
    assert_int_equal(kedge_write_all(client, "hello", 5), 0);
    assert_int_equal(kedge_read_some(server, got, sizeof got), 5);
    assert_memory_equal(got, "hello", 5);
    assert_int_equal(kedge_shutdown_write(client), 0);
    assert_int_equal(kedge_read_some(server, got, sizeof got), 0);
    assert_int_equal(kedge_write_all(server, "bye", 3), 0); /* half-closed: still open */
    assert_int_equal(kedge_read_some(client, got, sizeof got), 3);
    close(client);
    close(server);
    kedge_unlisten(listener);
}

static void streams_of_every_kind(void **state)
{
    char path[64];

    (void)state;
    stream_goes_and_comes("tcp://127.0.0.1:0");
    stream_goes_and_comes("tcp://[::1]:0");
    stream_goes_and_comes("tcp://localhost:0");
    in_folder(path, "unix");
    stream_goes_and_comes(path);
    in_folder(path, "unix-seqpacket");
    stream_goes_and_comes(path);
}

static void datagrams_go_and_come(const char *endpoint)
{
    char at[KEDGE_ENDPOINT_TEXT], got[16];
    int server = listening(endpoint, at);
    int client = dialled(at);
    struct kedge_address peer;

    assert_int_equal(kedge_send_to(client, "ping", 4, NULL), 0);
    assert_int_equal(kedge_receive_from(server, got, sizeof got, &peer), 4);
    assert_memory_equal(got, "ping", 4);
    assert_int_equal(kedge_send_to(server, "", 0, &peer), 0);
    assert_int_equal(kedge_receive_from(client, got, sizeof got, NULL), 0);
    assert_int_equal(kedge_send_to(server, "pong", 4, &peer), 0);
    assert_int_equal(kedge_receive_from(client, got, 3, NULL), -EMSGSIZE);
    assert_int_equal(kedge_receive_timeout(client, KEDGE_MSEC), 0);
    assert_int_equal(kedge_receive_from(client, got, 3, NULL), -EAGAIN);
    close(client);
    kedge_unlisten(server);
}

static void datagrams_of_every_kind(void **state)
{
    char path[64];

    (void)state;
    datagrams_go_and_come("udp://127.0.0.1:0");
    datagrams_go_and_come("udp://[::1]:0");
    in_folder(path, "unix-dgram");
    datagrams_go_and_come(path);
}

/* ---- streams at their traps ---- */

struct reader {
    int fd;
    size_t total;
};

static void *read_slowly(void *arg)
{
    struct reader *r = arg;
    static const size_t piece = 100000;
    char *buffer = malloc(piece);
    ssize_t n;

    while (buffer && (n = kedge_read_some(r->fd, buffer, piece)) > 0) {
        r->total += (size_t)n;
        usleep(500);
    }
    free(buffer);
    return NULL;
}

static void long_write_is_whole(void **state)
{
    char at[KEDGE_ENDPOINT_TEXT];
    size_t size = 20 << 20;
    char *bytes = calloc(1, size);
    int listener = listening("tcp://127.0.0.1:0", at);
    int client = dialled(at);
    struct reader r = { .fd = kedge_accept(listener, NULL) };
    pthread_t thread;

    (void)state;
    assert_non_null(bytes);
    assert_int_equal(pthread_create(&thread, NULL, read_slowly, &r), 0);
    assert_int_equal(kedge_write_all(client, bytes, size), 0);
    close(client);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(r.total, size);
    close(r.fd);
    close(listener);
    free(bytes);
}

static void gone_peer_is_an_error_and_no_signal(void **state)
{
    char at[KEDGE_ENDPOINT_TEXT];
    int listener = listening("tcp://127.0.0.1:0", at);
    int client = dialled(at);
    int err = 0;

    (void)state;
    close(kedge_accept(listener, NULL));
    for (int i = 0; i < 100 && !err; i++) {
        err = kedge_write_all(client, "x", 1);
        usleep(1000);
    }
    assert_true(err == -EPIPE || err == -ECONNRESET);
    close(client);
    close(listener);
}

/* ---- what is refused ---- */

static void closed_port_is_refused(void **state)
{
    char at[KEDGE_ENDPOINT_TEXT], got[4];
    struct kedge_error error;
    int listener = listening("tcp://127.0.0.1:0", at);
    int fd;

    (void)state;
    close(listener);
    fails(kedge_dial(at, &error), &error, KEDGE_SYSTEM, "Connection refused");
    assert_int_equal(error.code, ECONNREFUSED);
    /* A port of its own kind: the same number may be somebody's UDP port. */
    close(listening("udp://127.0.0.1:0", at));
    fd = dialled(at);
    assert_int_equal(kedge_send_to(fd, "x", 1, NULL), 0);
    assert_int_equal(kedge_receive_timeout(fd, 2 * KEDGE_SEC), 0);
    assert_int_equal(kedge_receive_from(fd, got, sizeof got, NULL), -ECONNREFUSED);
    close(fd);
}

static void port_in_use_is_named(void **state)
{
    static const char *const kinds[] = { "tcp://127.0.0.1:0", "udp://[::1]:0" };
    char at[KEDGE_ENDPOINT_TEXT];
    struct kedge_error error;

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        int fd = listening(kinds[i], at);

        fails(kedge_listen(at, &error), &error, KEDGE_SYSTEM, "Address already in use");
        assert_non_null(strstr(error.text, at));
        close(fd);
    }
}

static void unusable_endpoints_are_named(void **state)
{
    struct kedge_error error;

    (void)state;
    fails(kedge_dial("nonsense", &error), &error, KEDGE_BAD_ENDPOINT, "scheme");
    fails(kedge_dial("udp://:5", &error), &error, KEDGE_BAD_ENDPOINT, "host is missing");
    fails(kedge_dial("icmp://h", &error), &error, KEDGE_BAD_ENDPOINT, "ICMP");
    fails(kedge_dial("echo://h", &error), &error, KEDGE_BAD_ENDPOINT, "echo+tcp");
    fails(kedge_dial("tcp://nosuch.invalid:5", &error), &error, KEDGE_NOT_RESOLVED,
          "nosuch.invalid");
    fails(kedge_dial("unix:///nonexistent/x", &error), &error, KEDGE_SYSTEM,
          "No such file");
    fails(kedge_listen("tcp://192.0.2.1:0", &error), &error, KEDGE_SYSTEM, "192.0.2.1");
}

static void family_is_kept(void **state)
{
    struct kedge_endpoint e;
    struct kedge_addresses all;
    struct kedge_error error;

    (void)state;
    assert_true(kedge_endpoint_parse("udp://127.0.0.1:9", &e, NULL));
    e.family = KEDGE_IPV6;
    assert_int_equal(kedge_resolve(&e, &all, &error), -1);
    assert_int_equal(error.cause, KEDGE_NOT_RESOLVED);
    e.family = KEDGE_IPV4;
    assert_int_equal(kedge_resolve(&e, &all, &error), 0);
    assert_int_equal(all.count, 1);
    assert_int_equal(kedge_address_port(&all.at[0]), 9);
}

static void a_link_local_address_needs_its_interface(void **state)
{
    struct kedge_endpoint e;
    struct kedge_addresses all;
    struct kedge_error error;

    (void)state;
    assert_true(kedge_endpoint_parse("udp://[fe80::1]:9", &e, NULL));
    assert_int_equal(kedge_resolve(&e, &all, &error), -1);
    assert_int_equal(error.cause, KEDGE_NOT_RESOLVED);
    assert_non_null(strstr(error.text, "fe80::1: a link-local address needs"));
    assert_true(kedge_endpoint_parse("udp://[fe80::1%lo]:9", &e, NULL));
    assert_int_equal(kedge_resolve(&e, &all, &error), 0);
    assert_int_equal(all.count, 1);
}

/* Both families, each apart: so they may share a port. */
static void every_address_is_two_sockets(void **state)
{
    struct kedge_endpoint e;
    struct kedge_addresses all;
    int fd[2];

    (void)state;
    assert_true(kedge_endpoint_parse("udp://*:0", &e, NULL));
    assert_int_equal(kedge_resolve(&e, &all, NULL), 0);
    assert_int_equal(all.count, 2);
    fd[0] = kedge_listen_at(&e, &all.at[0], NULL);
    assert_true(fd[0] >= 0);
    assert_int_equal(kedge_endpoint_bound(&e, fd[0]), 0);
    e.host[0] = 0;
    assert_int_equal(kedge_resolve(&e, &all, NULL), 0);
    fd[1] = kedge_listen_at(&e, &all.at[1], NULL);
    assert_true(fd[1] >= 0);
    close(fd[0]);
    close(fd[1]);
}

static void tipc_works_or_is_clearly_missing(void **state)
{
    int fd = socket(AF_TIPC, SOCK_RDM, 0);
    struct kedge_error error = { .text = "" };
    int listener = kedge_listen("tipc://18888:17", &error);

    (void)state;
    if (fd < 0)
        fails(listener, &error, KEDGE_SYSTEM, "no TIPC");
    else
        assert_true(listener >= 0);
    close(fd);
    if (listener >= 0)
        close(listener);
}

static void mute_host_is_given_up(void **state)
{
    char at[KEDGE_ENDPOINT_TEXT];
    struct kedge_endpoint e;
    struct kedge_error error;
    int listener = listening("tcp://127.0.0.1:0", at);
    int queued[64], count = 0, fd;

    (void)state;
    assert_int_equal(listen(listener, 0), 0); /* a full queue drops what asks */
    assert_true(kedge_endpoint_parse(at, &e, NULL));
    do {
        fd = kedge_endpoint_dial(&e, 30 * KEDGE_MSEC, &error);
        if (fd >= 0)
            queued[count++] = fd;
    } while (fd >= 0 && count < 64);
    fails(fd, &error, KEDGE_SYSTEM, "timed out");
    while (count > 0)
        close(queued[--count]);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_of_every_kind),
        cmocka_unit_test(datagrams_of_every_kind),
        cmocka_unit_test(long_write_is_whole),
        cmocka_unit_test(gone_peer_is_an_error_and_no_signal),
        cmocka_unit_test(closed_port_is_refused),
        cmocka_unit_test(port_in_use_is_named),
        cmocka_unit_test(unusable_endpoints_are_named),
        cmocka_unit_test(family_is_kept),
        cmocka_unit_test(a_link_local_address_needs_its_interface),
        cmocka_unit_test(every_address_is_two_sockets),
        cmocka_unit_test(tipc_works_or_is_clearly_missing),
        cmocka_unit_test(mute_host_is_given_up),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
