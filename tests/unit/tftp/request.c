/* SPDX-License-Identifier: MIT */
/* Tests of requests and OACKs: what firmware sends, what kedge writes. */
#include "help.h"

enum {
    B = KEDGE_TFTP_HAS_BLKSIZE,
    B2 = KEDGE_TFTP_HAS_BLKSIZE2,
    TS = KEDGE_TFTP_HAS_TSIZE,
    T = KEDGE_TFTP_HAS_TIMEOUT,
    UT = KEDGE_TFTP_HAS_UTIMEOUT,
    W = KEDGE_TFTP_HAS_WINDOWSIZE,
    R = KEDGE_TFTP_HAS_ROLLOVER
};

static const struct {
    struct kedge_span bytes;
    enum kedge_tftp_op op; /* 0: it does not parse */
    enum kedge_tftp_mode mode;
    struct kedge_span name;
} requests[] = {
    { BYTES("\0\1a\0octet\0"), KEDGE_TFTP_RRQ, KEDGE_TFTP_OCTET, BYTES("a") },
    { BYTES("\0\2b c\0netascii\0"), KEDGE_TFTP_WRQ, KEDGE_TFTP_NETASCII, BYTES("b c") },
    { BYTES("\0\1\0octet\0"), KEDGE_TFTP_RRQ, KEDGE_TFTP_OCTET, BYTES("") },
    { BYTES("\0\1\\Boot\\BCD\0OCTET\0"), KEDGE_TFTP_RRQ, KEDGE_TFTP_OCTET,
      BYTES("\\Boot\\BCD") },
    { BYTES("\0\1a\0mail\0"), KEDGE_TFTP_RRQ, KEDGE_TFTP_OTHER_MODE, BYTES("a") },
    { BYTES("\0\1a\0\0"), KEDGE_TFTP_RRQ, KEDGE_TFTP_OTHER_MODE, BYTES("a") },
    { BYTES("\0\1a\0octets\0"), KEDGE_TFTP_RRQ, KEDGE_TFTP_OTHER_MODE, BYTES("a") },
    { BYTES("\0\1a\0octet"), 0, 0, BYTES("") },
    { BYTES("\0\1a"), 0, 0, BYTES("") },
    { BYTES("\0\1a\0"), 0, 0, BYTES("") },
    { BYTES("\0\1"), 0, 0, BYTES("") },
    { BYTES("\0\3a\0octet\0"), 0, 0, BYTES("") },
    { BYTES("\1\1a\0octet\0"), 0, 0, BYTES("") },
    { BYTES("\0\0a\0octet\0"), 0, 0, BYTES("") },
};

static void requests_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct kedge_tftp_request r;
        uint8_t *copy = exact(requests[i].bytes.ptr, requests[i].bytes.len);
        struct kedge_span whole = { copy, requests[i].bytes.len };
        bool ok = kedge_tftp_parse_request(whole, &r);

        if (ok != (requests[i].op != 0))
            fail_msg("request %zu", i);
        if (ok) {
            assert_int_equal(r.op, requests[i].op);
            assert_int_equal(r.mode, requests[i].mode);
            assert_span(r.name, requests[i].name);
            assert_int_equal(r.options.has, 0);
        }
        free(copy);
    }
}

static void rule_11_modes_come_in_any_case(void **state)
{
    static const struct {
        struct kedge_span bytes;
        enum kedge_tftp_mode mode;
    } modes[] = {
        { BYTES("\0\1a\0Octet\0"), KEDGE_TFTP_OCTET },
        { BYTES("\0\1a\0oCTET\0"), KEDGE_TFTP_OCTET },
        { BYTES("\0\1a\0binary\0"), KEDGE_TFTP_OCTET }, /* lwIP */
        { BYTES("\0\1a\0NetASCII\0"), KEDGE_TFTP_NETASCII },
        { BYTES("\0\1a\0MAIL\0"), KEDGE_TFTP_OTHER_MODE },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(modes); i++) {
        struct kedge_tftp_request r;

        assert_true(kedge_tftp_parse_request(modes[i].bytes, &r));
        assert_int_equal(r.mode, modes[i].mode);
    }
}

/* HP's PA-RISC firmware pads its request with zeros to 516 bytes. */
static void rule_11_a_request_may_be_padded_with_zeros(void **state)
{
    static const struct kedge_span plain[] = { BYTES("\0\1vmunix\0octet\0"),
                                               BYTES("\0\1vmunix\0octet\0tsize\0000\0") };

    (void)state;
    for (size_t i = 0; i < COUNT(plain); i++) {
        struct kedge_tftp_request r;
        uint8_t *padded = calloc(1, 516);

        memcpy(padded, plain[i].ptr, plain[i].len);
        assert_true(kedge_tftp_parse_request((struct kedge_span){ padded, 516 }, &r));
        assert_span(r.name, SPAN("vmunix"));
        assert_int_equal(r.options.has, i == 0 ? 0 : TS);
        free(padded);
    }
}

static void a_request_longer_than_a_packet_is_none(void **state)
{
    uint8_t *bytes = calloc(1, KEDGE_TFTP_REQUEST_MAX + 1);
    struct kedge_tftp_request r;

    (void)state;
    memcpy(bytes, "\0\1a\0octet\0", 10);
    assert_true(kedge_tftp_parse_request(
        (struct kedge_span){ bytes, KEDGE_TFTP_REQUEST_MAX }, &r));
    assert_false(kedge_tftp_parse_request(
        (struct kedge_span){ bytes, KEDGE_TFTP_REQUEST_MAX + 1 }, &r));
    free(bytes);
}

#define REQUEST "\0\1f\0octet\0"
#define ALL                                                                              \
    "blksize\0001468\0tsize\0000\0timeout\0005\0utimeout\000250000\0"                    \
    "windowsize\00016\0rollover\0001\0"

/* A prefix parses once its mode has ended, with the options that are whole in it. */
static void every_prefix_has_the_options_that_are_whole(void **state)
{
    static const struct kedge_span whole = BYTES(REQUEST ALL);
    static const struct {
        size_t end;
        unsigned bit;
    } ends[] = { { 13, B }, { 21, TS }, { 31, T }, { 47, UT }, { 61, W }, { 72, R } };

    (void)state;
    for (size_t n = 0; n <= whole.len; n++) {
        uint8_t *copy = exact(whole.ptr, n);
        struct kedge_tftp_request r;
        unsigned want = 0;

        for (size_t i = 0; i < COUNT(ends); i++)
            want |= n >= sizeof REQUEST - 1 + ends[i].end ? ends[i].bit : 0;
        assert_int_equal(kedge_tftp_parse_request((struct kedge_span){ copy, n }, &r),
                         n >= sizeof REQUEST - 1);
        if (n >= sizeof REQUEST - 1)
            assert_int_equal(r.options.has, want);
        free(copy);
    }
}

/* Rule 5: a bad value omits that option and no other; it is never an abort. */
static const struct {
    struct kedge_span options;
    struct kedge_tftp_options want;
} options[] = {
    { BYTES("blksize\0001468\0"), { .has = B, .blksize = 1468 } },
    { BYTES("BLKSIZE\0001468\0"), { .has = B, .blksize = 1468 } },
    { BYTES("blksize\0008\0"), { .has = B, .blksize = 8 } },
    { BYTES("blksize\00065464\0"), { .has = B, .blksize = 65464 } },
    { BYTES("blksize\0007\0"), { 0 } },
    { BYTES("blksize\0000\0"), { 0 } },
    { BYTES("blksize\00065465\0"), { 0 } },
    { BYTES("blksize\0abc\0"), { 0 } },
    { BYTES("blksize\000512x\0"), { 0 } },
    { BYTES("blksize\000 512\0"), { 0 } },
    { BYTES("blksize\000-1\0"), { 0 } },
    { BYTES("blksize\000+512\0"), { 0 } },
    { BYTES("blksize\0\0"), { 0 } },
    { BYTES("blksize\00099999999999999999999999\0"), { 0 } },
    { BYTES("blksize\000abc\0tsize\0005\0"), { .has = TS, .tsize = 5 } },
    { BYTES("blksize2\0001024\0"), { .has = B2, .blksize = 1024 } },
    { BYTES("blksize2\0001024\0blksize\000600\0"), { .has = B, .blksize = 600 } },
    { BYTES("blksize\000600\0blksize2\0001024\0"), { .has = B, .blksize = 600 } },
    { BYTES("tsize\0000\0"), { .has = TS } },
    { BYTES("tsize\00018446744073709551615\0"), { .has = TS, .tsize = UINT64_MAX } },
    { BYTES("tsize\00018446744073709551616\0"), { 0 } },
    { BYTES("timeout\0001\0"), { .has = T, .timeout_s = 1 } },
    { BYTES("timeout\000255\0"), { .has = T, .timeout_s = 255 } },
    { BYTES("timeout\0000\0"), { 0 } },
    { BYTES("timeout\000256\0"), { 0 } },
    { BYTES("timeout\0001.5\0"), { 0 } },
    { BYTES("utimeout\00010000\0"), { .has = UT, .utimeout_us = 10000 } },
    { BYTES("utimeout\0009999\0"), { 0 } },
    { BYTES("utimeout\000255000000\0"), { .has = UT, .utimeout_us = 255000000 } },
    { BYTES("utimeout\000255000001\0"), { 0 } },
    { BYTES("windowsize\0001\0"), { .has = W, .windowsize = 1 } },
    { BYTES("windowsize\00065535\0"), { .has = W, .windowsize = 65535 } },
    { BYTES("windowsize\0000\0"), { 0 } },
    { BYTES("windowsize\00065536\0"), { 0 } },
    { BYTES("rollover\0000\0"), { .has = R, .rollover = 0 } },
    { BYTES("rollover\0001\0"), { .has = R, .rollover = 1 } },
    { BYTES("rollover\0002\0"), { 0 } },
    { BYTES("msftwindow\00031416\0blksize\000512\0"), { .has = B, .blksize = 512 } },
    { BYTES("multicast\000\0blksize\000512\0"), { .has = B, .blksize = 512 } },
    { BYTES("tsize\0001\0tsize\0002\0"), { .has = TS, .tsize = 2 } },
    { BYTES("tsize\0001\0tsize\0x\0"), { .has = TS, .tsize = 1 } },
    { BYTES("\0tsize\0001\0"), { 0 } }, /* an empty name is padding: the end */
    { BYTES("tsize"), { 0 } },
    { BYTES("tsize\0"), { 0 } },
    { BYTES("tsize\0001"), { 0 } },
};

static void assert_options(const struct kedge_tftp_options *got,
                           const struct kedge_tftp_options *want)
{
    assert_int_equal(got->has, want->has);
    if (want->has & (B | B2))
        assert_int_equal(got->blksize, want->blksize);
    if (want->has & TS)
        assert_true(got->tsize == want->tsize);
    if (want->has & T)
        assert_int_equal(got->timeout_s, want->timeout_s);
    if (want->has & UT)
        assert_int_equal(got->utimeout_us, want->utimeout_us);
    if (want->has & W)
        assert_int_equal(got->windowsize, want->windowsize);
    if (want->has & R)
        assert_int_equal(got->rollover, want->rollover);
}

static void rule_5_a_bad_value_omits_that_option(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        size_t head = sizeof REQUEST - 1;
        size_t len = head + options[i].options.len;
        uint8_t *bytes = malloc(len);
        struct kedge_tftp_request r;

        memcpy(bytes, REQUEST, head);
        memcpy(bytes + head, options[i].options.ptr, options[i].options.len);
        assert_true(kedge_tftp_parse_request((struct kedge_span){ bytes, len }, &r));
        if (r.options.has != options[i].want.has)
            fail_msg("options %zu: has %u", i, r.options.has);
        assert_options(&r.options, &options[i].want);
        free(bytes);
    }
}

static const struct kedge_tftp_options every = { .has = B | TS | T | UT | W | R,
                                                 .blksize = 1468,
                                                 .timeout_s = 5,
                                                 .utimeout_us = 250000,
                                                 .windowsize = 16,
                                                 .rollover = 1 };

static void what_is_written_fits_or_is_nothing(void **state)
{
    const struct kedge_tftp_request r = { .op = KEDGE_TFTP_RRQ,
                                          .name = BYTES("f"),
                                          .options = every };
    static const struct kedge_span request = BYTES(REQUEST ALL);
    static const struct kedge_span oack = BYTES("\0\6" ALL);

    (void)state;
    for (size_t room = 0; room <= request.len + 1; room++) {
        uint8_t *buf = malloc(room);
        size_t len = kedge_tftp_write_request(buf, room, &r);

        assert_span((struct kedge_span){ buf, len },
                    room < request.len ? SPAN("") : request);
        len = kedge_tftp_write_oack(buf, room, &every);
        assert_span((struct kedge_span){ buf, len }, room < oack.len ? SPAN("") : oack);
        free(buf);
    }
}

static void netascii_is_written_as_such(void **state)
{
    const struct kedge_tftp_request r = { .op = KEDGE_TFTP_WRQ,
                                          .mode = KEDGE_TFTP_NETASCII,
                                          .name = BYTES("a/b") };
    uint8_t buf[64];
    size_t len = kedge_tftp_write_request(buf, sizeof buf, &r);

    (void)state;
    assert_span((struct kedge_span){ buf, len }, SPAN("\0\2a/b\0netascii\0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_parse),
        cmocka_unit_test(rule_11_modes_come_in_any_case),
        cmocka_unit_test(rule_11_a_request_may_be_padded_with_zeros),
        cmocka_unit_test(a_request_longer_than_a_packet_is_none),
        cmocka_unit_test(every_prefix_has_the_options_that_are_whole),
        cmocka_unit_test(rule_5_a_bad_value_omits_that_option),
        cmocka_unit_test(what_is_written_fits_or_is_nothing),
        cmocka_unit_test(netascii_is_written_as_such),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
