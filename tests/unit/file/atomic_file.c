/* SPDX-License-Identifier: MIT */
/* Tests of file/atomic_file.h. */
#include "tree.h"

#include "file/atomic_file.h"

static enum store_error open_at(struct atomic_file *f, struct path p)
{
    return atomic_file_open(f, p.text).error;
}

static void the_old_one_stays_until_the_new_one_is_complete(void **state)
{
    struct tree *t = *state;
    struct atomic_file f;

    umask(022);
    assert_int_equal(open_at(&f, at(t, "f")), STORE_OK);
    fputs("one", f.out);
    assert_int_equal(atomic_file_commit(&f).error, STORE_OK);
    assert_null(f.out);
    assert_file(at(t, "f"), "one");
    assert_int_equal(mode_of(at(t, "f")), S_IFREG | 0644);
    assert_int_equal(open_at(&f, at(t, "f")), STORE_OK);
    fputs("two", f.out);
    (void)fflush(f.out);
    assert_file(at(t, "f"), "one");
    atomic_file_drop(&f);
    atomic_file_drop(&f);
    assert_file(at(t, "f"), "one");
    assert_int_equal(entries(at(t, "")), 2);
}

/* More than a stream's memory, so that it goes out in several writes. */
static void many_writes_follow_each_other(void **state)
{
    struct tree *t = *state;
    struct atomic_file f;
    struct stat st;

    assert_int_equal(open_at(&f, at(t, "long")), STORE_OK);
    for (int i = 0; i < 20000; i++)
        fprintf(f.out, "%04x", i);
    assert_int_equal(atomic_file_commit(&f).error, STORE_OK);
    assert_int_equal(stat(at(t, "long").text, &st), 0);
    assert_int_equal(st.st_size, 80000);
}

static void a_link_stays_and_what_it_leads_to_is_replaced(void **state)
{
    struct tree *t = *state;
    struct atomic_file f;

    put_file(at(t, "root/file"), "old");
    make_link("root/file", at(t, "link"));
    assert_int_equal(open_at(&f, at(t, "link")), STORE_OK);
    fputs("new", f.out);
    assert_int_equal(atomic_file_commit(&f).error, STORE_OK);
    assert_true(S_ISLNK(mode_of(at(t, "link"))));
    assert_file(at(t, "root/file"), "new");
}

static void faults_are_returned_and_leave_nothing(void **state)
{
    struct tree *t = *state;
    struct atomic_file f;

    assert_int_equal(open_at(&f, at(t, "absent/f")), STORE_NOT_FOUND);
    assert_null(f.out);
    atomic_file_drop(&f);
    assert_int_equal(open_at(&f, at(t, "root")), STORE_DENIED);
    assert_int_equal(atomic_file_open(&f, "/dev/full").error, STORE_OK);
    fputs("x", f.out);
    assert_int_equal(atomic_file_commit(&f).err, ENOSPC);
    assert_int_equal(atomic_file_open(&f, "/dev/full").error, STORE_OK);
    fputs("x", f.out);
    (void)fflush(f.out); /* a fault in the middle is not forgotten */
    assert_int_equal(atomic_file_commit(&f).err, ENOSPC);
    assert_int_equal(entries(at(t, "")), 1);
}

/* A dropped one writes nothing, not even through. */
static void a_drop_writes_nothing(void **state)
{
    struct tree *t = *state;
    struct atomic_file f;
    char got[8];
    int reader;

    assert_int_equal(mkfifo(at(t, "fifo").text, 0600), 0);
    reader = open(at(t, "fifo").text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(open_at(&f, at(t, "fifo")), STORE_OK);
    fputs("abc", f.out);
    atomic_file_drop(&f);
    assert_int_equal(read(reader, got, sizeof got), 0);
    close(reader);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_old_one_stays_until_the_new_one_is_complete),
        TEST(many_writes_follow_each_other),
        TEST(a_link_stays_and_what_it_leads_to_is_replaced),
        TEST(faults_are_returned_and_leave_nothing),
        TEST(a_drop_writes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
