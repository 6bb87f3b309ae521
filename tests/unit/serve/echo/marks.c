/* SPDX-License-Identifier: MIT */
/* Tests of probes that ask more of the echo (serve/echo/udp.h): who gets a report and who an
 * echo, with a key and without. */
#include "service_bench.h"

#include "echo/probe_extension.h"
#include "file/key.h"

#include <stdio.h>

enum { ROOM = 512 };

struct asking {
    struct bench *b;
    int fd;
    uint8_t out[ROOM], in[ROOM];
    size_t len;
    uint64_t sequence;
};

static const struct store_key key = { .bytes = "sixteen bytes of key", .len = 20 };

static void asking_open(struct asking *a, const struct store_key *with)
{
    *a = (struct asking){ .b = bench_with_key("echo+udp://127.0.0.1:0", with) };
    a->fd = client_of(a->b);
}

static void asking_close(struct asking *a)
{
    close(a->fd);
    bench_free(a->b);
}

static void write_mark(struct asking *a, uint64_t cookie, bool with_mac, uint16_t size)
{
    struct writer w = { .ptr = a->out, .room = sizeof a->out };
    struct stamp stamp = { .flags = STAMP_ASKS, .run = 7, .sequence = a->sequence++ };
    struct probe_extension extension = {
        .kind = EXTENSION_ASK, .cookie = cookie, .with_mac = with_mac, .size = size
    };

    stamp_put(&w, &stamp);
    extension_put(&w, &extension);
    assert_int_equal(w.len, EXTENDED_SIZE);
    if (with_mac)
        key_mac(&key, (struct kedge_span){ a->out, EXTENDED_SIZE },
                a->out + EXTENDED_SIZE);
    a->len = with_mac ? AUTHENTICATED_SIZE : EXTENDED_SIZE;
}

/* What comes back to so many of these bytes; its length. */
static size_t ask(struct asking *a)
{
    ssize_t n;

    assert_int_equal(kedge_send_to(a->fd, a->out, a->len, NULL), 0);
    n = hear(a->b, a->fd, a->in, sizeof a->in);
    assert_true(n > 0);
    return (size_t)n;
}

static bool is_echo(const struct asking *a, size_t got)
{
    return got == a->len && memcmp(a->in, a->out, got) == 0;
}

static struct probe_extension extension_in(const struct asking *a, size_t got)
{
    struct probe_extension e;

    assert_true(extension_parse((struct kedge_span){ a->in, got }, &e));
    return e;
}

/* It proves its address by the cookie that was sent there. */
static uint64_t get_cookie(struct asking *a, bool with_mac)
{
    struct probe_extension e;

    write_mark(a, 0, with_mac, 0);
    e = extension_in(a, ask(a));
    assert_int_equal(e.kind, EXTENSION_TOKEN);
    assert_true(e.cookie != 0);
    return e.cookie;
}

static void a_proven_address_gets_reports_of_the_size_it_asks_for(void **state)
{
    static const uint8_t none[ROOM];
    struct asking a;
    uint64_t cookie;
    size_t got;

    (void)state;
    asking_open(&a, NULL);
    cookie = get_cookie(&a, false);
    write_mark(&a, cookie, false, 200);
    got = ask(&a);
    assert_int_equal(got, 200);
    assert_int_equal(extension_in(&a, got).kind, EXTENSION_REPORT);
    assert_int_equal(extension_in(&a, got).report.seen, 1);
    assert_memory_equal(a.in + EXTENDED_SIZE, none, got - EXTENDED_SIZE);
    write_mark(&a, cookie + 1, false, 200); /* it proves nothing: no more than was sent */
    got = ask(&a);
    assert_int_equal(got, a.len);
    write_mark(&a, cookie, false, 0);
    got = ask(&a);
    assert_int_equal(got, a.len);
    assert_int_equal(extension_in(&a, got).report.seen, 2);
    asking_close(&a);
}

static void with_a_key_only_sealed_marks_count(void **state)
{
    struct asking a;
    uint64_t cookie;
    uint8_t mac[SEAL_SIZE];
    size_t got;

    (void)state;
    asking_open(&a, &key);
    write_mark(&a, 0, false, 0);
    assert_true(is_echo(&a, ask(&a)));
    write_mark(&a, 0, true, 0);
    a.out[EXTENDED_SIZE + SEAL_SIZE - 1] ^= 1;
    assert_true(is_echo(&a, ask(&a)));
    cookie = get_cookie(&a, true);
    write_mark(&a, cookie, true, 300);
    got = ask(&a);
    assert_int_equal(got, 300);
    assert_int_equal(extension_in(&a, got).kind, EXTENSION_REPORT);
    key_mac(&key, (struct kedge_span){ a.in, EXTENDED_SIZE }, mac);
    assert_memory_equal(a.in + EXTENDED_SIZE, mac, SEAL_SIZE);
    sums_up(a.b,
            "4 datagrams, 272 bytes; 4 answered, 0 unanswered; 0 answers lost here, "
            "0 dropped by the socket's queue; 1 runs of probes asked; 2 probes asked "
            "without the key");
    asking_close(&a);
}

/* The rest of the seal lies in memory, of the datagram before. */
static void half_a_seal_is_none(void **state)
{
    struct asking a;
    uint8_t first = 0;

    (void)state;
    asking_open(&a, &key);
    write_mark(&a, 0, true, 0);
    first = a.out[0];
    a.out[0] = 0; /* no mark: it is echoed as it is, and stays */
    assert_true(is_echo(&a, ask(&a)));
    a.out[0] = first;
    a.len = EXTENDED_SIZE + 5;
    assert_true(is_echo(&a, ask(&a)));
    asking_close(&a);
}

/* From a port of this house, whose address is proven. */
static void who_gets_no_echo_gets_no_report(void **state)
{
    struct asking a;
    struct kedge_address at = { .len = sizeof at.storage };
    uint64_t cookie;

    (void)state;
    asking_open(&a, NULL);
    cookie = get_cookie(&a, false);
    assert_int_equal(getsockname(a.fd, (struct sockaddr *)&at.storage, &at.len), 0);
    service_own_port(a.b->service, kedge_address_port(&at));
    for (uint16_t size = 0; size <= 200; size += 200) {
        write_mark(&a, cookie, false, size);
        assert_int_equal(kedge_send_to(a.fd, a.out, a.len, NULL), 0);
        hears_nothing(a.b, a.fd);
    }
    asking_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proven_address_gets_reports_of_the_size_it_asks_for),
        cmocka_unit_test(with_a_key_only_sealed_marks_count),
        cmocka_unit_test(half_a_seal_is_none),
        cmocka_unit_test(who_gets_no_echo_gets_no_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
