/* SPDX-License-Identifier: MIT */
/* The group of a helper's job, by the root and the first component of the name, or by the client. */
#include "serve/tftp/job_group.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "tftp/table.h"

#include <string.h>

/* Up to the next slash. */
static struct kedge_span next_part(struct kedge_span left)
{
    const uint8_t *slash = memchr(left.ptr, '/', left.len);

    return (struct kedge_span){ left.ptr, slash ? (size_t)(slash - left.ptr) : left.len };
}

/* The first component of a name, by its letters: "dead" of "x/../dead/./f". */
static struct kedge_span first_component(struct kedge_span name)
{
    struct kedge_span first = { 0 };
    unsigned depth = 0;

    while (name.len > 0) {
        struct kedge_span part = next_part(name);
        size_t step = part.len + (part.len < name.len);

        if (span_equal(part, span_of("..")))
            depth -= depth > 0;
        else if (part.len > 0 && !span_equal(part, span_of(".")) && depth++ == 0)
            first = part;
        name.ptr += step;
        name.len -= step;
    }
    return first;
}

uint32_t job_group(const struct store_root *root, struct kedge_span name, bool writes)
{
    const struct hash_key key = { root ? (uint64_t)root->fd : 0, writes };

    return (uint32_t)hash_keyed(&key, first_component(name));
}

uint32_t job_group_network(const struct net_address *client)
{
    const struct hash_key key = { 0 };
    struct net_raw raw = net_address_raw(client);
    struct tftp_peer peer = { .port = 0 };

    memcpy(peer.ip, raw.ip, sizeof peer.ip);
    return (uint32_t)hash_keyed(&key, network_prefix(&peer));
}
