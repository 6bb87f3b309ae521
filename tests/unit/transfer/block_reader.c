/* SPDX-License-Identifier: MIT */
/* Tests of a file as TFTP blocks. */
#include "place.h"

#include "transfer/block_reader.h"

/* A file in memory; `calls` counts how often it was read. */
struct memory {
    struct kedge_span bytes;
    unsigned calls;
    enum store_error fails;
};

static struct store_result read_memory(void *file, const struct block_part *part,
                                       size_t *got)
{
    struct memory *m = file;
    size_t done = 0;

    m->calls++;
    if (m->fails)
        return store_fail(m->fails, "as told");
    for (int i = 0; i < part->count; i++) {
        size_t at = part->offset + done;
        size_t left = at < m->bytes.len ? m->bytes.len - at : 0;
        size_t len = part->iov[i].iov_len < left ? part->iov[i].iov_len : left;

        if (len > 0)
            memcpy(part->iov[i].iov_base, m->bytes.ptr + at, len);
        done += len;
    }
    *got = done;
    return store_ok();
}

static struct block_reader content_of(struct memory *m, uint32_t blksize, bool known)
{
    return (struct block_reader){ .read = read_memory,
                                  .file = m,
                                  .size = known ? m->bytes.len : UINT64_MAX,
                                  .blksize = blksize };
}

static void fill(struct block_reader *c, uint64_t first, uint64_t end,
                 struct data_packets *out)
{
    struct kedge_tftp_action a = { .first = first, .end = end };

    assert_int_equal(block_reader_fill(c, &a, 0, out).error, STORE_OK);
    assert_true(out->first == first);
}

static const struct {
    const char *file;
    uint64_t first, end;
    const char *want; /* without NULs: block numbers as digits stand for 00 0N */
    bool last;
} octet[] = {
    { "abcdefgh", 1, 2, "1abc", false },
    { "abcdefgh", 1, 3, "1abc2def", false },
    { "abcdefgh", 1, 4, "1abc2def3gh", true },
    { "abcdefgh", 3, 9, "3gh", true },
    { "abcdef", 1, 9, "1abc2def3", true },
    { "abcdef", 3, 4, "3", true },
    { "", 1, 2, "1", true },
    { "a", 1, 5, "1a", true },
    { "abcdefghij", 2, 4, "2def3ghi", false },
};

/* "1abc" as the packet 0 3 0 1 a b c, and so on. */
static size_t packets(const char *want, uint8_t *out)
{
    size_t len = 0;

    for (; *want; want++) {
        if (*want >= '0' && *want <= '9') {
            memcpy(out + len, "\0\3\0", 3);
            out[len + 3] = (uint8_t)(*want - '0');
            len += 4;
        } else {
            out[len++] = (uint8_t)*want;
        }
    }
    return len;
}

static void blocks_are_laid_back_to_back(void **state)
{
    uint8_t space[256], want[256];

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(octet); i++) {
        struct memory m = { .bytes = text(octet[i / 2].file) };
        struct block_reader c = content_of(&m, 3, i % 2);
        struct data_packets f = { .memory = space, .room = sizeof space };
        size_t len = packets(octet[i / 2].want, want);

        fill(&c, octet[i / 2].first, octet[i / 2].end, &f);
        assert_int_equal(f.len, len);
        assert_memory_equal(space, want, len);
        assert_int_equal(f.last, octet[i / 2].last);
        assert_true(f.end > f.first && f.end <= octet[i / 2].end);
    }
}

static const uint8_t *lend_memory(void *file, uint64_t offset, size_t len)
{
    const struct memory *m = file;

    assert_true(len > 0 && offset + len <= m->bytes.len);
    return m->fails ? NULL : m->bytes.ptr + offset;
}

/* The same packets, of which only the headers are in the frames' memory. */
static void lent_blocks_are_not_copied(void **state)
{
    uint8_t space[256], want[256], got[256];
    struct iovec pieces[2 * FRAMES_AT_ONCE];

    (void)state;
    for (size_t i = 0; i < COUNT(octet); i++) {
        struct memory m = { .bytes = text(octet[i].file) };
        struct block_reader c = content_of(&m, 3, true);
        struct data_packets f = { .memory = space,
                                  .room = sizeof space,
                                  .pieces = pieces };
        size_t len = packets(octet[i].want, want);
        size_t at = 0;

        c.lend = lend_memory;
        fill(&c, octet[i].first, octet[i].end, &f);
        assert_int_equal(f.lent, (octet[i].first - 1) * 3 < m.bytes.len);
        assert_int_equal(m.calls, 0);
        assert_int_equal(f.len, len);
        assert_int_equal(f.last, octet[i].last);
        for (uint64_t k = 0; f.lent && k < 2 * (f.end - f.first); k++) {
            memcpy(got + at, pieces[k].iov_base, pieces[k].iov_len);
            at += pieces[k].iov_len;
        }
        assert_memory_equal(f.lent ? got : space, want, len);
    }
}

static void what_is_not_lent_is_read(void **state)
{
    uint8_t space[16];
    struct iovec pieces[2 * FRAMES_AT_ONCE];
    struct memory m = { .bytes = text("abc"), .fails = STORE_LATER };
    struct block_reader c = content_of(&m, 2, true);
    struct data_packets f = { .memory = space, .room = sizeof space, .pieces = pieces };
    struct kedge_tftp_action a = { .first = 1, .end = 2 };

    (void)state;
    c.lend = lend_memory;
    assert_int_equal(block_reader_fill(&c, &a, 0, &f).error, STORE_LATER);
    assert_true(m.calls == 1 && !f.lent);
}

static void no_more_than_there_is_room_for(void **state)
{
    uint8_t space[20];
    struct memory m = { .bytes = text("abcdefghijkl") };
    struct block_reader c = content_of(&m, 3, true);
    struct data_packets f = { .memory = space, .room = sizeof space };

    (void)state;
    fill(&c, 1, 9, &f);
    assert_true(f.end == 3 && f.len == 14 && !f.last);
    f.room = 7;
    fill(&c, 4, 9, &f);
    assert_true(f.end == 5 && f.len == 7 && !f.last);
}

static void numbers_wrap_as_they_are_told_to(void **state)
{
    uint8_t space[16];
    struct memory m = { .bytes = { NULL, 0 } };
    struct block_reader c = content_of(&m, 1, true);
    struct data_packets f = { .memory = space, .room = sizeof space };
    struct kedge_tftp_action a = { .first = 65536, .end = 65537 };

    (void)state;
    assert_int_equal(block_reader_fill(&c, &a, 0, &f).error, STORE_OK);
    assert_memory_equal(space, "\0\3\0\0", 4);
    assert_int_equal(block_reader_fill(&c, &a, 1, &f).error, STORE_OK);
    assert_memory_equal(space, "\0\3\0\1", 4);
}

static void a_read_that_fails_is_told(void **state)
{
    uint8_t space[16];
    struct memory m = { .bytes = text("abc"), .fails = STORE_LATER };
    struct block_reader c = content_of(&m, 3, true);
    struct data_packets f = { .memory = space, .room = sizeof space };
    struct kedge_tftp_action a = { .first = 1, .end = 2 };

    (void)state;
    assert_int_equal(block_reader_fill(&c, &a, 0, &f).error, STORE_LATER);
    c.netascii = true;
    assert_int_equal(block_reader_fill(&c, &a, 0, &f).error, STORE_LATER);
}

/* Each block once or twice, as lock-step has it: the bytes are those of one encoding. */
static void text_goes_on_where_a_block_was_cut(void **state)
{
    const char *file = "a\nb\rcc\n\n\r\rddd\n";
    const struct kedge_span want = {
        (const uint8_t *)"a\r\nb\r\0cc\r\n\r\n\r\0\r\0ddd\r\n", 21
    };
    uint8_t space[64];

    (void)state;
    for (uint32_t blksize = 8; blksize <= 24; blksize++) {
        struct memory m = { .bytes = text(file) };
        struct block_reader c = content_of(&m, blksize, blksize % 2);
        struct data_packets f = { .memory = space, .room = sizeof space };
        size_t at = 0;
        uint64_t block = 1;

        c.netascii = true;
        for (bool last = false; !last; block++) {
            for (unsigned twice = 0; twice <= block % 2; twice++)
                fill(&c, block, block + 5, &f);
            assert_true(f.end == block + 1 && at + f.len - 4 <= want.len);
            assert_memory_equal(space + 4, want.ptr + at, f.len - 4);
            at += f.len - 4;
            last = f.last;
        }
        assert_int_equal(at, want.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_laid_back_to_back),
        cmocka_unit_test(lent_blocks_are_not_copied),
        cmocka_unit_test(what_is_not_lent_is_read),
        cmocka_unit_test(no_more_than_there_is_room_for),
        cmocka_unit_test(numbers_wrap_as_they_are_told_to),
        cmocka_unit_test(a_read_that_fails_is_told),
        cmocka_unit_test(text_goes_on_where_a_block_was_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
