/* SPDX-License-Identifier: MIT */
/* Tests of echo/icmp_message.h. */
#include "echo/icmp_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An echo request of identifier 1, sequence 9 and payload "abc", its checksum by hand:
 * 0800 + 0001 + 0009 + 6162 + 6300 = cc6c. */
static const uint8_t request[] = { 8, 0, 0x33, 0x93, 0, 1, 0, 9, 'a', 'b', 'c' };

static const struct icmp_message echo = {
    .kind = ICMP_KIND_REQUEST,
    .identifier = 1,
    .sequence = 9,
    .payload = { (const uint8_t *)"abc", 3 },
};

static struct kedge_span bytes_of(const uint8_t *bytes, size_t len)
{
    return (struct kedge_span){ bytes, len };
}

static void builds_a_request_of_ipv4(void **state)
{
    uint8_t out[64];
    struct writer w = { .ptr = out, .room = sizeof out };

    (void)state;
    icmp_echo_put(&w, ICMP_V4, &echo);
    assert_false(w.bad);
    assert_int_equal(w.len, sizeof request);
    assert_memory_equal(out, request, sizeof request);
}

/* Behind other bytes in the same writer, the checksum is of the message alone. */
static void leaves_what_stands_in_front_alone(void **state)
{
    uint8_t out[64];
    struct writer w = { .ptr = out, .room = sizeof out };

    (void)state;
    put_u8(&w, 0xee);
    icmp_echo_put(&w, ICMP_V4, &echo);
    assert_int_equal(out[0], 0xee);
    assert_memory_equal(out + 1, request, sizeof request);
}

static void the_kernel_sums_ipv6(void **state)
{
    static const uint8_t want[] = { 128, 0, 0, 0, 0, 1, 0, 9, 'a', 'b', 'c' };
    uint8_t out[64];
    struct writer w = { .ptr = out, .room = sizeof out };

    (void)state;
    icmp_echo_put(&w, ICMP_V6, &echo);
    assert_int_equal(w.len, sizeof want);
    assert_memory_equal(out, want, sizeof want);
}

static void reads_what_it_wrote(void **state)
{
    (void)state;
    for (enum icmp_version v = ICMP_V4; v <= ICMP_V6; v++)
        for (enum icmp_kind kind = ICMP_KIND_REQUEST; kind <= ICMP_KIND_REPLY; kind++)
            for (size_t len = 0; len < 40; len++) {
                uint8_t payload[40], out[64];
                struct writer w = { .ptr = out, .room = sizeof out };
                struct icmp_message m = { .kind = kind,
                                          .identifier = 0xabcd,
                                          .sequence = 0xffff,
                                          .payload = { payload, len } };
                struct icmp_message got;

                memset(payload, 0xff, sizeof payload);
                icmp_echo_put(&w, v, &m);
                assert_true(icmp_parse(written(&w), v, &got));
                assert_int_equal(got.kind, kind);
                assert_int_equal(got.identifier, 0xabcd);
                assert_int_equal(got.sequence, 0xffff);
                assert_true(span_equal(got.payload, m.payload));
            }
}

static void every_altered_bit_of_ipv4_is_seen(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof request; bit++) {
        uint8_t altered[sizeof request];
        struct icmp_message got;

        memcpy(altered, request, sizeof request);
        altered[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(icmp_parse(bytes_of(altered, sizeof altered), ICMP_V4, &got));
    }
}

static void too_little_room_is_bad_and_writes_nothing(void **state)
{
    (void)state;
    for (size_t room = 0; room < sizeof request; room++) {
        uint8_t *block = malloc(room ? room : 1);
        struct writer w = { .ptr = block, .room = room };

        icmp_echo_put(&w, ICMP_V4, &echo);
        assert_true(w.bad);
        assert_int_equal(w.len, 0);
        free(block);
    }
}

/* An ICMP error: header, the quoted IP header, the first bytes of what it carried. */
struct error {
    uint8_t bytes[256];
    size_t len;
};

static void sum_up(struct error *e)
{
    uint16_t sum = 0;

    e->bytes[2] = e->bytes[3] = 0;
    sum = icmp_checksum(bytes_of(e->bytes, e->len));
    e->bytes[2] = (uint8_t)(sum >> 8);
    e->bytes[3] = (uint8_t)sum;
}

static struct error error4(uint8_t type, uint8_t code, uint8_t header_words)
{
    struct error e = { .len = 8 + (size_t)header_words * 4 + 8 };
    uint8_t *ip = e.bytes + 8, *echo_header = ip + header_words * 4;

    e.bytes[0] = type;
    e.bytes[1] = code;
    e.bytes[6] = 0x05; /* 1400: of meaning where a packet was too big */
    e.bytes[7] = 0x78;
    ip[0] = (uint8_t)(0x40 | header_words);
    ip[9] = 1;
    memcpy(echo_header, request, 8);
    sum_up(&e);
    return e;
}

static struct error error6(uint8_t type, uint8_t code)
{
    struct error e = { .bytes = { type, code }, .len = 8 + 40 + 8 };
    uint8_t *ip = e.bytes + 8;

    e.bytes[5] = 1; /* 0x10578: more than 65535 */
    e.bytes[6] = 0x05;
    e.bytes[7] = 0x78;
    ip[0] = 0x60;
    ip[6] = 58;
    ip[40] = 128;
    ip[45] = 1;
    ip[47] = 9;
    return e;
}

static void expect_error(const struct error *e, enum icmp_version v, enum icmp_kind kind,
                         uint16_t mtu)
{
    struct icmp_message got;

    assert_true(icmp_parse(bytes_of(e->bytes, e->len), v, &got));
    assert_int_equal(got.kind, kind);
    assert_int_equal(got.code, e->bytes[1]);
    assert_int_equal(got.identifier, 1);
    assert_int_equal(got.sequence, 9);
    assert_int_equal(got.mtu, mtu);
}

static void an_error_names_the_request_it_is_about(void **state)
{
    struct error host = error4(3, 1, 5), options = error4(3, 1, 15);
    struct error big = error4(3, 4, 5), time = error4(11, 0, 5);
    struct error host6 = error6(1, 3), big6 = error6(2, 0), time6 = error6(3, 0);

    (void)state;
    expect_error(&host, ICMP_V4, ICMP_KIND_UNREACHABLE, 0);
    expect_error(&options, ICMP_V4, ICMP_KIND_UNREACHABLE, 0);
    expect_error(&big, ICMP_V4, ICMP_KIND_TOO_BIG, 1400);
    expect_error(&time, ICMP_V4, ICMP_KIND_TIME_EXCEEDED, 0);
    expect_error(&host6, ICMP_V6, ICMP_KIND_UNREACHABLE, 0);
    expect_error(&big6, ICMP_V6, ICMP_KIND_TOO_BIG, UINT16_MAX);
    expect_error(&time6, ICMP_V6, ICMP_KIND_TIME_EXCEEDED, 0);
}

static void refused(const struct error *e, enum icmp_version v)
{
    struct icmp_message got;

    assert_false(icmp_parse(bytes_of(e->bytes, e->len), v, &got));
}

static void an_error_about_something_else_is_not_ours(void **state)
{
    struct error udp = error4(3, 3, 5), reply = error4(3, 1, 5), six = error4(3, 1, 5);
    struct error tiny = error4(3, 1, 5), udp6 = error6(1, 4), reply6 = error6(1, 0);
    struct error four6 = error6(1, 0), redirect = error4(5, 1, 5);

    (void)state;
    udp.bytes[8 + 9] = 17;
    sum_up(&udp);
    reply.bytes[8 + 20] = 0;
    sum_up(&reply);
    six.bytes[8] = 0x65;
    sum_up(&six);
    tiny.bytes[8] = 0x44; /* a header of 16 bytes cannot be */
    sum_up(&tiny);
    udp6.bytes[8 + 6] = 17;
    reply6.bytes[8 + 40] = 129;
    four6.bytes[8] = 0x45;
    refused(&udp, ICMP_V4);
    refused(&reply, ICMP_V4);
    refused(&six, ICMP_V4);
    refused(&tiny, ICMP_V4);
    refused(&redirect, ICMP_V4);
    refused(&udp6, ICMP_V6);
    refused(&reply6, ICMP_V6);
    refused(&four6, ICMP_V6);
}

/* Cut by cut, each from a heap block of just its size. */
static void no_prefix_is_read_past_its_end(void **state)
{
    struct error whole[] = { error4(3, 1, 5), error4(3, 1, 15), error6(1, 0) };

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t len = 0; len < whole[i].len; len++) {
            struct error cut = whole[i];
            uint8_t *block = malloc(len ? len : 1);
            struct icmp_message got;

            cut.len = len;
            if (len >= 4)
                sum_up(&cut);
            memcpy(block, cut.bytes, len);
            assert_false(
                icmp_parse(bytes_of(block, len), i < 2 ? ICMP_V4 : ICMP_V6, &got));
            free(block);
        }
}

static void the_checksum_of_odd_and_even_lengths(void **state)
{
    static const uint8_t rfc[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

    (void)state;
    assert_int_equal(icmp_checksum(bytes_of(rfc, 8)),
                     (uint16_t)~0xddf2); /* RFC 1071, 3 */
    assert_int_equal(icmp_checksum(bytes_of(rfc, 1)), 0xffff);
    assert_int_equal(icmp_checksum(bytes_of(rfc + 2, 1)), (uint16_t)~0xf200);
    assert_int_equal(icmp_checksum(bytes_of(NULL, 0)), 0xffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_a_request_of_ipv4),
        cmocka_unit_test(leaves_what_stands_in_front_alone),
        cmocka_unit_test(the_kernel_sums_ipv6),
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(every_altered_bit_of_ipv4_is_seen),
        cmocka_unit_test(too_little_room_is_bad_and_writes_nothing),
        cmocka_unit_test(an_error_names_the_request_it_is_about),
        cmocka_unit_test(an_error_about_something_else_is_not_ours),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
        cmocka_unit_test(the_checksum_of_odd_and_even_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
