/* SPDX-License-Identifier: MIT */
/* Patterns and names of any bytes: what matches still does when the pattern grows by a
 * star that may be empty, and a double star takes all that a single one takes. */
#include "policy/client.h"
#include "policy/glob.h"

#include "fuzz.h"

#include <string.h>

static void check_star(struct kedge_span pattern, struct kedge_span name)
{
    uint8_t more[2 * GLOB_MAX];
    struct writer w = { .ptr = more, .room = sizeof more };

    for (size_t i = 0; i < pattern.len; i++) {
        put_u8(&w, pattern.ptr[i]);
        if (pattern.ptr[i] == '*' && (i == 0 || pattern.ptr[i - 1] != '*') &&
            (i + 1 == pattern.len || pattern.ptr[i + 1] != '*'))
            put_u8(&w, '*');
    }
    MUST(w.len > GLOB_MAX || glob_match(written(&w), name));
}

static void check_client(struct kedge_span text)
{
    struct policy_client c = { .mac_state = POLICY_MAC_KNOWN };
    struct policy_match m = { 0 };

    if (!policy_mac_parse(text, &m))
        return;
    MUST(m.kind == POLICY_MAC && m.mac_bytes <= POLICY_MAC_BYTES && text.len <= 18);
    memcpy(c.mac, m.mac, sizeof c.mac);
    MUST(policy_client_matches(&m, &c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = { .left = { data, size } };
    struct kedge_span pattern = take_some(&r, take_u8(&r));
    struct kedge_span name = take_some(&r, 512);

    check_client(pattern);
    if (glob_match(pattern, name))
        check_star(pattern, name);
    return 0;
}
