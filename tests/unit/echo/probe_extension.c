/* SPDX-License-Identifier: MIT */
/* Tests of echo/probe_extension.h and echo/cookie.h. */
#include "echo/probe_extension.h"
#include "echo/cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct stamp asking = { STAMP_ASKS, 7, 9, 11 };

static const uint8_t ask_wire[EXTENSION_SIZE] = { 1, 0, 0, 0, 0, 0, 0, 0,
                                                  1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t sized_wire[EXTENSION_SIZE] = { 1, 1, 0x05, 0xc0, 0, 0, 0, 0,
                                                    1, 2, 3,    4,    5, 6, 7, 8 };
static const uint8_t token_wire[EXTENSION_SIZE] = {
    2, 0, 0x1f, 0x90, 0, 0, 0, 0, 1, 2, 3,    4,    5,   6, 7, 8,
    0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1,
};
static const uint8_t report_wire[EXTENSION_SIZE] = {
    3, 1, 64, 0xb8, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7,
    0, 0, 0,  8,    1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9,
};

static const struct probe_extension ask = { .kind = EXTENSION_ASK,
                                            .cookie = 0x0102030405060708 };
static const struct probe_extension sized = {
    .kind = EXTENSION_ASK, .cookie = 0x0102030405060708, .with_mac = true, .size = 1472
};
static const struct probe_extension cookie = {
    .kind = EXTENSION_TOKEN,
    .cookie = 0x0102030405060708,
    .address = { [10] = 0xff, 0xff, 127, 0, 0, 1 },
    .port = 8080,
};
static const struct probe_extension report = {
    .kind = EXTENSION_REPORT,
    .report = { true, 64, 0xb8, 5, 6, 7, 8, 0x0102030405060708, 9 },
};

/* A payload of just its size, so that a sanitizer sees one byte too far. */
static uint8_t *payload_of(const struct stamp *s, const struct probe_extension *m)
{
    uint8_t *block = malloc(EXTENDED_SIZE);
    struct writer w = { .ptr = block, .room = EXTENDED_SIZE };

    stamp_put(&w, s);
    extension_put(&w, m);
    assert_false(w.bad);
    assert_int_equal(w.len, EXTENDED_SIZE);
    return block;
}

static void check(const struct probe_extension *m, const uint8_t wire[EXTENSION_SIZE])
{
    uint8_t *block = payload_of(&asking, m);
    struct probe_extension back;

    assert_memory_equal(block + STAMP_SIZE, wire, EXTENSION_SIZE);
    assert_true(extension_parse((struct kedge_span){ block, EXTENDED_SIZE }, &back));
    assert_int_equal(back.kind, m->kind);
    assert_int_equal(back.cookie, m->cookie);
    assert_int_equal(back.port, m->port);
    assert_int_equal(back.size, m->size);
    assert_int_equal(back.with_mac, m->with_mac);
    assert_memory_equal(back.address, m->address, sizeof m->address);
    assert_int_equal(back.report.kernel, m->report.kernel);
    assert_int_equal(back.report.ttl, m->report.ttl);
    assert_int_equal(back.report.tos, m->report.tos);
    assert_int_equal(back.report.seen, m->report.seen);
    assert_int_equal(back.report.highest, m->report.highest);
    assert_int_equal(back.report.dropped, m->report.dropped);
    assert_int_equal(back.report.refused, m->report.refused);
    assert_int_equal(back.report.received_ns, m->report.received_ns);
    assert_int_equal(back.report.held_ns, m->report.held_ns);
    free(block);
}

static void lies_on_the_wire_as_documented(void **state)
{
    (void)state;
    check(&ask, ask_wire);
    check(&sized, sized_wire);
    check(&cookie, token_wire);
    check(&report, report_wire);
}

static void what_is_short_or_of_another_kind_is_none(void **state)
{
    uint8_t *block = payload_of(&asking, &ask);
    struct probe_extension m;

    (void)state;
    for (size_t n = 0; n < EXTENDED_SIZE; n++) {
        uint8_t *cut = malloc(n ? n : 1);

        memcpy(cut, block, n);
        assert_false(extension_parse((struct kedge_span){ cut, n }, &m));
        free(cut);
    }
    block[STAMP_SIZE] = 0;
    assert_false(extension_parse((struct kedge_span){ block, EXTENDED_SIZE }, &m));
    block[STAMP_SIZE] = 4;
    assert_false(extension_parse((struct kedge_span){ block, EXTENDED_SIZE }, &m));
    free(block);
}

static bool asks(uint8_t flags, const struct probe_extension *m)
{
    struct stamp s = asking, out;
    struct probe_extension extension;
    uint8_t *block;
    bool result;

    s.flags = flags;
    block = payload_of(&s, m);
    result =
        extension_asks((struct kedge_span){ block, EXTENDED_SIZE }, &out, &extension);
    free(block);
    return result;
}

static void only_a_flagged_ask_asks(void **state)
{
    (void)state;
    assert_true(asks(STAMP_ASKS, &ask));
    assert_false(asks(0, &ask));
    assert_false(asks(STAMP_REPLY, &ask));
    assert_false(asks(STAMP_ASKS | STAMP_REPLY, &ask));
    assert_false(asks(STAMP_ASKS, &cookie));
    assert_false(asks(STAMP_ASKS, &report));
}

/* The vectors of the paper and of its authors' code. */
static void siphash_is_siphash(void **state)
{
    uint8_t key[COOKIE_KEY], input[15];

    (void)state;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)i;
    assert_true(siphash(key, (struct kedge_span){ input, 0 }) == 0x726fdb47dd0e0e31u);
    assert_true(siphash(key, (struct kedge_span){ input, 1 }) == 0x74f839c593dc67fdu);
    assert_true(siphash(key, (struct kedge_span){ input, 15 }) == 0xa129ca6149be45e5u);
}

static void a_token_is_of_one_peer_one_key_and_two_hours(void **state)
{
    const uint8_t key[COOKIE_KEY] = { 1 }, other_key[COOKIE_KEY] = { 2 };
    struct kedge_span peer = span_of("peer"), other = span_of("poor");
    kedge_nanos now = 10 * COOKIE_LIFE;
    uint64_t t = cookie_of(key, peer, now);

    (void)state;
    assert_true(cookie_proves(key, peer, t, now));
    assert_true(cookie_proves(key, peer, t, now + COOKIE_LIFE));
    assert_false(cookie_proves(key, peer, t, now + 2 * COOKIE_LIFE));
    assert_false(cookie_proves(key, peer, t, now - 1));
    assert_false(cookie_proves(key, other, t, now));
    assert_false(cookie_proves(other_key, peer, t, now));
    assert_false(cookie_proves(key, peer, 0, now));
    assert_false(cookie_proves(key, peer, t ^ 1, now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lies_on_the_wire_as_documented),
        cmocka_unit_test(what_is_short_or_of_another_kind_is_none),
        cmocka_unit_test(only_a_flagged_ask_asks),
        cmocka_unit_test(siphash_is_siphash),
        cmocka_unit_test(a_token_is_of_one_peer_one_key_and_two_hours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
