/* SPDX-License-Identifier: MIT */
/* Tests of negotiation: what a server grants, what a client accepts. */
#include "help.h"

enum {
    B = KEDGE_TFTP_HAS_BLKSIZE,
    B2 = KEDGE_TFTP_HAS_BLKSIZE2,
    TS = KEDGE_TFTP_HAS_TSIZE,
    T = KEDGE_TFTP_HAS_TIMEOUT,
    UT = KEDGE_TFTP_HAS_UTIMEOUT,
    W = KEDGE_TFTP_HAS_WINDOWSIZE,
    R = KEDGE_TFTP_HAS_ROLLOVER,
    ALL = B | TS | T | UT | W | R
};

static const struct kedge_tftp_limits limits = {
    .blksize_max = 1468, .windowsize_max = 64, .size_known = true, .size = 100000
};

static struct kedge_tftp_options grant(enum kedge_tftp_op op, enum kedge_tftp_mode mode,
                                       struct kedge_tftp_options asked)
{
    const struct kedge_tftp_request r = { .op = op, .mode = mode, .options = asked };

    return kedge_tftp_grant(&r, &limits);
}

static struct kedge_tftp_options read_octet(struct kedge_tftp_options asked)
{
    return grant(KEDGE_TFTP_RRQ, KEDGE_TFTP_OCTET, asked);
}

static void rule_5_only_what_was_asked_is_answered(void **state)
{
    (void)state;
    for (unsigned has = 0; has < 128; has++) {
        struct kedge_tftp_options asked = { .has = has,
                                            .blksize = 1024,
                                            .windowsize = 8,
                                            .timeout_s = 3,
                                            .utimeout_us = 20000,
                                            .rollover = 1 };

        if ((has & B) && (has & B2))
            continue; /* the parser lets only one through */
        assert_int_equal(read_octet(asked).has, has);
        assert_int_equal(grant(KEDGE_TFTP_WRQ, KEDGE_TFTP_OCTET, asked).has, has);
        assert_int_equal(grant(KEDGE_TFTP_RRQ, KEDGE_TFTP_NETASCII, asked).has,
                         has & ~(unsigned)(TS | W));
    }
}

static void rule_5_timeouts_are_echoed_exactly(void **state)
{
    (void)state;
    for (uint32_t s = 1; s <= KEDGE_TFTP_TIMEOUT_MAX_S; s++)
        assert_int_equal(
            read_octet((struct kedge_tftp_options){ .has = T, .timeout_s = s }).timeout_s,
            s);
    assert_int_equal(
        read_octet((struct kedge_tftp_options){ .has = UT, .utimeout_us = 10001 })
            .utimeout_us,
        10001);
}

static void rule_5_blksize_is_clamped_to_the_route(void **state)
{
    static const struct {
        unsigned has;
        uint32_t asked;
        uint32_t want;
    } sizes[] = {
        { B, 8, 8 },        { B, 512, 512 },    { B, 1468, 1468 },   { B, 1469, 1468 },
        { B, 65464, 1468 }, { B2, 8, 8 },       { B2, 15, 8 },       { B2, 16, 16 },
        { B2, 1024, 1024 }, { B2, 1468, 1024 }, { B2, 65464, 1024 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct kedge_tftp_options asked = { .has = sizes[i].has,
                                            .blksize = sizes[i].asked };
        struct kedge_tftp_options got = read_octet(asked);

        assert_int_equal(got.has, sizes[i].has);
        assert_int_equal(got.blksize, sizes[i].want);
        assert_int_equal(kedge_tftp_terms_of(&got).blksize, sizes[i].want);
    }
}

static void rule_5_windowsize_is_within_the_limit(void **state)
{
    struct kedge_tftp_limits wide = { .blksize_max = 512, .windowsize_max = 65535 };
    struct kedge_tftp_request r = { .op = KEDGE_TFTP_RRQ,
                                    .options = { .has = W, .windowsize = 65535 } };

    (void)state;
    assert_int_equal(
        read_octet((struct kedge_tftp_options){ .has = W, .windowsize = 4 }).windowsize,
        4);
    assert_int_equal(
        read_octet((struct kedge_tftp_options){ .has = W, .windowsize = 65 }).windowsize,
        64);
    /* Half the block numbers: with more, an old ACK could pass for a new one. */
    assert_int_equal(kedge_tftp_grant(&r, &wide).windowsize, KEDGE_TFTP_WINDOW_GRANT_MAX);
}

/* Of 96,000 bytes, headers and all; but never less than a block. */
static void rule_7_a_window_has_so_many_bytes(void **state)
{
    static const struct {
        uint32_t blksize; /* 0: none is asked for */
        uint32_t want;
    } rows[] = { { 0, 64 },    { 512, 64 },  { 1428, 64 }, { 1468, 64 },
                 { 1469, 63 }, { 8192, 11 }, { 32768, 2 }, { 65464, 1 } };
    struct kedge_tftp_limits wide = { .blksize_max = 65464,
                                      .windowsize_max = 64,
                                      .window_bytes = 96000 };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct kedge_tftp_request r = { .op = KEDGE_TFTP_RRQ,
                                        .options = { .has = W, .windowsize = 65535 } };

        r.options.has |= rows[i].blksize ? B : 0;
        r.options.blksize = rows[i].blksize;
        assert_int_equal(kedge_tftp_grant(&r, &wide).windowsize, rows[i].want);
        r.op = KEDGE_TFTP_WRQ; /* what the client sends is no gift of ours */
        assert_int_equal(kedge_tftp_grant(&r, &wide).windowsize, 64);
    }
}

static void rule_5_tsize_of_a_read_is_the_files_own(void **state)
{
    struct kedge_tftp_limits l = limits;
    struct kedge_tftp_request r = { .op = KEDGE_TFTP_RRQ,
                                    .options = { .has = TS, .tsize = 777 } };

    (void)state;
    assert_true(kedge_tftp_grant(&r, &l).tsize == 100000); /* U-Boot asks with 777 */
    l.size = 5ULL << 40;
    assert_true(kedge_tftp_grant(&r, &l).tsize == 5ULL << 40);
    l.size = 0; /* curl drops an OACK with tsize=0 */
    assert_int_equal(kedge_tftp_grant(&r, &l).has, 0);
    l = limits;
    l.size_known = false;
    assert_int_equal(kedge_tftp_grant(&r, &l).has, 0);
}

static void rule_5_tsize_of_a_write_is_echoed(void **state)
{
    struct kedge_tftp_options asked = { .has = TS, .tsize = 777 };

    (void)state;
    assert_true(grant(KEDGE_TFTP_WRQ, KEDGE_TFTP_OCTET, asked).tsize == 777);
    asked.tsize = 0;
    assert_int_equal(grant(KEDGE_TFTP_WRQ, KEDGE_TFTP_OCTET, asked).has, TS);
    assert_int_equal(grant(KEDGE_TFTP_WRQ, KEDGE_TFTP_NETASCII, asked).has, 0);
}

static void terms_without_options_are_rfc_1350s(void **state)
{
    struct kedge_tftp_terms t = kedge_tftp_terms_of(&(struct kedge_tftp_options){ 0 });

    (void)state;
    assert_int_equal(t.blksize, 512);
    assert_int_equal(t.window, 1);
    assert_int_equal(t.rollover, 0);
    assert_true(t.timeout == 0);
}

static void terms_are_what_was_granted(void **state)
{
    struct kedge_tftp_options granted = { .has = ALL,
                                          .blksize = 1024,
                                          .windowsize = 7,
                                          .timeout_s = 3,
                                          .utimeout_us = 20000,
                                          .rollover = 1 };
    struct kedge_tftp_terms t = kedge_tftp_terms_of(&granted);

    (void)state;
    assert_int_equal(t.blksize, 1024);
    assert_int_equal(t.window, 7);
    assert_int_equal(t.rollover, 1);
    assert_true(t.timeout == MS(20)); /* the finer one counts */
    granted.has &= ~(unsigned)UT;
    assert_true(kedge_tftp_terms_of(&granted).timeout == 3 * KEDGE_SEC);
}

static const struct kedge_tftp_options asked_all = { .has = ALL,
                                                     .blksize = 1468,
                                                     .windowsize = 32,
                                                     .timeout_s = 5,
                                                     .utimeout_us = 20000,
                                                     .rollover = 1 };

static const struct {
    struct kedge_span body;
    bool accepted;
    unsigned has;
} oacks[] = {
    { BYTES(""), true, 0 },
    { BYTES("blksize\0001468\0"), true, B },
    { BYTES("BlkSize\0008\0"), true, B },
    { BYTES("blksize\0001469\0"), false, 0 },
    { BYTES("blksize\0001\0"), false, 0 }, /* dnsmasq, when asked for nonsense */
    { BYTES("blksize\0abc\0"), false, 0 },
    { BYTES("blksize2\0001024\0"), false, 0 }, /* not asked */
    { BYTES("windowsize\00032\0"), true, W },
    { BYTES("windowsize\00033\0"), false, 0 },
    { BYTES("windowsize\0000\0"), false, 0 },
    { BYTES("timeout\0005\0"), true, T },
    { BYTES("timeout\0004\0"), false, 0 },
    { BYTES("utimeout\00020000\0"), true, UT },
    { BYTES("utimeout\00020001\0"), false, 0 },
    { BYTES("rollover\0001\0"), true, R },
    { BYTES("rollover\0000\0"), false, 0 },
    { BYTES("tsize\00012345678901234\0"), true, TS },
    { BYTES("tsize\000-1\0"), false, 0 },
    { BYTES("multicast\0001\0"), false, 0 },
    { BYTES("blksize\000512\0multicast\0001\0"), false, 0 },
    { BYTES("blksize\0001468\0tsize\0009\0windowsize\0004\0"), true, B | TS | W },
    { BYTES("tsize\0009\0junk"), true, TS }, /* an old TFTP server's tail */
    { BYTES("tsize\0009\0\0\0\0"), true, TS },
};

static void a_client_accepts_only_what_it_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(oacks); i++) {
        uint8_t *copy = exact(oacks[i].body.ptr, oacks[i].body.len);
        struct kedge_tftp_options got = { .has = 4711 };
        bool ok = kedge_tftp_accept(&asked_all,
                                    (struct kedge_span){ copy, oacks[i].body.len }, &got);

        if (ok != oacks[i].accepted)
            fail_msg("OACK %zu", i);
        assert_int_equal(got.has, ok ? oacks[i].has : 4711);
        free(copy);
    }
}

/* What kedge's server grants, kedge's client accepts. */
static void what_is_granted_is_accepted(void **state)
{
    (void)state;
    for (unsigned has = 0; has < 128; has++) {
        struct kedge_tftp_options asked = asked_all;
        struct kedge_tftp_options granted;
        struct kedge_tftp_options got;
        uint8_t oack[KEDGE_TFTP_CONTROL_MAX];
        size_t len;

        if ((has & B) && (has & B2))
            continue;
        asked.has = has;
        asked.blksize = 1000 + has * 13;
        asked.windowsize = 1 + has;
        granted = read_octet(asked);
        len = kedge_tftp_write_oack(oack, sizeof oack, &granted);
        assert_true(
            kedge_tftp_accept(&asked, (struct kedge_span){ oack + 2, len - 2 }, &got));
        assert_int_equal(got.has, granted.has);
        assert_true(!(has & (B | B2)) || got.blksize == granted.blksize);
        assert_true(!(has & TS) || got.tsize == 100000);
        assert_true(!(has & W) || got.windowsize == granted.windowsize);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_5_only_what_was_asked_is_answered),
        cmocka_unit_test(rule_5_timeouts_are_echoed_exactly),
        cmocka_unit_test(rule_5_blksize_is_clamped_to_the_route),
        cmocka_unit_test(rule_5_windowsize_is_within_the_limit),
        cmocka_unit_test(rule_7_a_window_has_so_many_bytes),
        cmocka_unit_test(rule_5_tsize_of_a_read_is_the_files_own),
        cmocka_unit_test(rule_5_tsize_of_a_write_is_echoed),
        cmocka_unit_test(terms_without_options_are_rfc_1350s),
        cmocka_unit_test(terms_are_what_was_granted),
        cmocka_unit_test(a_client_accepts_only_what_it_asked),
        cmocka_unit_test(what_is_granted_is_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
