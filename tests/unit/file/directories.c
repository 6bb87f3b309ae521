/* SPDX-License-Identifier: MIT */
/* Tests of file/directories.h, and of uploads that need directories: made for a file that
 * comes, and gone with one that does not. */
#include "file/directories.h"

#include "file/follow.h"

#include "refuse.h"
#include "sending.h"

static void a_file_comes_with_its_directories(void **state)
{
    struct fixture *f = *state;

    umask(022);
    f->rules.create_directories = true;
    assert_int_equal(send_text(f, "dir/a/b/new", "text"), STORE_OK);
    assert_file(in_root(f, "dir/a/b/new"), "text");
    assert_int_equal(mode_of(in_root(f, "dir/a")), S_IFDIR | DIRECTORIES_MODE);
    assert_int_equal(send_text(f, "/top//c\\new", "text"), STORE_OK);
    assert_file(in_root(f, "top/c/new"), "text");
}

static void without_leave_none_is_made(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(send_text(f, "a/new", "text"), STORE_NOT_FOUND);
    assert_false(is_there(in_root(f, "a")));
}

static void each_policy_makes_them(void **state)
{
    struct fixture *f = *state;

    f->rules.create_directories = true;
    f->rules.policy = UPLOAD_CREATE;
    assert_int_equal(send_text(f, "a/new", "text"), STORE_OK);
    f->rules.policy = UPLOAD_VERSION;
    assert_int_equal(send_text(f, "b/new", "text"), STORE_OK);
    f->rules.policy = UPLOAD_REFUSE;
    assert_int_equal(send_text(f, "c/new", "text"), STORE_DENIED);
    assert_false(is_there(in_root(f, "c")));
}

static void an_abort_removes_those_that_it_made(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    f->rules.create_directories = true;
    assert_int_equal(begin(f, &s, "dir/a/b/new", 0), STORE_OK);
    assert_true(is_there(in_root(f, "dir/a/b")));
    give_up(f, &s);
    assert_false(is_there(in_root(f, "dir/a")));
    assert_true(is_there(in_root(f, "dir")));
}

static void what_has_come_there_meanwhile_stays(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    f->rules.create_directories = true;
    assert_int_equal(begin(f, &s, "a/b/new", 0), STORE_OK);
    assert_int_equal(send_text(f, "a/other", "text"), STORE_OK);
    give_up(f, &s);
    assert_false(is_there(in_root(f, "a/b")));
    assert_file(in_root(f, "a/other"), "text");
}

static void the_wrong_size_removes_them(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    f->rules.create_directories = true;
    assert_int_equal(begin(f, &s, "a/new", 9), STORE_OK);
    assert_int_equal(write_text(&s, "text", 0), STORE_OK);
    assert_int_equal(commit(f, &s), STORE_WRONG_SIZE);
    assert_false(is_there(in_root(f, "a")));
}

static void what_cannot_be_a_directory_is_not_found(void **state)
{
    static const char *const names[] = { "file/a/new", "file/new",     "gone/a/new",
                                         "a/../b/new", "../a/new/new", "a/b/../new" };
    struct fixture *f = *state;

    f->rules.create_directories = true;
    put_file(in_root(f, "file"), "text");
    assert_int_equal(symlink("nowhere", in_root(f, "gone").text), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (send_text(f, names[i], "text") != STORE_NOT_FOUND)
            fail_msg("%s", names[i]);
    assert_false(is_there(in_root(f, "a")));
    assert_false(is_there(in_root(f, "nowhere")));
    assert_file(in_root(f, "file"), "text");
}

static enum store_error look(const struct fixture *f, const char *name)
{
    struct root_name parsed = name_of(&f->tree, name);
    int dir = -1;
    struct store_result r = directories_look(&f->tree.root, &parsed, &dir);

    if (!r.error)
        close(dir);
    return r.error;
}

static void a_part_that_is_too_long_leaves_none(void **state)
{
    struct fixture *f = *state;
    char name[600] = "a/b/";

    f->rules.create_directories = true;
    memset(name + 4, 'x', 256);
    memcpy(name + 260, "/new", 5);
    assert_int_equal(send_text(f, name, "text"), STORE_BAD_NAME);
    assert_int_equal(look(f, name), STORE_BAD_NAME);
    assert_false(is_there(in_root(f, "a")));
}

/* As somebody who may do nothing in what he just made. */
static int make_one_of_two(void *arg)
{
    struct fixture *f = arg;
    struct root_name name = name_of(&f->tree, "a/b/new");
    unsigned made = 9;

    if (geteuid() == 0 && setuid(65534) < 0)
        return 1;
    umask(0777);
    if (directories_make(&f->tree.root, &name, &made).error != STORE_DENIED)
        return 2;
    return made == 0 ? 0 : 3;
}

static void a_failure_midway_leaves_none(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(chmod(in_root(f, ".").text, 0777), 0);
    assert_int_equal(in_child(make_one_of_two, f), 0);
    assert_false(is_there(in_root(f, "a")));
}

static void links_stay_below_the_root(void **state)
{
    struct fixture *f = *state;

    f->rules.create_directories = true;
    assert_int_equal(symlink("/dir", in_root(f, "inside").text), 0);
    assert_int_equal(symlink("../../..", in_root(f, "up").text), 0);
    assert_int_equal(send_text(f, "inside/a/new", "text"), STORE_OK);
    assert_file(in_root(f, "dir/a/new"), "text");
    assert_int_equal(send_text(f, "up/b/new", "text"), STORE_OK);
    assert_file(in_root(f, "b/new"), "text");
}

/* Another upload of that name, which makes directories for it, and comes to nothing. */
struct other {
    struct fixture *f;
    sem_t go, over;
    int rounds;
};

static void *come_to_nothing(void *arg)
{
    struct other *o = arg;
    const struct root_name name = { "a/b/new" };

    while (o->rounds-- > 0) {
        unsigned made = 0;

        sem_wait(&o->go);
        if (directories_make(&o->f->tree.root, &name, &made).error == STORE_OK)
            directories_remove(&o->f->tree.root, &name, made);
        sem_post(&o->over);
    }
    return NULL;
}

/* Whichever comes first: directories that the other removes are made again. */
static void one_that_fails_takes_no_directory_from_another(void **state)
{
    enum { ROUNDS = 1000 };
    struct other o = { .f = *state, .rounds = ROUNDS };
    pthread_t thread;
    int failed = 0;

    o.f->rules.create_directories = true;
    sem_init(&o.go, 0, 0);
    sem_init(&o.over, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, come_to_nothing, &o), 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct sending s;

        sem_post(&o.go);
        if (begin(o.f, &s, "a/b/new", 0) == STORE_OK)
            give_up(o.f, &s);
        else
            failed++;
        sem_wait(&o.over);
    }
    pthread_join(thread, NULL);
    sem_destroy(&o.go);
    sem_destroy(&o.over);
    assert_int_equal(failed, 0);
    (void)rmdir(in_root(o.f, "a/b").text); /* made by one, and kept by the other's file */
    (void)rmdir(in_root(o.f, "a").text);
}

/* And what a link leads to is as good as the root, for making and for removing. */
static void where_links_lead_out_it_is_the_same(void **state)
{
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    struct store_follow follow = { 0 };
    struct sending s;

    f->rules.create_directories = true;
    assert_int_equal(mkdir(at(t, "cache").text, 0755), 0);
    make_link(at(t, "cache").text, at(t, "root/lab"));
    assert_int_equal(follow_add(&follow, at(t, "cache").text).error, STORE_OK);
    assert_int_equal(root_follow(&t->root, at(t, "root").text, &follow).error, STORE_OK);
    assert_int_equal(send_text(f, "lab/a/new", "text"), STORE_OK);
    assert_file(at(t, "cache/a/new"), "text");
    assert_int_equal(begin(f, &s, "lab/b/c/new", 0), STORE_OK);
    assert_true(is_there(at(t, "cache/b/c")));
    give_up(f, &s);
    assert_false(is_there(at(t, "cache/b")));
    free(t->root.path);
    t->root.path = NULL;
    t->root.follow = NULL;
    follow_close(&follow);
}

static void explain_hears_the_same(void **state)
{
    struct fixture *f = *state;

    put_file(in_root(f, "file"), "text");
    assert_int_equal(look(f, "dir/a/b/new"), STORE_OK);
    assert_int_equal(look(f, "a/new"), STORE_OK);
    assert_int_equal(look(f, "file/a/new"), STORE_NOT_FOUND);
    assert_int_equal(look(f, "file/new"), STORE_NOT_FOUND);
    assert_int_equal(look(f, "a/../new"), STORE_NOT_FOUND);
    assert_false(is_there(in_root(f, "a")));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_comes_with_its_directories),
        TEST(without_leave_none_is_made),
        TEST(each_policy_makes_them),
        TEST(an_abort_removes_those_that_it_made),
        TEST(what_has_come_there_meanwhile_stays),
        TEST(the_wrong_size_removes_them),
        TEST(what_cannot_be_a_directory_is_not_found),
        TEST(a_part_that_is_too_long_leaves_none),
        TEST(a_failure_midway_leaves_none),
        TEST(where_links_lead_out_it_is_the_same),
        TEST(links_stay_below_the_root),
        TEST(one_that_fails_takes_no_directory_from_another),
        TEST(explain_hears_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
