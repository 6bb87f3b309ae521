/* SPDX-License-Identifier: MIT */
/* Tests of file/publish.h, by whole uploads: which name goes to whom. */
#include "sending.h"

#include "refuse.h"
#include "file/publish.h"
#include "../skip.h"

#include <sched.h>
#include <sys/inotify.h>
#include <sys/mount.h>
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
        assert_int_equal(send_text(f, "link", "by link"), policies[i].link);
        assert_file(in_root(f, "file"), policies[i].link ? "old" : "by link");
        assert_true(S_ISLNK(mode_of(in_root(f, "link"))));
        assert_int_equal(send_text(f, "file", "new"), policies[i].file);
        assert_int_equal(send_text(f, "dir", "new"), policies[i].directory);
    }
}

/* Absolute, relative, through a second link, up and down again, to what is not there: all
 * below the root. */
static void a_put_to_a_link_writes_what_it_leads_to(void **state)
{
    static const struct {
        const char *link, *to, *file;
    } cases[] = {
        { "plain", "file", "file" },
        { "deep", "dir/file", "dir/file" },
        { "absolute", "/dir/b", "dir/b" },
        { "dir/up", "../c", "c" },
        { "again", "absolute", "dir/b" },
        { "out", "../../outside", "outside" },
        { "odd", "back\\slash", "back\\slash" },
    };
    struct fixture *f = *state;

    put_file(at(&f->tree, "outside"), "outside");
    put_file(in_root(f, "file"), "old");
    for (size_t i = 0; i < COUNT(cases); i++) {
        make_link(cases[i].to, in_root(f, cases[i].link));
        assert_int_equal(send_text(f, cases[i].link, cases[i].link), STORE_OK);
        assert_file(in_root(f, cases[i].file), cases[i].link);
        assert_true(S_ISLNK(mode_of(in_root(f, cases[i].link))));
        assert_true(S_ISREG(mode_of(in_root(f, cases[i].file))));
    }
    assert_file(at(&f->tree, "outside"), "outside");
}

static void a_version_is_kept_beside_what_a_link_leads_to(void **state)
{
    struct fixture *f = *state;

    f->rules.policy = UPLOAD_VERSION;
    put_file(in_root(f, "dir/file"), "old");
    make_link("dir/file", in_root(f, "link"));
    assert_int_equal(send_text(f, "link", "new"), STORE_OK);
    assert_file(in_root(f, "dir/file"), "new");
    assert_file(in_root(f, "dir/file.~1~"), "old");
    assert_int_equal(entries(in_root(f, "")), 2);
}

/* l0 leads through l1 and so on to a file. */
static void a_put_follows_forty_links_at_most(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 41; i++) {
        char from[8];
        char to[8];

        (void)snprintf(from, sizeof from, "l%d", i);
        (void)snprintf(to, sizeof to, i == 40 ? "file" : "l%d", i + 1);
        make_link(to, in_root(f, from));
    }
    assert_int_equal(send_text(f, "l0", "by 41"), STORE_NOT_FOUND);
    assert_false(is_there(in_root(f, "file")));
    assert_int_equal(send_text(f, "l1", "by 40"), STORE_OK);
    assert_file(in_root(f, "file"), "by 40");
}

/* Whatever is below a directory would be gone, were its link replaced. */
static void a_link_that_leads_to_no_file_is_refused(void **state)
{
    static const struct {
        const char *to;
        enum store_error want;
    } cases[] = {
        { "dir", STORE_DENIED },        { "/dir/", STORE_DENIED },
        { "..", STORE_DENIED },         { "link", STORE_NOT_FOUND },
        { "no/dir", STORE_NOT_FOUND },  { "dir/.kedge-0123456789abcdef", STORE_BAD_NAME },
        { "/proc/1", STORE_NOT_FOUND },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        make_link(cases[i].to, in_root(f, "link"));
        assert_int_equal(send_text(f, "link", "new"), cases[i].want);
        assert_true(S_ISLNK(mode_of(in_root(f, "link"))));
        assert_int_equal(unlink(in_root(f, "link").text), 0);
    }
    assert_int_equal(entries(in_root(f, "dir")), 0);
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
    assert_int_equal(chmod(in_root(f, "old").text, 06755), 0); /* but whom it runs as */
    assert_int_equal(send_text(f, "old", "newer"), STORE_OK);
    assert_int_equal(mode_of(in_root(f, "old")), S_IFREG | 0755);
}

static void a_link_to_nothing_is_a_name_that_is_taken(void **state)
{
    struct fixture *f = *state;

    f->rules.policy = UPLOAD_CREATE;
    make_link("nothing", in_root(f, "link"));
    assert_int_equal(send_text(f, "link", "new"), STORE_EXISTS);
    assert_false(is_there(in_root(f, "nothing")));
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
    struct sending s;

    f->rules.policy = UPLOAD_VERSION;
    memset(name, 'n', sizeof name - 1);
    assert_int_equal(send_text(f, name, "first"), STORE_OK);
    assert_int_equal(begin(f, &s, name, 0), STORE_BAD_NAME); /* before the bytes come */
    assert_file(in_root(f, name), "first");
    assert_int_equal(entries(in_root(f, "")), 2);
    name[NAME_MAX - 4] = 0; /* `.~1~` fits, a number of nine digits does not */
    assert_int_equal(send_text(f, name, "first"), STORE_OK);
    assert_int_equal(send_text(f, name, "second"), STORE_OK);
    assert_file(in_root(f, name), "second");
    assert_int_equal(entries(in_root(f, "")), 4);
}

/* The first event of the directory that has the name, of those that say "a new file". */
static uint32_t heard_of(int watch, const char *name)
{
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t len = read(watch, events, sizeof events);

    for (ssize_t at = 0; at < len;) {
        const struct inotify_event *e = (const void *)(events + at);

        if (e->len > 0 && strcmp(e->name, name) == 0)
            return e->mask;
        at += (ssize_t)sizeof *e + e->len;
    }
    return 0;
}

static int watch_root(const struct fixture *f)
{
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    assert_true(watch >= 0);
    assert_true(
        inotify_add_watch(watch, in_root(f, "").text, IN_CLOSE_WRITE | IN_MOVED_TO) >= 0);
    return watch;
}

static void watchers_hear_of_the_final_name(void **state)
{
    struct fixture *f = *state;
    int watch = watch_root(f);

    for (enum upload_policy p = UPLOAD_CREATE; p <= UPLOAD_VERSION; p++) {
        f->rules.policy = p;
        (void)unlink(in_root(f, "n").text);
        assert_int_equal(send_text(f, "n", "new"), STORE_OK);
        assert_int_equal(heard_of(watch, "n"), IN_MOVED_TO);
    }
    assert_int_equal(send_text(f, "n", "as a version"), STORE_OK);
    assert_int_equal(heard_of(watch, "n"), IN_MOVED_TO);
    close(watch);
}

/* In a process that may mount. */
static int upload_to_mount_point(void *arg)
{
    struct fixture *f = arg;
    struct path n = in_root(f, "n"), other = in_root(f, "other");
    struct publication p = { .last = "n", .policy = UPLOAD_OVERWRITE };
    struct stat st;

    if (unshare(CLONE_NEWNS) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, "") < 0 ||
        mount(other.text, n.text, NULL, MS_BIND, NULL) < 0)
        return CANNOT_REFUSE;
    p.dir = open(in_root(f, "").text, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (publish_look(&p, &st).error)
        return STORE_IO;
    return (int)publish_check(&p, &st).error;
}

static void a_mount_point_is_refused_at_the_request(void **state)
{
    struct fixture *f = *state;
    int said;

    put_file(in_root(f, "n"), "old");
    put_file(in_root(f, "other"), "other");
    said = in_child(upload_to_mount_point, f);
    if (said == CANNOT_REFUSE)
        skip_because("nothing may be mounted here");
    assert_int_equal(said, STORE_DENIED);
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

/* As NFS: no rename with flags. */
static void without_exchange_the_old_file_is_still_kept(void **state)
{
    struct fixture *f = *state;
    int said;

    put_file(in_root(f, "from"), "new");
    put_file(in_root(f, "n"), "old");
#ifdef SYS_renameat
    said = in_refused_child(SYS_renameat2, EINVAL, version_there, f);
#else
    said = CANNOT_REFUSE; /* here the plain rename is the same call */
#endif
    if (said == CANNOT_REFUSE)
        skip_because("renameat2 may not be refused here (seccomp)");
    assert_int_equal(said, STORE_OK);
    assert_file(in_root(f, "n"), "new");
    assert_file(in_root(f, "n.~1~"), "old");
    assert_int_equal(entries(in_root(f, "")), 3);
}

/* There a link takes the name, and is heard of nevertheless. */
static void without_flags_a_name_is_still_not_taken(void **state)
{
    static const unsigned refusals[] = { EINVAL, ENOSYS, EPERM, EOPNOTSUPP };
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(refusals); i++) {
        int watch = watch_root(f);
        int said;

        put_file(in_root(f, "from"), "new");
        put_file(in_root(f, "n"), "old");
        (void)heard_of(watch, "");
        said = in_refused_child(SYS_renameat2, refusals[i], create_there, f);
        if (said == CANNOT_REFUSE) {
            close(watch);
            skip_because("renameat2 may not be refused here (seccomp)");
        }
        assert_int_equal(said, STORE_EXISTS);
        assert_file(in_root(f, "n"), "old");
        assert_int_equal(unlink(in_root(f, "n").text), 0);
        said = in_refused_child(SYS_renameat2, refusals[i], create_there, f);
        assert_int_equal(said, STORE_OK);
        assert_file(in_root(f, "n"), "new");
        assert_int_equal(heard_of(watch, "n"), IN_CLOSE_WRITE);
        assert_int_equal(entries(in_root(f, "")), 2);
        close(watch);
    }
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
        TEST(a_put_to_a_link_writes_what_it_leads_to),
        TEST(a_version_is_kept_beside_what_a_link_leads_to),
        TEST(a_put_follows_forty_links_at_most),
        TEST(a_link_that_leads_to_no_file_is_refused),
        TEST(watchers_hear_of_the_final_name),
        TEST(a_mount_point_is_refused_at_the_request),
        TEST(what_is_no_file_is_not_replaced),
        TEST(the_mode_is_that_of_the_replaced),
        TEST(a_link_to_nothing_is_a_name_that_is_taken),
        TEST(versions_are_numbered_on),
        TEST(a_version_keeps_the_old_files_mode),
        TEST(a_name_too_long_for_a_version_fails),
        TEST(without_flags_a_name_is_still_not_taken),
        TEST(without_exchange_the_old_file_is_still_kept),
        TEST(of_two_creators_one_wins),
        TEST(of_two_overwriters_the_last_wins),
        TEST(of_two_versions_both_stay),
        TEST(versions_at_the_same_moment_all_stay),
        TEST(the_target_may_go_or_change_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
