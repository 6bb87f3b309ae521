/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/cold_read.h: what a helper has read is copied where it is wanted, and no
 * byte that it has not. */
#include "../../file/tree.h"

#include "serve/tftp/cold_read.h"

enum { SIZE = 1000, FIRST = 100, READ = 300 };

struct scene {
    struct cold_read c;
    struct cached_file file;
    int done;
    enum store_error error;
    uint8_t out[SIZE];
    struct iovec v[2];
};

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void is_read(struct cold_read *c, struct store_result result)
{
    struct scene *s = JOB_OWNER(c, struct scene, c);

    s->done = 1;
    s->error = result.error;
}

/* In two pieces. */
static struct block_part part_of(struct scene *s, uint64_t offset, size_t want)
{
    s->v[0] = (struct iovec){ s->out, want / 2 };
    s->v[1] = (struct iovec){ s->out + want / 2, want - want / 2 };
    return (struct block_part){ .iov = s->v, .count = 2, .offset = offset, .want = want };
}

static void begin(struct tree *t, struct scene *s, uint64_t offset, size_t want)
{
    struct block_part part = part_of(s, offset, want);

    s->c.done = is_read;
    assert_int_equal(cold_read_begin(&s->c, &t->workers, &s->file, &part).error,
                     STORE_LATER);
    assert_false(cold_read_copy(&s->c, &part)); /* not yet */
    collect_until(&t->workers, &s->done);
    s->done = 0;
}

static struct scene *scene_new(struct tree *t)
{
    struct scene *s = calloc(1, sizeof *s);
    uint8_t bytes[SIZE];

    assert_non_null(s);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = byte_at(i);
    s->file.fd = open(at(t, "file").text, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    s->file.size = SIZE;
    assert_int_equal(write(s->file.fd, bytes, SIZE), SIZE);
    return s;
}

static void scene_free(struct scene *s)
{
    cold_read_forget(&s->c);
    close(s->file.fd);
    free(s);
}

static void a_part_is_copied_from_its_place(void **state)
{
    struct scene *s = scene_new(*state);

    begin(*state, s, FIRST, READ);
    assert_int_equal(s->error, STORE_OK);
    for (size_t from = FIRST; from < FIRST + READ; from += 50)
        for (size_t want = 1; from + want <= FIRST + READ; want += 49) {
            struct block_part part = part_of(s, from, want);

            memset(s->out, 0, sizeof s->out);
            assert_true(cold_read_copy(&s->c, &part));
            for (size_t i = 0; i < want; i++)
                assert_int_equal(s->out[i], byte_at(from + i));
        }
    scene_free(s);
}

static void what_was_not_read_is_not_copied(void **state)
{
    static const struct {
        uint64_t offset;
        size_t want;
    } parts[] = {
        { 0, 10 },
        { FIRST - 1, 1 },
        { FIRST - 1, READ },
        { FIRST, READ + 1 },
        { FIRST + READ - 1, 2 },
        { FIRST + READ, 1 },
        { FIRST + READ + 1, 1 },
        { UINT64_MAX - 10, 5 },
    };
    struct scene *s = scene_new(*state);

    begin(*state, s, FIRST, READ);
    for (size_t i = 0; i < COUNT(parts); i++) {
        struct block_part part = part_of(s, parts[i].offset, parts[i].want);

        assert_false(cold_read_copy(&s->c, &part));
    }
    scene_free(s);
}

static void what_is_forgotten_is_gone(void **state)
{
    struct scene *s = scene_new(*state);
    struct block_part part = part_of(s, FIRST, READ);

    begin(*state, s, FIRST, READ);
    cold_read_forget(&s->c);
    assert_false(cold_read_copy(&s->c, &part));
    cold_read_forget(&s->c);
    begin(*state, s, 0, 10); /* and the next is read from where it is */
    part = part_of(s, 0, 10);
    assert_true(cold_read_copy(&s->c, &part));
    assert_int_equal(s->out[9], byte_at(9));
    scene_free(s);
}

static void a_file_that_ends_early_is_told(void **state)
{
    struct scene *s = scene_new(*state);

    assert_int_equal(ftruncate(s->file.fd, FIRST + 5), 0);
    begin(*state, s, FIRST, READ);
    assert_int_equal(s->error, STORE_CHANGED);
    scene_free(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_part_is_copied_from_its_place),
        TEST(what_was_not_read_is_not_copied),
        TEST(what_is_forgotten_is_gone),
        TEST(a_file_that_ends_early_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
