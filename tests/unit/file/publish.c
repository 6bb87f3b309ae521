/* Tests of file/publish.h, by whole uploads: which name goes to whom. */
#include "sending.h"

#include "refuse.h"
#include "file/publish.h"
#include "../skip.h"

#include <sys/syscall.h>

/* What each policy makes of a name that is free, taken by a file, a link, a directory. */
static const struct {
    enum upload_policy policy;
    enum store_error absent, file, link, directory;
} policies[] = {
    { UPLOAD_REFUSE, STORE_DENIED, STORE_DENIED, STORE_DENIED, STORE_DENIED },
    { UPLOAD_CREATE, STORE_OK, STORE_EXISTS, STORE_EXISTS, STORE_EXISTS },
    { UPLOAD_OVERWRITE, STORE_OK, STORE_OK, STORE_OK, STORE_DENIED },
    { UPLOAD_VERSION, STORE_OK, STORE_OK, STORE_OK, STORE_DENIED },
};

static void policies_follow_their_table(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(policies); i++) {
        f->rules.policy = policies[i].policy;
        (void)unlink(in_root(f, "absent").text);
        (void)unlink(in_root(f, "link").text);
        put_file(in_root(f, "file"), "old");
        make_link("file", in_root(f, "link"));
        assert_int_equal(send_text(f, "absent", "new"), policies[i].absent);
        assert_int_equal(send_text(f, "link", "new"), policies[i].link);
        assert_file(in_root(f, "file"), "old"); /* never through the link */
        assert_int_equal(send_text(f, "file", "new"), policies[i].file);
        assert_int_equal(send_text(f, "dir", "new"), policies[i].directory);
    }
}

static void a_link_is_replaced_and_never_followed(void **state)
{
    struct fixture *f = *state;

    put_file(at(&f->tree, "outside"), "outside");
    make_link("../outside", in_root(f, "link"));
    assert_int_equal(send_text(f, "link", "new"), STORE_OK);
    assert_file(in_root(f, "link"), "new");
    assert_true(S_ISREG(mode_of(in_root(f, "link"))));
    assert_file(at(&f->tree, "outside"), "outside");

    f->rules.policy = UPLOAD_VERSION;
    assert_int_equal(unlink(in_root(f, "link").text), 0);
    make_link("../outside", in_root(f, "link"));
    assert_int_equal(send_text(f, "link", "newer"), STORE_OK);
    assert_file(in_root(f, "link"), "newer");
    assert_true(S_ISLNK(mode_of(in_root(f, "link.~1~"))));
    assert_file(at(&f->tree, "outside"), "outside");
}

static void what_is_no_file_is_not_replaced(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkfifo(in_root(f, "fifo").text, 0644), 0);
    assert_int_equal(send_text(f, "fifo", "x"), STORE_DENIED);
    assert_true(S_ISFIFO(mode_of(in_root(f, "fifo"))));
    assert_int_equal(send_text(f, "dir/", "x"), STORE_BAD_NAME);
    assert_int_equal(send_text(f, "..", "x"), STORE_BAD_NAME);
    assert_int_equal(send_text(f, "absent/new", "x"), STORE_NOT_FOUND);
}

static void the_mode_is_that_of_the_replaced(void **state)
{
    struct fixture *f = *state;

    put_file(in_root(f, "old"), "old");
    assert_int_equal(chmod(in_root(f, "old").text, 0640), 0);
    f->rules.mode = 0600;
    assert_int_equal(send_text(f, "old", "new"), STORE_OK);
    assert_int_equal(mode_of(in_root(f, "old")), S_IFREG | 0640);
    assert_int_equal(send_text(f, "fresh", "new"), STORE_OK);
    assert_int_equal(mode_of(in_root(f, "fresh")), S_IFREG | 0600);
}

static void versions_are_numbered_on(void **state)
{
    struct fixture *f = *state;

    f->rules.policy = UPLOAD_VERSION;
    put_file(in_root(f, "n.~x~"), "not a version");
    put_file(in_root(f, "n.~~"), "not a version");
    put_file(in_root(f, "m.~99~"), "another's");
    assert_int_equal(send_text(f, "n", "first"), STORE_OK);
    assert_int_equal(send_text(f, "n", "second"), STORE_OK);
    assert_int_equal(send_text(f, "n", "third"), STORE_OK);
    assert_file(in_root(f, "n"), "third");
    assert_file(in_root(f, "n.~1~"), "first");
    assert_file(in_root(f, "n.~2~"), "second");
    put_file(in_root(f, "n.~41~"), "kept");
    assert_int_equal(send_text(f, "n", "fourth"), STORE_OK);
    assert_file(in_root(f, "n.~41~"), "kept");
    assert_file(in_root(f, "n.~42~"), "third");
    assert_int_equal(entries(in_root(f, "")), 1 + 3 + 1 + 4);
}

static void a_version_keeps_the_old_files_mode(void **state)
{
    struct fixture *f = *state;

    f->rules.policy = UPLOAD_VERSION;
    put_file(in_root(f, "n"), "first");
    assert_int_equal(chmod(in_root(f, "n").text, 0604), 0);
    assert_int_equal(send_text(f, "n", "second"), STORE_OK);
    assert_int_equal(mode_of(in_root(f, "n")), S_IFREG | 0604);
    assert_int_equal(mode_of(in_root(f, "n.~1~")), S_IFREG | 0604);
}

static void a_name_too_long_for_a_version_fails(void **state)
{
    struct fixture *f = *state;
    char name[NAME_MAX - 1] = "";

    f->rules.policy = UPLOAD_VERSION;
    memset(name, 'n', sizeof name - 1);
    assert_int_equal(send_text(f, name, "first"), STORE_OK);
    assert_int_equal(send_text(f, name, "second"), STORE_BAD_NAME);
    assert_file(in_root(f, name), "first");
    assert_int_equal(entries(in_root(f, "")), 2);
}

/* What a link leads to counts for nothing, be it a directory, nothing, or a mode. */
static void any_link_is_replaced(void **state)
{
    static const char *const leads_to[] = { "dir", "absent", "/dev/null", "narrow" };
    struct fixture *f = *state;

    put_file(in_root(f, "narrow"), "");
    assert_int_equal(chmod(in_root(f, "narrow").text, 0600), 0);
    for (size_t i = 0; i < COUNT(leads_to); i++) {
        make_link(leads_to[i], in_root(f, "link"));
        assert_int_equal(send_text(f, "link", "new"), STORE_OK);
        assert_int_equal(mode_of(in_root(f, "link")), S_IFREG | 0644);
        assert_int_equal(unlink(in_root(f, "link").text), 0);
    }
    assert_int_equal(entries(in_root(f, "dir")), 0);
}

/* File systems that lack a call: placing "from" as "n", as each policy has it. */
static int publish_as(const struct fixture *f, enum upload_policy policy)
{
    int dir = open(in_root(f, "").text, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct publication p = { dir, "from", "n", policy };

    return (int)place(&p).error;
}

static int create_there(void *arg)
{
    return publish_as(arg, UPLOAD_CREATE);
}

static int version_there(void *arg)
{
    return publish_as(arg, UPLOAD_VERSION);
}

/* As FAT: no links. */
static void without_links_a_name_is_still_not_taken(void **state)
{
    struct fixture *f = *state;
    int told;

    put_file(in_root(f, "from"), "new");
    put_file(in_root(f, "n"), "old");
    told = in_refused_child(SYS_linkat, EPERM, create_there, f);
    if (told == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(told, STORE_EXISTS);
    assert_file(in_root(f, "n"), "old");
    assert_int_equal(in_refused_child(SYS_linkat, EPERM, version_there, f), STORE_OK);
    assert_file(in_root(f, "n"), "new");
    assert_file(in_root(f, "n.~1~"), "old");
    assert_int_equal(entries(in_root(f, "")), 3);
}

/* As NFS: no rename with flags. */
static void without_exchange_the_old_file_is_still_kept(void **state)
{
    struct fixture *f = *state;
    int told;

    put_file(in_root(f, "from"), "new");
    put_file(in_root(f, "n"), "old");
#ifdef SYS_renameat
    told = in_refused_child(SYS_renameat2, EINVAL, version_there, f);
#else
    told = CANNOT_REFUSE; /* here the plain rename is the same call */
#endif
    if (told == CANNOT_REFUSE)
        skip_because("renameat2 may not be refused here (seccomp)");
    assert_int_equal(told, STORE_OK);
    assert_file(in_root(f, "n"), "new");
    assert_file(in_root(f, "n.~1~"), "old");
    assert_int_equal(entries(in_root(f, "")), 3);
}

/* Both began when the name was free. */
static void two_at_once(struct fixture *f, enum store_error want_second)
{
    struct sending a, b;

    assert_int_equal(begin(f, &a, "n", 0), STORE_OK);
    assert_int_equal(begin(f, &b, "n", 0), STORE_OK);
    assert_int_equal(write_text(&a, "from a", 0), STORE_OK);
    assert_int_equal(write_text(&b, "from b", 0), STORE_OK);
    assert_int_equal(commit(f, &b), STORE_OK);
    assert_file(in_root(f, "n"), "from b");
    assert_int_equal(commit(f, &a), want_second);
}

static void of_two_creators_one_wins(void **state)
{
    struct fixture *f = *state;

    f->rules.policy = UPLOAD_CREATE;
    two_at_once(f, STORE_EXISTS);
    assert_file(in_root(f, "n"), "from b");
}

static void of_two_overwriters_the_last_wins(void **state)
{
    struct fixture *f = *state;

    two_at_once(f, STORE_OK);
    assert_file(in_root(f, "n"), "from a");
}

static void of_two_versions_both_stay(void **state)
{
    struct fixture *f = *state;

    f->rules.policy = UPLOAD_VERSION;
    two_at_once(f, STORE_OK);
    assert_file(in_root(f, "n"), "from a");
    assert_file(in_root(f, "n.~1~"), "from b");
}

/* Committed by both helpers in the same moment, many times: nothing is lost. */
static void versions_at_the_same_moment_all_stay(void **state)
{
    enum { PAIRS = 100 };
    struct fixture *f = *state;
    struct sending s[2];

    f->rules.policy = UPLOAD_VERSION;
    for (int i = 0; i < PAIRS; i++) {
        for (int k = 0; k < 2; k++) {
            assert_int_equal(begin(f, &s[k], "n", 0), STORE_OK);
            assert_int_equal(write_text(&s[k], "x", 0), STORE_OK);
        }
        upload_commit(&f->tree.workers, &s[0].upload);
        upload_commit(&f->tree.workers, &s[1].upload);
        assert_int_equal(wait_for(f, &s[0]), STORE_OK);
        assert_int_equal(wait_for(f, &s[1]), STORE_OK);
    }
    assert_int_equal(entries(in_root(f, "")), 1 + 2 * PAIRS);
}

static void the_target_may_go_or_change_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    put_file(in_root(f, "n"), "old");
    assert_int_equal(begin(f, &s, "n", 0), STORE_OK);
    assert_int_equal(unlink(in_root(f, "n").text), 0);
    assert_int_equal(write_text(&s, "new", 0), STORE_OK);
    assert_int_equal(commit(f, &s), STORE_OK);
    assert_file(in_root(f, "n"), "new");

    assert_int_equal(begin(f, &s, "n", 0), STORE_OK);
    assert_int_equal(unlink(in_root(f, "n").text), 0);
    assert_int_equal(mkdir(in_root(f, "n").text, 0755), 0);
    assert_int_equal(commit(f, &s), STORE_DENIED);
    assert_true(S_ISDIR(mode_of(in_root(f, "n"))));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(policies_follow_their_table),
        TEST(a_link_is_replaced_and_never_followed),
        TEST(what_is_no_file_is_not_replaced),
        TEST(the_mode_is_that_of_the_replaced),
        TEST(versions_are_numbered_on),
        TEST(a_version_keeps_the_old_files_mode),
        TEST(a_name_too_long_for_a_version_fails),
        TEST(any_link_is_replaced),
        TEST(without_links_a_name_is_still_not_taken),
        TEST(without_exchange_the_old_file_is_still_kept),
        TEST(of_two_creators_one_wins),
        TEST(of_two_overwriters_the_last_wins),
        TEST(of_two_versions_both_stay),
        TEST(versions_at_the_same_moment_all_stay),
        TEST(the_target_may_go_or_change_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
