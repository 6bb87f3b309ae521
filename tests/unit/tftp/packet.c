/* SPDX-License-Identifier: MIT */
/* Tests of packets on data ports: what parses, what is written. */
#include "help.h"

static const struct {
    struct kedge_span bytes;
    enum kedge_tftp_op op; /* 0: it does not parse */
    uint16_t number;
    struct kedge_span body;
} packets[] = {
    { BYTES("\0\3\0\1abc"), KEDGE_TFTP_DATA, 1, BYTES("abc") },
    { BYTES("\0\3\377\377"), KEDGE_TFTP_DATA, 65535, BYTES("") },
    { BYTES("\0\4\1\2"), KEDGE_TFTP_ACK, 0x102, BYTES("") },
    { BYTES("\0\5\0\0"), KEDGE_TFTP_ERROR, 0, BYTES("") },
    { BYTES("\0\5\0\10User aborted\0"), KEDGE_TFTP_ERROR, 8, BYTES("User aborted\0") },
    { BYTES("\0\5\0\1no NUL"), KEDGE_TFTP_ERROR, 1, BYTES("no NUL") },
    { BYTES("\0\6"), KEDGE_TFTP_OACK, 0, BYTES("") },
    { BYTES("\0\6tsize\0007\0"), KEDGE_TFTP_OACK, 0, BYTES("tsize\0007\0") },
    { BYTES("\0\0\0\1"), 0, 0, BYTES("") },
    { BYTES("\0\1a\0octet\0"), 0, 0, BYTES("") },
    { BYTES("\0\2a\0octet\0"), 0, 0, BYTES("") },
    { BYTES("\0\7\0\1"), 0, 0, BYTES("") },
    { BYTES("\1\3\0\1"), 0, 0, BYTES("") },
    { BYTES("\3\0\0\1"), 0, 0, BYTES("") },
    { BYTES("\377\377\377\377"), 0, 0, BYTES("") },
};

static void packets_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(packets); i++) {
        struct kedge_tftp_packet p;
        uint8_t *copy = exact(packets[i].bytes.ptr, packets[i].bytes.len);
        struct kedge_span whole = { copy, packets[i].bytes.len };
        bool ok = kedge_tftp_parse(whole, &p);

        if (ok != (packets[i].op != 0))
            fail_msg("packet %zu", i);
        if (ok) {
            assert_int_equal(p.op, packets[i].op);
            assert_int_equal(p.number, packets[i].number);
            assert_span(p.body, packets[i].body);
        }
        free(copy);
    }
}

/* A header is all that is needed: two bytes of an OACK, four of the others. */
static void every_prefix_parses_from_its_header_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(packets); i++) {
        size_t header = packets[i].op == KEDGE_TFTP_OACK ? 2 : KEDGE_TFTP_HEADER;

        for (size_t n = 0; n <= packets[i].bytes.len; n++) {
            struct kedge_tftp_packet p;
            uint8_t *copy = exact(packets[i].bytes.ptr, n);
            bool want = packets[i].op != 0 && n >= header;

            assert_int_equal(kedge_tftp_parse((struct kedge_span){ copy, n }, &p), want);
            if (want)
                assert_int_equal(p.body.len, n - header);
            free(copy);
        }
    }
}

static void rule_11_an_ack_may_be_longer_than_four_bytes(void **state)
{
    struct kedge_tftp_packet p;

    (void)state;
    assert_true(kedge_tftp_parse(SPAN("\0\4\0\7\40"), &p)); /* bootmgr's fifth byte */
    assert_int_equal(p.op, KEDGE_TFTP_ACK);
    assert_int_equal(p.number, 7);
}

static void rule_11_an_error_may_lack_its_text(void **state)
{
    struct kedge_tftp_packet p;

    (void)state;
    assert_true(kedge_tftp_parse(SPAN("\0\5\0\10"), &p)); /* curl */
    assert_int_equal(p.op, KEDGE_TFTP_ERROR);
    assert_int_equal(p.number, 8);
    assert_int_equal(p.body.len, 0);
}

static void data_and_acks_are_written_whole_or_not_at_all(void **state)
{
    (void)state;
    for (size_t room = 0; room <= 6; room++) {
        uint8_t *buf = malloc(room);
        size_t want = room < 4 ? 0 : 4;

        assert_int_equal(kedge_tftp_write_data(buf, room, 0xfffe), want);
        if (want)
            assert_memory_equal(buf, "\0\3\377\376", 4);
        assert_int_equal(kedge_tftp_write_ack(buf, room, 1), want);
        if (want)
            assert_memory_equal(buf, "\0\4\0\1", 4);
        free(buf);
    }
}

/* Rule 7: the reply is no longer than the request. Half a word helps nobody. */
static void rule_7_an_error_text_fits_or_is_left_out(void **state)
{
    static const char text[] = "File not found";

    (void)state;
    for (size_t room = 0; room <= 24; room++) {
        uint8_t *buf = malloc(room);
        size_t whole = 4 + sizeof text;
        size_t want = room < 5 ? 0 : room < whole ? 5 : whole;

        assert_int_equal(kedge_tftp_write_error(buf, room, 1, text), want);
        if (want) {
            assert_memory_equal(buf, "\0\5\0\1", 4);
            assert_memory_equal(buf + 4, text, want - 5);
            assert_int_equal(buf[want - 1], 0);
        }
        free(buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_parse),
        cmocka_unit_test(every_prefix_parses_from_its_header_on),
        cmocka_unit_test(rule_11_an_ack_may_be_longer_than_four_bytes),
        cmocka_unit_test(rule_11_an_error_may_lack_its_text),
        cmocka_unit_test(data_and_acks_are_written_whole_or_not_at_all),
        cmocka_unit_test(rule_7_an_error_text_fits_or_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
