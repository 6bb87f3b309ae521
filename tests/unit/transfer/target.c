/* SPDX-License-Identifier: MIT */
/* Tests of a download's file. */
#include "place.h"

#include "transfer/target.h"

static void write_all(struct fetch_target *t, const char *bytes, uint64_t offset)
{
    assert_int_equal(t->file.write(t, text(bytes), offset).error, STORE_OK);
}

static void open_target(struct fetch_target *t, const char *path, const uint8_t *sum)
{
    assert_int_equal(fetch_target_open(t, path, sum).cause, KEDGE_TRANSFER_DONE);
}

static enum kedge_transfer_cause keep(struct fetch_target *t, uint64_t size,
                                      uint64_t announced)
{
    return t->file.keep(&t->file, size, announced).cause;
}

static void it_appears_when_it_is_kept(void **state)
{
    struct path path = at(*state, "f");
    struct fetch_target t;

    open_target(&t, path.text, NULL);
    write_all(&t, "ab", 0);
    write_all(&t, "c", 2);
    assert_int_not_equal(access(path.text, F_OK), 0);
    assert_int_equal(keep(&t, 3, 3), KEDGE_TRANSFER_DONE);
    assert_bytes(path, "abc", 3);
    fetch_target_close(&t);
    assert_int_equal(place_files(*state, false), 1);
}

static void another_size_is_not_kept(void **state)
{
    static const uint64_t announced[] = { 0, 2, 4 };
    struct fetch_target t;

    for (size_t i = 0; i < COUNT(announced); i++) {
        open_target(&t, at(*state, "f").text, NULL);
        write_all(&t, "abc", 0);
        assert_int_equal(keep(&t, 3, announced[i]), KEDGE_TRANSFER_WRONG_SIZE);
        fetch_target_close(&t);
        assert_int_equal(place_files(*state, false), 0);
    }
}

static void another_sum_is_not_kept(void **state)
{
    struct fetch_target t;

    open_target(&t, at(*state, "f").text, sum_of_abc);
    write_all(&t, "abd", 0);
    assert_int_equal(keep(&t, 3, FETCH_UNKNOWN), KEDGE_TRANSFER_WRONG_SUM);
    fetch_target_close(&t);
    assert_int_equal(place_files(*state, false), 0);
    open_target(&t, at(*state, "f").text, sum_of_abc);
    write_all(&t, "a", 0);
    write_all(&t, "bc", 1);
    assert_int_equal(keep(&t, 3, FETCH_UNKNOWN), KEDGE_TRANSFER_DONE);
    fetch_target_close(&t);
}

/* Large bodies go past the buffer, small ones through it: in any order it is one file. */
static void bodies_of_any_size_follow_each_other(void **state)
{
    static const size_t sizes[] = {
        1, 65464, 512, 65464, 65464, 1428, 262144, 7, 300000
    };
    struct fetch_target t;
    uint8_t *bytes = malloc(1 << 20);
    size_t len = 0;

    assert_non_null(bytes);
    for (size_t i = 0; i < 1 << 20; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    open_target(&t, at(*state, "f").text, NULL);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct kedge_span body = { bytes + len, sizes[i] };

        assert_int_equal(t.file.write(&t, body, len).error, STORE_OK);
        len += sizes[i];
    }
    assert_int_equal(keep(&t, len, len), KEDGE_TRANSFER_DONE);
    assert_bytes(at(*state, "f"), bytes, len);
    fetch_target_close(&t);
    free(bytes);
}

/* Another attempt may find a shorter file: nothing of the first is left in it. */
static void a_file_begins_anew(void **state)
{
    struct fetch_target t;

    open_target(&t, at(*state, "f").text, sum_of_abc);
    write_all(&t, "something longer", 0);
    assert_true(t.file.rewind(&t.file));
    write_all(&t, "abc", 0);
    assert_int_equal(keep(&t, 3, 3), KEDGE_TRANSFER_DONE);
    assert_bytes(at(*state, "f"), "abc", 3);
    fetch_target_close(&t);
    assert_int_equal(place_files(*state, false), 1);
}

/* What a pipe has got, it has got. */
static void a_stream_is_told_nothing_twice(void **state)
{
    struct fetch_target t;
    char path[64];
    char got[16] = "";
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fds[1]);
    open_target(&t, path, sum_of_abc);
    write_all(&t, "ab", 0);
    assert_int_equal(t.file.settle(&t.file).error, STORE_OK);
    assert_int_equal(read(fds[0], got, sizeof got), 2);
    assert_true(t.file.rewind(&t.file));
    write_all(&t, "a", 0);
    write_all(&t, "bc", 1);
    assert_int_equal(keep(&t, 3, 3), KEDGE_TRANSFER_DONE);
    assert_int_equal(read(fds[0], got, sizeof got), 1);
    assert_int_equal(got[0], 'c');
    fetch_target_close(&t);
    close(fds[0]);
    close(fds[1]);
}

static void a_target_that_cannot_be(void **state)
{
    struct fetch_target t;
    struct transfer_error fault = fetch_target_open(&t, at(*state, "no/f").text, NULL);

    assert_int_equal(fault.cause, KEDGE_TRANSFER_LOCAL_FILE);
    fetch_target_close(&t);
    fault = fetch_target_open(&t, ((struct place *)*state)->path, NULL);
    assert_int_equal(fault.cause, KEDGE_TRANSFER_LOCAL_FILE);
    fetch_target_close(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, publish_open, publish_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_appears_when_it_is_kept), TEST(another_size_is_not_kept),
        TEST(another_sum_is_not_kept),    TEST(bodies_of_any_size_follow_each_other),
        TEST(a_file_begins_anew),         TEST(a_stream_is_told_nothing_twice),
        TEST(a_target_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
