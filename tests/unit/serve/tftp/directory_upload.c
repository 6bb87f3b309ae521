/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/directory_upload.h: gathered bytes reach their places in the file, also of
 * a slow disk and where memory is another's, and a write that failed is told. */
#include "../../file/tree.h"

#include "base/number.h"
#include "serve/tftp/directory_upload.h"

enum { ROOM = 1 << 16 };

struct sending {
    struct provided_file file;
    struct directory_upload u;
    struct root_name name;
    bool slow;
    int done;
    enum store_error error;
};

static const struct upload_rules overwrite = { .policy = UPLOAD_OVERWRITE,
                                               .mode = UPLOAD_MODE,
                                               .max_bytes = 8 * (uint64_t)ROOM };

static void resume(void *transfer, struct store_result result)
{
    struct sending *s = transfer;

    s->done = 1;
    s->error = result.error;
}

static void opened(struct provided_file *file)
{
    struct sending *s = JOB_OWNER(file, struct sending, file);

    s->u.upload.slow = s->slow;
}

static enum store_error await(struct tree *t, struct sending *s)
{
    collect_until(&t->workers, &s->done);
    s->done = 0;
    return s->error;
}

static void begin(struct tree *t, struct gatherers *all, struct sending *s,
                  const char *name)
{
    s->name = name_of(t, name);
    s->file = (struct provided_file){ .resume = resume, .transfer = s };
    s->u = (struct directory_upload){
        .file = &s->file, .workers = &t->workers, .gatherers = all, .opened = opened
    };
    s->u.upload = (struct upload){ .root = &t->root, .rules = &overwrite };
    s->u.upload.name = &s->name;
    assert_int_equal(directory_upload_open(&s->u).error, STORE_LATER);
    assert_int_equal(await(t, s), STORE_OK);
}

static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static enum store_error give(struct sending *s, uint64_t offset, size_t len)
{
    uint8_t bytes[ROOM];

    for (size_t i = 0; i < len; i++)
        bytes[i] = byte_at(offset + i);
    return directory_upload_write(&s->u, (struct kedge_span){ bytes, len }, offset).error;
}

static void finish(struct tree *t, struct sending *s)
{
    assert_int_equal(directory_upload_commit(&s->u).error, STORE_LATER);
    assert_int_equal(await(t, s), STORE_OK);
    assert_int_equal(directory_upload_close(&s->u).error, STORE_OK);
}

static void give_up(struct tree *t, struct sending *s)
{
    assert_int_equal(directory_upload_close(&s->u).error, STORE_LATER);
    assert_int_equal(await(t, s), STORE_OK);
}

static void holds(const struct tree *t, const char *name, size_t size)
{
    int fd = open(at(t, name).text, O_RDONLY | O_CLOEXEC);
    uint8_t *got = malloc(size + 1);

    assert_true(fd >= 0 && got);
    assert_int_equal(read(fd, got, size + 1), size);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(got[i], byte_at(i));
    free(got);
    close(fd);
}

static struct sending *sending_new(void)
{
    struct sending *s = calloc(1, sizeof *s);

    assert_non_null(s);
    return s;
}

static void blocks_of_any_size_are_put_together(void **state)
{
    static const size_t sizes[] = { 1, 512, 1428, 8192, 40000, 65464 };

    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct gatherers all = { 0 };
        struct sending *s = sending_new();
        size_t size = sizes[i] == 1 ? 2000 : 3 * ROOM + 17;

        begin(*state, &all, s, "file");
        for (size_t offset = 0; offset < size; offset += sizes[i])
            assert_int_equal(give(s, offset, (size_t)min_u64(sizes[i], size - offset)),
                             STORE_OK);
        finish(*state, s);
        assert_int_equal(all.count, 0);
        holds(*state, "root/file", size);
        free(s);
    }
}

/* The one that got bytes longest ago gives way, and goes on with its next block. */
static void memory_is_for_so_many_at_once(void **state)
{
    enum { MANY = GATHERERS_MAX + 1 };
    struct gatherers all = { 0 };
    struct sending **s = calloc(MANY, sizeof(struct sending *));
    char name[16];

    assert_non_null(s);
    for (unsigned i = 0; i < MANY; i++) {
        s[i] = sending_new();
        (void)snprintf(name, sizeof name, "%u", i);
        begin(*state, &all, s[i], name);
        assert_int_equal(give(s[i], 0, 600), STORE_OK);
        assert_true(all.count <= GATHERERS_MAX);
    }
    assert_null(s[0]->u.gathered.bytes);
    assert_int_equal(give(s[0], 600, 500), STORE_OK);
    assert_null(s[1]->u.gathered.bytes);
    finish(*state, s[0]);
    holds(*state, "root/0", 1100);
    finish(*state, s[1]);
    holds(*state, "root/1", 600);
    for (unsigned i = 2; i < MANY; i++)
        give_up(*state, s[i]);
    for (unsigned i = 0; i < MANY; i++)
        free(s[i]);
    free(s);
    assert_int_equal(all.count, 0);
    assert_int_equal(entries(at(*state, "root")), 2);
}

/* By the next one's request for memory: its own next call says so. */
static void a_write_that_failed_for_another_is_told(void **state)
{
    for (int commits = 0; commits < 2; commits++) {
        struct gatherers all = { 0 };
        struct sending *s = sending_new(), *other = sending_new();

        begin(*state, &all, s, "file");
        begin(*state, &all, other, "other");
        assert_int_equal(give(s, 8 * (uint64_t)ROOM, 10),
                         STORE_OK); /* beyond the limit */
        all.count = GATHERERS_MAX;
        assert_int_equal(give(other, 0, 10), STORE_OK);
        all.count = 1;
        if (commits)
            assert_int_equal(directory_upload_commit(&s->u).error, STORE_TOO_LARGE);
        else
            assert_int_equal(give(s, 0, 10), STORE_TOO_LARGE);
        give_up(*state, s);
        give_up(*state, other);
        assert_int_equal(entries(at(*state, "root")), 0);
        free(s);
        free(other);
    }
}

/* What comes while a helper writes is behind what it writes. */
static void a_slow_disk_is_waited_for(void **state)
{
    struct gatherers all = { 0 };
    struct sending *s = sending_new();

    s->slow = true;
    begin(*state, &all, s, "file");
    assert_true(s->file.slow);
    assert_int_equal(give(s, 0, 30000), STORE_LATER);
    assert_int_equal(give(s, 30000, 20000), STORE_LATER);
    assert_int_equal(give(s, 50000, 10000), STORE_LATER);
    assert_int_equal(await(*state, s), STORE_OK); /* all three are written */
    assert_int_equal(give(s, 60000, 1000), STORE_LATER);
    assert_int_equal(directory_upload_commit(&s->u).error, STORE_LATER);
    assert_int_equal(await(*state, s), STORE_OK);
    assert_int_equal(directory_upload_close(&s->u).error, STORE_OK);
    holds(*state, "root/file", 61000);
    free(s);
}

static void a_peer_that_does_not_wait_for_a_slow_disk_is_refused(void **state)
{
    struct gatherers all = { 0 };
    struct sending *s = sending_new();

    s->slow = true;
    begin(*state, &all, s, "file");
    assert_int_equal(give(s, 0, 40000), STORE_LATER);
    assert_int_equal(give(s, 40000, 40000), STORE_IO);
    assert_int_equal(await(*state, s), STORE_OK);
    give_up(*state, s);
    assert_int_equal(entries(at(*state, "root")), 0);
    free(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(blocks_of_any_size_are_put_together),
        TEST(memory_is_for_so_many_at_once),
        TEST(a_write_that_failed_for_another_is_told),
        TEST(a_slow_disk_is_waited_for),
        TEST(a_peer_that_does_not_wait_for_a_slow_disk_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
