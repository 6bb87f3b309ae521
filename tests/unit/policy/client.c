/* SPDX-License-Identifier: MIT */
/* Tests of clients by address, MAC and interface (policy/client.h). */
#include "policy/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *text;
    int bytes; /* -1: it is none */
} macs[] = {
    { "52:54:00:12:34:56", 6 },
    { "52-54-00-AB-cd-Ef", 6 },
    { "52:54:00:*", 3 },
    { "52:54:00:12:34:*", 5 },
    { "*", 0 },
    { "", -1 },
    { "52", -1 },
    { "52:54:00", -1 },
    { "52:54:00:", -1 },
    { "5:54:00:*", -1 },
    { "52:5g:*", -1 },
    { "52:54:00:12:34:56:*", -1 },
    { "52:54:00:12:34:56:", -1 },
    { "52.54:*", -1 },
    { "52:*:00", -1 },
    { "52:54:00:12:34:567", -1 },
    { "52*", -1 },
    { "**", -1 },
};

static void macs_are_parsed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(macs); i++) {
        struct policy_match m = { .mac_bytes = 77 };
        bool good = policy_mac_parse(span_of(macs[i].text), &m);

        if (good != (macs[i].bytes >= 0) || m.mac_bytes != (good ? macs[i].bytes : 77))
            fail_msg("%s", macs[i].text);
    }
}

static void macs_match_by_their_front(void **state)
{
    struct policy_client c = { .mac_state = POLICY_MAC_KNOWN,
                               .mac = { 0x52, 0x54, 0, 0x12, 0xab, 0x56 } };
    struct policy_match m;
    uint8_t text[POLICY_MAC_TEXT];
    struct writer w = { .ptr = text, .room = sizeof text };

    (void)state;
    assert_true(policy_mac_parse(span_of("52:54:00:*"), &m));
    assert_true(policy_client_matches(&m, &c));
    assert_true(policy_mac_parse(span_of("52:54:00:12:AB:56"), &m));
    assert_true(policy_client_matches(&m, &c));
    assert_true(policy_mac_parse(span_of("52:54:01:*"), &m));
    assert_false(policy_client_matches(&m, &c));
    assert_true(policy_mac_parse(span_of("*"), &m));
    assert_true(policy_client_matches(&m, &c));
    c.mac_state = POLICY_MAC_PENDING;
    assert_false(policy_client_matches(&m, &c));
    policy_mac_put(&w, c.mac);
    assert_true(!w.bad && span_equal(written(&w), span_of("52-54-00-12-ab-56")));
}

static const struct {
    uint8_t net[16];
    uint8_t bytes;
    uint8_t bits;
    uint8_t address[16];
    uint8_t address_bytes;
    bool match;
} prefixes[] = {
    { { 192, 0, 2, 0 }, 4, 24, { 192, 0, 2, 255 }, 4, true },
    { { 192, 0, 2, 0 }, 4, 24, { 192, 0, 3, 0 }, 4, false },
    { { 192, 0, 2, 128 }, 4, 25, { 192, 0, 2, 127 }, 4, false },
    { { 192, 0, 2, 128 }, 4, 25, { 192, 0, 2, 129 }, 4, true },
    { { 192, 0, 2, 1 }, 4, 32, { 192, 0, 2, 1 }, 4, true },
    { { 192, 0, 2, 1 }, 4, 32, { 192, 0, 2, 0 }, 4, false },
    { { 0 }, 4, 0, { 8, 8, 8, 8 }, 4, true },
    { { 0 }, 16, 0, { 8, 8, 8, 8 }, 4, false },
    { { 0x20, 1, 0x0d, 0xb8 }, 16, 33, { 0x20, 1, 0x0d, 0xb8, 0x7f }, 16, true },
    { { 0x20, 1, 0x0d, 0xb8 }, 16, 33, { 0x20, 1, 0x0d, 0xb8, 0x80 }, 16, false },
    { { 0 }, 16, 128, { [15] = 1 }, 16, false },
    { { [15] = 1 }, 16, 128, { [15] = 1 }, 16, true },
};

static void prefixes_match_by_their_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        struct policy_match m = { .kind = POLICY_ADDRESS,
                                  .address_bytes = prefixes[i].bytes,
                                  .bits = prefixes[i].bits };
        struct policy_client c = { .address = { prefixes[i].address,
                                                prefixes[i].address_bytes } };

        memcpy(m.address, prefixes[i].net, sizeof m.address);
        if (policy_client_matches(&m, &c) != prefixes[i].match)
            fail_msg("prefix %zu", i);
    }
}

static void interfaces_match_by_name(void **state)
{
    struct policy_match m = { .kind = POLICY_INTERFACE, .interface = span_of("eth1") };
    struct policy_client c = { .interface = span_of("eth1") };

    (void)state;
    assert_true(policy_client_matches(&m, &c));
    c.interface = span_of("eth10");
    assert_false(policy_client_matches(&m, &c));
    c.interface = (struct kedge_span){ 0 };
    m.interface = c.interface;
    assert_false(policy_client_matches(&m, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(macs_are_parsed),
        cmocka_unit_test(macs_match_by_their_front),
        cmocka_unit_test(prefixes_match_by_their_bits),
        cmocka_unit_test(interfaces_match_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
