/* SPDX-License-Identifier: MIT */
/* Clients by prefix of their address, by MAC and by interface. */
#include "policy/client.h"

#include "base/number.h"

#include <string.h>

/* Two hexadecimal digits. */
static bool take_octet(struct reader *r, uint8_t *out)
{
    int high = hex_digit(take_u8(r));
    int low = hex_digit(take_u8(r));

    if (r->bad || high < 0 || low < 0)
        return false;
    *out = (uint8_t)(high << 4 | low);
    return true;
}

bool policy_mac_parse(struct kedge_span text, struct policy_match *out)
{
    struct policy_match m = { .kind = POLICY_MAC };
    struct reader r = { .left = text };

    for (;;) {
        if (r.left.len == 1 && r.left.ptr[0] == '*')
            break;
        if (!take_octet(&r, &m.mac[m.mac_bytes++]))
            return false;
        if (m.mac_bytes == POLICY_MAC_BYTES)
            break;
        if (r.left.len == 0 || (r.left.ptr[0] != ':' && r.left.ptr[0] != '-'))
            return false;
        (void)take_u8(&r);
    }
    if (m.mac_bytes == POLICY_MAC_BYTES && r.left.len > 0)
        return false;
    *out = m;
    return true;
}

static bool prefix_equal(const uint8_t *a, const uint8_t *b, size_t bits)
{
    size_t whole = bits / 8;
    uint8_t mask = (uint8_t)(0xff00u >> (bits % 8));

    if (memcmp(a, b, whole) != 0)
        return false;
    return bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

bool policy_client_matches(const struct policy_match *m, const struct policy_client *c)
{
    switch (m->kind) {
    case POLICY_ADDRESS:
        return c->address.len == m->address_bytes &&
               prefix_equal(c->address.ptr, m->address, m->bits);
    case POLICY_MAC:
        return c->mac_state == POLICY_MAC_KNOWN &&
               memcmp(c->mac, m->mac, m->mac_bytes) == 0;
    case POLICY_INTERFACE:
        return c->interface.len > 0 && span_equal(c->interface, m->interface);
    }
    return false;
}

void policy_mac_put(struct writer *w, const uint8_t mac[POLICY_MAC_BYTES])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < POLICY_MAC_BYTES; i++) {
        if (i > 0)
            put_u8(w, '-');
        put_u8(w, (uint8_t)digits[mac[i] >> 4]);
        put_u8(w, (uint8_t)digits[mac[i] & 15]);
    }
}
