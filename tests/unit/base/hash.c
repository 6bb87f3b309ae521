/* SPDX-License-Identifier: MIT */
/* Tests of the keyed hash: the published values, and every length up to three words. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* The key 00 01 .. 0f, little end first; messages 00, 01, 02 ... of each length. */
static const struct hash_key published = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

static const struct {
    size_t len;
    uint64_t want;
} rows[] = {
    { 0, 0x726fdb47dd0e0e31 },  { 1, 0x74f839c593dc67fd }, { 2, 0x0d6c8009d9a94f5a },
    { 3, 0x85676696d7fb7e2d },  { 7, 0xab0200f58b01d137 }, { 8, 0x93f5f5799a932462 },
    { 15, 0xa129ca6149be45e5 },
};

static uint64_t hash_of(const struct hash_key *key, size_t len)
{
    uint8_t *bytes = malloc(len ? len : 1);
    uint64_t hash;

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)i;
    hash = hash_keyed(key, (struct kedge_span){ bytes, len });
    free(bytes);
    return hash;
}

static void it_has_the_published_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (hash_of(&published, rows[i].len) != rows[i].want)
            fail_msg("length %zu", rows[i].len);
}

static void another_key_or_length_is_another_hash(void **state)
{
    struct hash_key other = published;

    (void)state;
    other.b ^= 1ULL << 63;
    for (size_t len = 0; len < 24; len++) {
        assert_true(hash_of(&published, len) != hash_of(&other, len));
        assert_true(hash_of(&published, len) != hash_of(&published, len + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_the_published_values),
        cmocka_unit_test(another_key_or_length_is_another_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
