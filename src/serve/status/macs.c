/* SPDX-License-Identifier: MIT */
/* A small memory of the neighbour table. */
#include "serve/status/macs.h"

#include "base/hash.h"
#include "net/neighbour.h"
#include "net/netlink.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ETHERNET = 6 };

void status_macs_open(struct status_macs *m)
{
    m->asked = 0;
    m->netlink = netlink_open();
}

void status_macs_close(struct status_macs *m)
{
    if (m->netlink >= 0)
        close(m->netlink);
    m->netlink = -1;
}

void status_macs_turn(struct status_macs *m)
{
    m->asked = 0;
}

static void look_up(const struct status_macs *m, const struct net_address *at,
                    struct status_mac *kept)
{
    struct neighbour n;
    const uint8_t *b = n.link;

    kept->text[0] = '\0';
    if (neighbour_ask(m->netlink, kept->ifindex, at, &n) == 0 && n.link_bytes == ETHERNET)
        snprintf(kept->text, sizeof kept->text, "%02x:%02x:%02x:%02x:%02x:%02x", b[0],
                 b[1], b[2], b[3], b[4], b[5]);
}

const char *status_macs_find(struct status_macs *m, const struct net_address *at,
                             uint32_t ifindex, kedge_nanos now)
{
    const struct hash_key key = { 0 };
    struct net_raw raw = net_address_raw(at);
    struct kedge_span ip = { raw.ip, sizeof raw.ip };
    struct status_mac *kept = &m->kept[hash_keyed(&key, ip) % MACS_KEPT];

    if (ifindex == 0 || m->netlink < 0)
        return "";
    if (kept->until > now && kept->ifindex == ifindex &&
        memcmp(kept->ip, raw.ip, sizeof raw.ip) == 0)
        return kept->text;
    if (m->asked == MACS_TURN)
        return "";
    m->asked++;
    memcpy(kept->ip, raw.ip, sizeof raw.ip);
    kept->ifindex = ifindex;
    kept->until = now + MACS_FRESH;
    look_up(m, at, kept);
    return kept->text;
}
