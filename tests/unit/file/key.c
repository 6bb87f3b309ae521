/* SPDX-License-Identifier: MIT */
/* Tests of file/key.h. The MAC is that of RFC 4231, test case 6, in its first half. */
#include "file/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/kedge-key-XXXXXX";

/* A file of len bytes of c, and `end` behind them. */
static int read_file(struct store_key *k, size_t len, int c, const char *end)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    for (size_t i = 0; i < len; i++)
        fputc(c, f);
    fputs(end, f);
    fclose(f);
    return key_read(k, path);
}

static void a_key_is_all_but_the_lines_end(void **state)
{
    struct store_key k;

    (void)state;
    assert_int_equal(read_file(&k, 16, 'k', ""), 0);
    assert_int_equal(k.len, 16);
    assert_int_equal(read_file(&k, 16, 'k', "\n"), 0);
    assert_int_equal(k.len, 16);
    assert_int_equal(read_file(&k, KEY_MAX, 'k', "\r\n"), 0);
    assert_int_equal(k.len, KEY_MAX);
}

static void a_key_has_its_bounds(void **state)
{
    struct store_key k;

    (void)state;
    assert_int_equal(read_file(&k, 15, 'k', "\n"), -EINVAL);
    assert_int_equal(read_file(&k, 0, 'k', ""), -EINVAL);
    assert_int_equal(read_file(&k, KEY_MAX + 1, 'k', ""), -EINVAL);
    assert_int_equal(read_file(&k, 2 * KEY_MAX, 'k', "\n"), -EINVAL);
    assert_int_equal(key_read(&k, "/no/such/key"), -ENOENT);
}

static void a_seal_is_hmac_sha_256(void **state)
{
    static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    static const uint8_t want[KEY_MAC] = {
        0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f,
        0x0d, 0x8a, 0x26, 0xaa, 0xcb, 0xf5, 0xb7, 0x7f
    };
    struct kedge_span bytes = { (const uint8_t *)text, sizeof text - 1 };
    uint8_t mac[KEY_MAC];
    struct store_key k;

    (void)state;
    assert_int_equal(read_file(&k, 131, 0xaa, ""), 0);
    key_mac(&k, bytes, mac);
    assert_memory_equal(mac, want, sizeof want);
    assert_true(key_proves(&k, bytes, mac));
    for (size_t i = 0; i < sizeof mac; i++) {
        mac[i] ^= 1;
        assert_false(key_proves(&k, bytes, mac));
        mac[i] ^= 1;
    }
    bytes.len--;
    assert_false(key_proves(&k, bytes, mac));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_all_but_the_lines_end),
        cmocka_unit_test(a_key_has_its_bounds),
        cmocka_unit_test(a_seal_is_hmac_sha_256),
    };
    int fd = mkstemp(path), failed;

    if (fd < 0)
        return 1;
    close(fd);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
