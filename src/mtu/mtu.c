/* SPDX-License-Identifier: MIT */
/* The search for the largest payload, one way and then the other. */
#include "mtu/mtu.h"

#include "mtu/link.h"
#include "probe/payload.h"
#include "base/number.h"
#include "net/next_hop.h"
#include "echo/icmp_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define SEARCHES 4
#define ROUNDS 40 /* questions a way: the search halves 65,507 sixteen times */

/* One way's questions. */
struct questions {
    struct mtu_link *link;
    bool back;
    struct mtu_search search;
    enum mtu_answer fails; /* how the smallest that failed did */
    uint32_t told;
    struct net_address by;
};

static enum mtu_answer ask_size(const struct questions *q, uint32_t size)
{
    if (q->back)
        return mtu_link_ask(q->link, EXTENDED_SIZE, (uint16_t)size);
    return mtu_link_ask(q->link, size, q->link->sized ? EXTENDED_SIZE : 0);
}

static void took(struct questions *q, uint32_t size, enum mtu_answer answer,
                 uint32_t headers)
{
    bool smaller = size < q->search.fails;

    mtu_search_took(&q->search, size, answer == ANSWER_YES);
    if (answer == ANSWER_YES || !smaller)
        return;
    q->fails = answer;
    if (answer != ANSWER_TOLD)
        return;
    q->told = q->link->told;
    q->by = q->link->by;
    q->search.hint = (uint32_t)sub_sat(q->told, headers);
}

static void search(struct questions *q, uint32_t headers)
{
    uint32_t size;

    for (int i = 0; i < ROUNDS && !q->link->stopped; i++) {
        size = mtu_search_next(&q->search);
        if (size == 0)
            return;
        took(q, size, ask_size(q, size), headers);
    }
}

/* A loss of another cause must not pass for the end of the path. */
static void search_surely(struct questions *q, uint32_t headers)
{
    for (int i = 0; i < SEARCHES; i++) {
        uint32_t end;

        search(q, headers);
        end = q->search.fails;
        if (end > q->search.limit || q->link->stopped || q->fails != ANSWER_NONE)
            return;
        took(q, end, ask_size(q, end), headers);
        if (q->search.fails == end)
            return;
    }
}

static enum mtu_end end_of(const struct questions *q)
{
    if (q->link->stopped && mtu_search_next(&q->search) > 0)
        return MTU_UNKNOWN;
    if (q->search.fails > q->search.limit)
        return MTU_ALL;
    if (q->fails == ANSWER_TOLD)
        return MTU_TOLD;
    if (q->fails == ANSWER_LOCAL)
        return MTU_ALL; /* the link took less than it said */
    return q->fails == ANSWER_OTHER ? MTU_THERE : MTU_HOLE;
}

static struct mtu_way find_way(struct mtu_link *l, bool back, uint32_t headers,
                               uint32_t limit)
{
    struct questions q = { .link = l, .back = back };
    struct mtu_way way = { .limit = limit };

    mtu_search_init(&q.search, EXTENDED_SIZE, limit);
    search_surely(&q, headers);
    way.end = end_of(&q);
    way.passes = q.search.passes;
    if (way.end == MTU_TOLD) {
        way.told = q.told;
        way.by = q.by;
    }
    return way;
}

/* The first answer of a kedge server is its cookie, the next one a report. */
static bool mtu_begin(struct mtu_link *l)
{
    if (mtu_link_ask(l, EXTENDED_SIZE, 0) == ANSWER_YES)
        return !l->cookie || mtu_link_ask(l, EXTENDED_SIZE, 0) == ANSWER_YES;
    return false;
}

/* What else answers may cut its answers into fragments. */
static void see_whether_sized(struct mtu_link *l, struct mtu_result *out)
{
    l->sized =
        l->cookie && mtu_link_ask(l, EXTENDED_SIZE, EXTENDED_SIZE + 1) == ANSWER_YES;
    if (!l->cookie)
        out->back_unknown = MTU_BACK_NO_SERVER;
    else if (!l->sized)
        out->back_unknown = MTU_BACK_NO_SIZE;
}

static uint32_t read_link(const struct mtu_link *l, struct mtu_result *out)
{
    const struct net_address *to = &l->target.address;
    struct next_hop way;

    out->headers = (net_address_is_v6(to) ? IPV6_HEADER : IPV4_HEADER) + ICMP_HEADER;
    if (next_hop_to(to, &l->plan.path, &way) < 0)
        return PAYLOAD_MAX;
    memcpy(out->interface, way.interface, sizeof out->interface);
    out->interface_mtu = way.mtu;
    return (uint32_t)min_u64(PAYLOAD_MAX, sub_sat((uint64_t)way.mtu, out->headers));
}

static void find_mtu(struct mtu_link *l, struct mtu_result *out)
{
    uint32_t limit = read_link(l, out);

    out->back.end = MTU_UNKNOWN;
    out->there.end = MTU_UNKNOWN;
    out->answered = mtu_begin(l);
    out->code = l->code;
    if (!out->answered || limit <= EXTENDED_SIZE)
        return;
    see_whether_sized(l, out);
    out->there = find_way(l, false, out->headers, limit);
    if (!l->stopped && l->sized)
        out->back = find_way(l, true, out->headers, limit);
}

bool mtu_find(const struct kedge_endpoint *e, const struct probe_plan *plan,
              struct mtu_result *out, bool *stopped)
{
    struct mtu_link *l = malloc(sizeof *l);

    *out = (struct mtu_result){ .endpoint = e };
    if (!l) {
        out->refusal = probe_refused_by_system(ENOMEM);
        return false;
    }
    if (!mtu_link_open(l, e, plan, &out->refusal)) {
        free(l);
        return false;
    }
    find_mtu(l, out);
    *stopped |= l->stopped;
    mtu_link_close(l);
    free(l);
    return true;
}
