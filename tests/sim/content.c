/* SPDX-License-Identifier: MIT */
/* The bytes of simulated files, by name and offset. */
#include "content.h"

#include <string.h>

#include "dice.h"

static uint64_t word(uint64_t file, uint64_t number)
{
    return (file + number) * 0x9e3779b97f4a7c15ULL ^ file << 17;
}

static uint8_t byte_at(uint64_t file, uint64_t offset)
{
    return (uint8_t)(word(file, offset / 8) >> offset % 8 * 8);
}

void block_reader_fill(uint64_t file, uint64_t offset, uint8_t *out, size_t len)
{
    size_t at = 0;

    while (at < len && (offset + at) % 8 != 0) {
        out[at] = byte_at(file, offset + at);
        at++;
    }
    for (; at + 8 <= len; at += 8) {
        uint64_t v = word(file, (offset + at) / 8);

        memcpy(out + at, &v, 8); /* the order in a word is nobody's business */
    }
    for (; at < len; at++)
        out[at] = byte_at(file, offset + at);
}

bool content_is(uint64_t file, uint64_t offset, struct kedge_span bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        uint64_t v = word(file, (offset + at) / 8);

        if ((offset + at) % 8 == 0 && at + 8 <= bytes.len) {
            if (memcmp(bytes.ptr + at, &v, 8) != 0)
                return false;
            at += 8;
        } else if (bytes.ptr[at] != byte_at(file, offset + at)) {
            return false;
        } else {
            at++;
        }
    }
    return true;
}
