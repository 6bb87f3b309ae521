/* SPDX-License-Identifier: MIT */
/* The largest block and window, from what is configured and what the route carries. */
#include "serve/tftp/limits.h"

#include "base/number.h"
#include "serve/tftp/private.h"

enum {
    ASK_ROUTE_ABOVE = 1228,
    HEADERS_V4 = 28 + KEDGE_TFTP_HEADER,
    HEADERS_V6 = HEADERS_V4 + 20,
    ETHERNET = 1500
};

uint32_t limits_blksize(struct limits_block configured, const struct net_route *route,
                        const struct net_address *peer, uint32_t asked)
{
    bool v4 = peer->u.any.sa_family == AF_INET;
    uint64_t less = (v4 ? HEADERS_V4 : HEADERS_V6) + (uint64_t)configured.slack;
    int mtu = 0;

    if (configured.most)
        return configured.most;
    if (asked <= ASK_ROUTE_ABOVE && configured.slack == 0)
        return ASK_ROUTE_ABOVE;
    mtu = net_route_mtu(route, peer);
    if (mtu < ASK_ROUTE_ABOVE)
        mtu = ASK_ROUTE_ABOVE + (v4 ? HEADERS_V4 : HEADERS_V6);
    return (uint32_t)clamp_u64(sub_sat((uint64_t)mtu, less), KEDGE_TFTP_BLKSIZE_DEFAULT,
                               KEDGE_TFTP_BLKSIZE_MAX);
}

/* A forged ACK buys a window. Who allows larger ones than the default wants them to have
 * whole packets of an Ethernet. */
uint32_t limits_window_bytes(uint32_t windowsize_max, uint32_t configured)
{
    uint32_t own = ETHERNET * (uint32_t)max_u64(windowsize_max, TFTP_WINDOW_DEFAULT);

    return configured && configured < own ? configured : own;
}

/* What the provider says of this file goes before what is configured. */
struct kedge_tftp_limits limits_of_transfer(const struct tftp_transfer *t)
{
    const struct tftp_config *c = &t->service->config;
    const struct provided_file *f = t->file;
    struct limits_block block = { f->blksize_max ? f->blksize_max : c->blksize_max,
                                  c->blksize_slack };
    uint32_t window = f->windowsize_max ? f->windowsize_max : c->windowsize_max;
    bool reads = t->session->op == KEDGE_TFTP_RRQ;

    return (struct kedge_tftp_limits){
        .blksize_max = limits_blksize(block, &t->service->route, &t->channel.peer,
                                      t->session->asked.blksize),
        .windowsize_max = window,
        .timeout = f->timeout ? f->timeout : c->timeout,
        .size_known = reads,
        .size = reads ? f->size : 0,
        .window_bytes = limits_window_bytes(window, c->window_bytes),
    };
}
