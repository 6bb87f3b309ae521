/* SPDX-License-Identifier: MIT */
/* Tests of netascii: any cut is a good cut, and what was written comes back. */
#include "help.h"

enum { MOST = 256 };

struct text {
    uint8_t bytes[2 * MOST];
    size_t len;
};

typedef size_t translate(struct kedge_netascii *n, struct kedge_span in, uint8_t *out,
                         size_t room, size_t *used);

/* Translate in pieces of at most `in_step` read and `out_step` written, each from and into
 * a block of exactly that size. */
static struct text in_pieces(translate *f, struct kedge_span in, size_t in_step,
                             size_t out_step)
{
    struct kedge_netascii n = { 0 };
    struct text result = { .len = 0 };
    size_t at = 0;
    size_t got;

    do {
        size_t give = in.len - at < in_step ? in.len - at : in_step;
        uint8_t *from = exact(in.ptr + at, give);
        uint8_t *to = malloc(out_step);
        size_t used = 4711;

        got = f(&n, (struct kedge_span){ from, give }, to, out_step, &used);
        assert_true(used <= give && got <= out_step);
        assert_true(result.len + got <= sizeof result.bytes);
        memcpy(result.bytes + result.len, to, got);
        result.len += got;
        at += used;
        got += used;
        free(from);
        free(to);
    } while (got > 0);
    assert_int_equal(at, in.len);
    if (f == kedge_netascii_decode)
        result.len += kedge_netascii_finish(&n, result.bytes + result.len, 1);
    return result;
}

static struct kedge_span span(const struct text *t)
{
    return (struct kedge_span){ t->bytes, t->len };
}

static const struct {
    struct kedge_span plain;
    struct kedge_span wire;
} texts[] = {
    { BYTES(""), BYTES("") },
    { BYTES("abc"), BYTES("abc") },
    { BYTES("\n"), BYTES("\r\n") },
    { BYTES("\r"), BYTES("\r\0") },
    { BYTES("\r\n"), BYTES("\r\0\r\n") },
    { BYTES("a\nb\rc\r\nd\n\n"), BYTES("a\r\nb\r\0c\r\0\r\nd\r\n\r\n") },
    { BYTES("\0x\377"), BYTES("\0x\377") },
    { BYTES("ends in \r"), BYTES("ends in \r\0") },
};

static void texts_are_translated_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct text wire = in_pieces(kedge_netascii_encode, texts[i].plain, 99, 99);
        struct text plain = in_pieces(kedge_netascii_decode, texts[i].wire, 99, 99);

        assert_span(span(&wire), texts[i].wire);
        assert_span(span(&plain), texts[i].plain);
    }
}

/* A generator with a fixed seed, rich in line ends. */
static uint8_t next_byte(uint32_t *seed)
{
    static const uint8_t often[] = { '\r', '\n', 0, 'a' };

    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 30 ? often[*seed >> 8 & 3] : (uint8_t)(*seed >> 16);
}

static void every_cut_gives_what_the_uncut_gives(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        uint8_t random[MOST];
        struct kedge_span in = { random, round * 6 };
        struct text wire;
        struct text plain;

        for (size_t i = 0; i < in.len; i++)
            random[i] = next_byte(&seed);
        wire = in_pieces(kedge_netascii_encode, in, sizeof random, 2 * MOST);
        plain = in_pieces(kedge_netascii_decode, in, sizeof random, 2 * MOST);
        for (size_t cut = 1; cut < 8; cut++)
            for (size_t room = 1; room < 8; room++) {
                struct text a = in_pieces(kedge_netascii_encode, in, cut, room);
                struct text b = in_pieces(kedge_netascii_decode, in, cut, room);

                assert_span(span(&a), span(&wire));
                assert_span(span(&b), span(&plain));
            }
        plain = in_pieces(kedge_netascii_decode, span(&wire), 5, 3);
        assert_span(span(&plain), in);
    }
}

/* The CR of a line end is a block's last byte: its LF is the next one's first. */
static void a_line_end_is_cut_by_a_block(void **state)
{
    struct kedge_netascii n = { 0 };
    uint8_t block[4];
    size_t used;

    (void)state;
    assert_int_equal(kedge_netascii_encode(&n, SPAN("abc\nd"), block, 4, &used), 4);
    assert_memory_equal(block, "abc\r", 4);
    assert_int_equal(used, 4);
    assert_int_equal(kedge_netascii_encode(&n, SPAN("d"), block, 4, &used), 2);
    assert_memory_equal(block, "\nd", 2);
    assert_int_equal(used, 1);
}

static void a_cr_at_the_end_of_the_file_is_kept(void **state)
{
    struct kedge_netascii n = { 0 };
    uint8_t out[4];
    size_t used;

    (void)state;
    assert_int_equal(kedge_netascii_decode(&n, SPAN("a\r"), out, 4, &used), 1);
    assert_int_equal(kedge_netascii_finish(&n, out, 0), 0); /* no room: it stays */
    assert_int_equal(kedge_netascii_finish(&n, out, 1), 1);
    assert_int_equal(out[0], '\r');
    assert_int_equal(kedge_netascii_finish(&n, out, 1), 0);
}

/* A CR that neither LF nor NUL follows: no sender should, yet nothing is lost. */
static void a_bare_cr_is_kept(void **state)
{
    struct text got = in_pieces(kedge_netascii_decode, SPAN("a\rb\r\rc"), 2, 1);

    (void)state;
    assert_span(span(&got), SPAN("a\rb\r\rc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_translated_both_ways),
        cmocka_unit_test(every_cut_gives_what_the_uncut_gives),
        cmocka_unit_test(a_line_end_is_cut_by_a_block),
        cmocka_unit_test(a_cr_at_the_end_of_the_file_is_kept),
        cmocka_unit_test(a_bare_cr_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
