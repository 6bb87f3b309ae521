/* SPDX-License-Identifier: MIT */
/* Tests of bodies on their way to a file. */
#include "place.h"

#include "transfer/block_writer.h"

struct memory {
    uint8_t bytes[256];
    size_t len;
    enum store_error fails;
    bool later;
};

static struct store_result write_memory(void *file, struct kedge_span bytes,
                                        uint64_t offset)
{
    struct memory *m = file;

    if (m->fails)
        return store_fail(m->fails, "as told");
    assert_true(offset == m->len && bytes.len > 0 && m->len + bytes.len <= 256);
    memcpy(m->bytes + m->len, bytes.ptr, bytes.len);
    m->len += bytes.len;
    return m->later ? store_fail(STORE_LATER, "taken") : store_ok();
}

static void octets_are_taken_as_they_are(void **state)
{
    struct memory m = { .len = 0 };
    struct block_writer t = { .write = write_memory, .file = &m };

    (void)state;
    assert_int_equal(block_writer_put(&t, text("a\r\n")).error, STORE_OK);
    assert_int_equal(block_writer_put(&t, text("")).error, STORE_OK);
    assert_int_equal(block_writer_put(&t, text("b\r")).error, STORE_OK);
    assert_int_equal(block_writer_end(&t).error, STORE_OK);
    assert_true(t.offset == 5 && m.len == 5);
    assert_memory_equal(m.bytes, "a\r\nb\r", 5);
}

static void text_may_be_cut_anywhere(void **state)
{
    const struct kedge_span wire = { (const uint8_t *)"a\r\n\r\0b\r\r\nc\rd\r", 13 };
    const struct kedge_span want = text("a\n\rb\r\nc\rd\r");

    (void)state;
    for (size_t one = 0; one <= wire.len; one++) {
        for (size_t two = one; two <= wire.len; two++) {
            struct memory m = { .len = 0 };
            struct block_writer t = { .write = write_memory,
                                      .file = &m,
                                      .netascii = true };
            const size_t cuts[] = { 0, one, two, wire.len };

            for (size_t i = 0; i < 3; i++) {
                struct kedge_span body = { wire.ptr + cuts[i], cuts[i + 1] - cuts[i] };

                assert_int_equal(block_writer_put(&t, body).error, STORE_OK);
            }
            assert_int_equal(block_writer_end(&t).error, STORE_OK);
            assert_int_equal(m.len, want.len);
            assert_memory_equal(m.bytes, want.ptr, want.len);
            assert_true(t.offset == want.len);
        }
    }
}

static void a_write_that_fails_counts_nothing(void **state)
{
    struct memory m = { .fails = STORE_FULL };
    struct block_writer t = { .write = write_memory, .file = &m };

    (void)state;
    assert_int_equal(block_writer_put(&t, text("abc")).error, STORE_FULL);
    assert_true(t.offset == 0);
    t.netascii = true;
    assert_int_equal(block_writer_put(&t, text("abc\r")).error, STORE_FULL);
    assert_true(t.offset == 0);
}

/* What is taken counts, whether it is stored now or later. */
static void what_is_stored_later_is_taken(void **state)
{
    struct memory m = { .later = true };
    struct block_writer octets = { .write = write_memory, .file = &m };
    struct block_writer lines = { .write = write_memory, .file = &m, .netascii = true };

    (void)state;
    assert_int_equal(block_writer_put(&octets, text("ab")).error, STORE_LATER);
    assert_int_equal(octets.offset, 2);
    assert_int_equal(block_writer_end(&octets).error, STORE_OK);
    m.len = 0;
    assert_int_equal(block_writer_put(&lines, text("a\r\nb\r")).error, STORE_LATER);
    m.later = false;
    assert_int_equal(block_writer_put(&lines, text("\n")).error, STORE_OK);
    assert_int_equal(lines.offset, 4);
    assert_memory_equal(m.bytes, "a\nb\n", 4);
    m.fails = STORE_FULL;
    assert_int_equal(block_writer_put(&lines, text("x")).error, STORE_FULL);
    assert_int_equal(lines.offset, 4);
}

static struct store_result write_first_later(void *file, struct kedge_span bytes,
                                             uint64_t offset)
{
    (void)offset;
    *(size_t *)file += bytes.len;
    return *(size_t *)file == bytes.len ? store_fail(STORE_LATER, "taken") : store_ok();
}

/* A body is stored in parts: all of it is only when the last of them is. */
static void one_part_that_is_stored_later_is_enough(void **state)
{
    static const uint8_t body[10000] = { 'x' };
    size_t stored = 0;
    struct block_writer t = { .write = write_first_later,
                              .file = &stored,
                              .netascii = true };

    (void)state;
    assert_int_equal(block_writer_put(&t, (struct kedge_span){ body, 10000 }).error,
                     STORE_LATER);
    assert_int_equal(stored, 10000);
    assert_int_equal(t.offset, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(octets_are_taken_as_they_are),
        cmocka_unit_test(text_may_be_cut_anywhere),
        cmocka_unit_test(a_write_that_fails_counts_nothing),
        cmocka_unit_test(what_is_stored_later_is_taken),
        cmocka_unit_test(one_part_that_is_stored_later_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
