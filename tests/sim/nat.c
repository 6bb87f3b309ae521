/* SPDX-License-Identifier: MIT */
/* A simulated NAT or firewall. */
#include "nat.h"

#include "wire.h"

enum { OUTSIDE_FIRST = 61000 };

static bool is_alive(const struct nat *n, const struct nat_mapping *m, kedge_nanos now)
{
    return n->lives == 0 || now - m->used < n->lives;
}

static bool is_of(const struct nat *n, const struct nat_mapping *m, uint16_t socket)
{
    return n->kind == NAT_CONE || m->socket == socket;
}

static struct nat_mapping *add(struct nat *n, const struct nat_mapping *from)
{
    struct nat_mapping *m = &n->map[n->mappings++ % NAT_MAPPINGS];

    *m = *from;
    m->outside =
        n->kind == NAT_SYMMETRIC ? (uint16_t)(OUTSIDE_FIRST + n->next++) : from->inside;
    return m;
}

static unsigned count(const struct nat *n)
{
    return n->mappings < NAT_MAPPINGS ? n->mappings : NAT_MAPPINGS;
}

bool nat_out(struct nat *n, const struct nat_mapping *from, kedge_nanos now,
             uint16_t *outside)
{
    struct nat_mapping *m = NULL;

    *outside = from->inside;
    if (n->kind == NAT_SHUT)
        return from->socket == REQUEST_PORT;
    for (unsigned i = 0; i < count(n) && !m; i++)
        if (n->map[i].actor == from->actor && n->map[i].inside == from->inside &&
            is_of(n, &n->map[i], from->socket) && is_alive(n, &n->map[i], now))
            m = &n->map[i];
    if (!m)
        m = add(n, from);
    m->used = now;
    *outside = m->outside;
    return true;
}

bool nat_in(struct nat *n, uint16_t socket, uint16_t outside, kedge_nanos now,
            struct nat_mapping *to)
{
    if (n->kind == NAT_SHUT)
        return true;
    for (unsigned i = 0; i < count(n); i++) {
        struct nat_mapping *m = &n->map[i];

        if (m->outside != outside || !is_of(n, m, socket) || !is_alive(n, m, now))
            continue;
        m->used = now;
        *to = *m;
        return true;
    }
    return false;
}
