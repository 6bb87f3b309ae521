/* SPDX-License-Identifier: MIT */
/* A key that two ends share, read from a file, and MACs made with it: HMAC-SHA-256
 * (RFC 2104), cut to 16 bytes. */
#ifndef FILE_KEY_H
#define FILE_KEY_H

#include "base/bytes.h"
#include "file/error.h"

#define KEY_MIN 16 /* bytes; fewer can be guessed */
#define KEY_MAX 4096
#define KEY_MAC 16

struct store_key {
    uint8_t bytes[KEY_MAX];
    size_t len;
};

/* All bytes of the file but a line's end at its end. 0; or -errno, and then *k is as it
 * was; -EINVAL: fewer than KEY_MIN or more than KEY_MAX bytes. */
KEDGE_MUST_CHECK int key_read(struct store_key *k, const char *path);

/* The MAC of these bytes. */
void key_mac(const struct store_key *k, struct kedge_span bytes, uint8_t out[KEY_MAC]);

/* Whether that is their MAC, in a time that does not depend on where it differs. */
KEDGE_MUST_CHECK bool key_proves(const struct store_key *k, struct kedge_span bytes,
                                 const uint8_t mac[KEY_MAC]);

#endif
