/* SPDX-License-Identifier: MIT */
/* The group of a helper's job, by the root and the first component of the name. */
#include "serve/tftp/job_group.h"

#include "base/bytes.h"
#include "base/hash.h"

#include <string.h>

/* The first component of a name, by its letters: "dead" of "x/../dead/./f". */
static struct kedge_span first_component(struct kedge_span name)
{
    struct kedge_span first = { 0 };
    unsigned depth = 0;

    while (name.len > 0) {
        const uint8_t *slash = memchr(name.ptr, '/', name.len);
        size_t len = slash ? (size_t)(slash - name.ptr) : name.len;
        struct kedge_span one = { name.ptr, len };

        if (span_equal(one, span_of("..")))
            depth -= depth > 0;
        else if (len > 0 && !span_equal(one, span_of(".")) && depth++ == 0)
            first = one;
        name.ptr += slash ? len + 1 : len;
        name.len -= slash ? len + 1 : len;
    }
    return first;
}

uint32_t job_group(const struct store_root *root, struct kedge_span name, bool writes)
{
    const struct hash_key key = { root ? (uint64_t)root->fd : 0, writes };

    return (uint32_t)hash_keyed(&key, first_component(name));
}
