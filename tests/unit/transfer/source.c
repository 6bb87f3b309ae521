/* SPDX-License-Identifier: MIT */
/* Tests of an upload's file. */
#include "place.h"

#include "transfer/source.h"

static void open_source(struct fetch_source *s, const char *path, const uint8_t *sum)
{
    const struct fetch_source_options options = { path, 4, 8, sum };

    assert_int_equal(fetch_source_open(s, &options).cause, KEDGE_TRANSFER_DONE);
}

/* In pieces of 2 bytes, as blocks of a window are. */
static size_t read_part(struct fetch_source *s, uint64_t offset, size_t want, char *out)
{
    struct iovec v[16];
    struct block_part part = { v, 0, offset, want };
    size_t got;

    for (size_t i = 0; i < want; i += 2)
        v[part.count++] = (struct iovec){ out + i, i + 2 <= want ? 2 : 1 };
    assert_int_equal(s->file.read(s, &part, &got).error, STORE_OK);
    out[got] = 0;
    return got;
}

static void a_file_is_read_at_any_place(void **state)
{
    struct fetch_source s;
    char out[32];

    put_bytes(at(*state, "f"), "0123456789", 10);
    open_source(&s, at(*state, "f").text, NULL);
    assert_true(s.file.size == 10);
    assert_null(s.file.ready);
    assert_int_equal(read_part(&s, 3, 7, out), 7);
    assert_string_equal(out, "3456789");
    assert_int_equal(read_part(&s, 0, 5, out), 5);
    assert_string_equal(out, "01234");
    assert_true(s.file.rewind(&s.file));
    fetch_source_close(&s);
}

/* A block that is sent again is hashed once, and another attempt may ask again. */
static void its_sum_is_of_each_byte_once(void **state)
{
    struct fetch_source s;
    char out[32];

    put_bytes(at(*state, "f"), "abc", 3);
    open_source(&s, at(*state, "f").text, sum_of_abc);
    read_part(&s, 0, 2, out);
    read_part(&s, 0, 2, out);
    assert_int_equal(s.file.complete(&s.file).cause, KEDGE_TRANSFER_WRONG_SUM);
    read_part(&s, 0, 3, out);
    assert_int_equal(s.file.complete(&s.file).cause, KEDGE_TRANSFER_DONE);
    read_part(&s, 1, 2, out);
    read_part(&s, 0, 1, out);
    assert_int_equal(s.file.complete(&s.file).cause, KEDGE_TRANSFER_DONE);
    fetch_source_close(&s);
}

static void a_file_that_changes_is_not_complete(void **state)
{
    struct fetch_source s;

    put_bytes(at(*state, "f"), "abc", 3);
    open_source(&s, at(*state, "f").text, NULL);
    assert_int_equal(s.file.complete(&s.file).cause, KEDGE_TRANSFER_DONE);
    put_bytes(at(*state, "f"), "abcd", 4);
    assert_int_equal(s.file.complete(&s.file).cause, KEDGE_TRANSFER_CHANGED);
    fetch_source_close(&s);
}

static void a_pipe_gives_what_it_has(void **state)
{
    struct fetch_source s;
    char path[64];
    char out[32];
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fds[0]);
    open_source(&s, path, NULL);
    close(fds[0]);
    assert_true(s.file.size == FETCH_UNKNOWN);
    assert_true(s.file.ready(&s.file, 0, 8) == 0);
    assert_int_equal(write(fds[1], "abcde", 5), 5);
    assert_true(s.file.ready(&s.file, 0, 4) == 4);
    assert_true(s.file.ready(&s.file, 2, 8) == 3);
    assert_int_equal(read_part(&s, 0, 4, out), 4);
    assert_string_equal(out, "abcd");
    close(fds[1]);
    assert_true(s.file.ready(&s.file, 4, 8) == FETCH_UNKNOWN);
    assert_true(s.file.size == 5);
    assert_int_equal(read_part(&s, 4, 4, out), 1);
    assert_int_equal(read_part(&s, 0, 5, out), 5);
    assert_int_equal(s.file.complete(&s.file).cause, KEDGE_TRANSFER_DONE);
    assert_true(s.file.rewind(&s.file));
    fetch_source_close(&s);
}

static void a_pipe_that_has_gone_on_does_not_begin_again(void **state)
{
    struct fetch_source s;
    size_t room;

    put_bytes(at(*state, "f"), "abc", 3);
    open_source(&s, at(*state, "f").text, NULL);
    room = s.local.keep_room;
    assert_true(room >= 4 * 8);
    s.local.stream = true;
    s.local.end = room;
    assert_true(s.file.rewind(&s.file));
    s.local.end = room + 1;
    assert_false(s.file.rewind(&s.file));
    fetch_source_close(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, publish_open, publish_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_at_any_place),
        TEST(its_sum_is_of_each_byte_once),
        TEST(a_file_that_changes_is_not_complete),
        TEST(a_pipe_gives_what_it_has),
        TEST(a_pipe_that_has_gone_on_does_not_begin_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
