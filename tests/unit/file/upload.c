/* SPDX-License-Identifier: MIT */
/* Tests of file/upload.h: whole under its name, or not at all. */
#include "sending.h"

#include "refuse.h"
#include "../skip.h"

#include <sys/syscall.h>

static void it_appears_at_the_commit(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    umask(077);
    assert_int_equal(begin(f, &s, "dir/new", 11), STORE_OK);
    assert_int_equal(write_text(&s, "world", 6), STORE_OK);
    assert_int_equal(write_text(&s, "hello ", 0), STORE_OK);
    assert_false(is_there(in_root(f, "dir/new")));
    assert_string_not_equal(temporary_in(in_root(f, "dir")).text, "");
    assert_int_equal(commit(f, &s), STORE_OK);
    assert_file(in_root(f, "dir/new"), "hello world");
    assert_int_equal(mode_of(in_root(f, "dir/new")), S_IFREG | 0644);
    assert_int_equal(entries(in_root(f, "dir")), 1);
}

static void what_is_off_is_refused_at_the_request(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    f->rules.policy = UPLOAD_REFUSE;
    assert_int_equal(begin(f, &s, "dir/new", 0), STORE_DENIED);
    assert_int_equal(entries(in_root(f, "dir")), 0);
}

static void an_empty_file_is_a_file(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    assert_int_equal(begin(f, &s, "empty", 0), STORE_OK);
    assert_int_equal(commit(f, &s), STORE_OK);
    assert_file(in_root(f, "empty"), "");
}

static void a_helper_can_write(void **state)
{
    struct fixture *f = *state;
    char bytes[] = "by a helper";
    struct iovec iov[2] = { { bytes, 3 }, { bytes + 3, 8 } };
    struct sending s;

    assert_int_equal(begin(f, &s, "new", 11), STORE_OK);
    upload_write_later(&f->tree.workers, &s.upload, iov, 2, 0);
    assert_int_equal(wait_for(f, &s), STORE_OK);
    assert_int_equal(commit(f, &s), STORE_OK);
    assert_file(in_root(f, "new"), "by a helper");
}

static void an_abort_leaves_what_was(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    put_file(in_root(f, "old"), "old");
    assert_int_equal(begin(f, &s, "old", 0), STORE_OK);
    assert_int_equal(write_text(&s, "new", 0), STORE_OK);
    assert_file(in_root(f, "old"), "old");
    give_up(f, &s);
    assert_file(in_root(f, "old"), "old");
    assert_int_equal(entries(in_root(f, "")), 2);
}

/* A link among the directories counts as the root has it. */
static void no_directory_outside_is_written(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkdir(at(&f->tree, "beside").text, 0755), 0);
    make_link("../beside", in_root(f, "out"));
    make_link(at(&f->tree, "beside").text, in_root(f, "exact"));
    make_link("/dir", in_root(f, "in"));
    assert_int_equal(send_text(f, "out/new", "x"), STORE_NOT_FOUND);
    assert_int_equal(send_text(f, "exact/new", "x"), STORE_NOT_FOUND);
    assert_int_equal(send_text(f, "../beside/new", "x"), STORE_NOT_FOUND);
    assert_int_equal(send_text(f, "../../new", "x"), STORE_OK);
    assert_int_equal(send_text(f, "in/new", "y"), STORE_OK);
    assert_int_equal(entries(at(&f->tree, "beside")), 0);
    assert_file(in_root(f, "new"), "x");
    assert_file(in_root(f, "dir/new"), "y");
}

static void the_announced_size_must_come(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    put_file(in_root(f, "old"), "old");
    assert_int_equal(begin(f, &s, "old", 4), STORE_OK);
    assert_int_equal(write_text(&s, "new", 0), STORE_OK);
    assert_int_equal(commit(f, &s), STORE_WRONG_SIZE);
    assert_file(in_root(f, "old"), "old");
    assert_int_equal(begin(f, &s, "old", 2), STORE_OK);
    assert_int_equal(write_text(&s, "new", 0), STORE_OK);
    assert_int_equal(commit(f, &s), STORE_WRONG_SIZE);
    assert_int_equal(begin(f, &s, "old", 3), STORE_OK);
    assert_int_equal(write_text(&s, "new", 0), STORE_OK);
    assert_int_equal(commit(f, &s), STORE_OK);
    assert_file(in_root(f, "old"), "new");
}

static void the_limit_holds(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    f->rules.max_bytes = 5;
    assert_int_equal(begin(f, &s, "new", 6), STORE_TOO_LARGE);
    assert_int_equal(send_text(f, "new", "12345"), STORE_OK);
    assert_int_equal(send_text(f, "more", "123456"), STORE_TOO_LARGE);
    assert_int_equal(begin(f, &s, "more", 5), STORE_OK);
    assert_int_equal(write_text(&s, "x", 5), STORE_TOO_LARGE);
    assert_int_equal(write_text(&s, "x", UINT64_MAX), STORE_TOO_LARGE);
    give_up(f, &s);
    assert_false(is_there(in_root(f, "more")));
}

/* In a process of its own: what a disk that fails at fsync makes of an upload. */
static int upload_without_fsync(void *arg)
{
    struct fixture *f = arg;
    struct workers w;
    struct sending s;

    if (workers_open(&w, &(struct workers_config){ .threads = 1 }) < 0)
        return 2;
    prepare(f, &s, "old", 0);
    upload_begin(&w, &s.upload);
    collect_all(&w);
    if (s.upload.result.error || write_text(&s, "new", 0) != STORE_OK)
        return 3;
    upload_commit(&w, &s.upload);
    collect_all(&w);
    return s.upload.result.error == STORE_IO && s.upload.result.err == EIO;
}

static void what_fsync_refuses_does_not_appear(void **state)
{
    struct fixture *f = *state;
    int told;

    put_file(in_root(f, "old"), "old");
    told = in_refused_child(SYS_fsync, EIO, upload_without_fsync, f);
    assert_file(in_root(f, "old"), "old");
    if (told == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(told, 1);
}

static void a_held_commit_harms_no_other(void **state)
{
    struct fixture *f = *state;
    struct sending slow;

    put_file(in_root(f, "old"), "old");
    assert_int_equal(begin(f, &slow, "old", 0), STORE_OK);
    assert_int_equal(write_text(&slow, "new", 0), STORE_OK);
    f->held = &slow.upload.job;
    upload_commit(&f->tree.workers, &slow.upload);
    for (int i = 0; i < 5; i++)
        assert_int_equal(send_text(f, "other", "text"), STORE_OK);
    assert_int_equal(slow.done, 0);
    assert_file(in_root(f, "old"), "old");
    sem_post(&f->let_go);
    assert_int_equal(wait_for(f, &slow), STORE_OK);
    assert_file(in_root(f, "old"), "new");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_appears_at_the_commit),
        TEST(what_is_off_is_refused_at_the_request),
        TEST(an_empty_file_is_a_file),
        TEST(a_helper_can_write),
        TEST(an_abort_leaves_what_was),
        TEST(no_directory_outside_is_written),
        TEST(the_announced_size_must_come),
        TEST(the_limit_holds),
        TEST(what_fsync_refuses_does_not_appear),
        TEST(a_held_commit_harms_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
