/* SPDX-License-Identifier: MIT */
/* Tests of upload_sweep() in file/upload.h. */
#include "sending.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#define LEFTOVER ".kedge-0123456789abcdef"

static void leftovers_go_and_all_else_stays(void **state)
{
    static const char *const stays[] = {
        "file",
        ".kedge-",
        ".kedge-0123456789abcde",   /* too short */
        ".kedge-0123456789abcdef0", /* too long */
        ".kedge-0123456789abcdef~",
        ".kedge-0123456789ABCDEF",
        ".kedge-0123456789abcdeg",
        "x.kedge-0123456789abcdef",
        ".kedge-important",
    };
    struct fixture *f = *state;
    struct sweep_result r;

    put_file(in_root(f, LEFTOVER), "half");
    put_file(in_root(f, ".kedge-ffffffffffffffff"), "");
    put_file(in_root(f, "dir/" LEFTOVER), "half");
    for (size_t i = 0; i < COUNT(stays); i++)
        put_file(in_root(f, stays[i]), "x");
    r = upload_sweep(&f->tree.root);
    assert_int_equal(r.removed, 3);
    assert_int_equal(r.kept, 0);
    assert_false(r.cut);
    for (size_t i = 0; i < COUNT(stays); i++) {
        assert_file(in_root(f, stays[i]), "x");
        assert_int_equal(unlink(in_root(f, stays[i]).text), 0);
    }
    assert_int_equal(entries(in_root(f, "")), 1);
    assert_int_equal(entries(in_root(f, "dir")), 0);
}

static void what_is_no_file_is_left(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkdir(in_root(f, ".kedge-0000000000000001").text, 0755), 0);
    assert_int_equal(mkfifo(in_root(f, ".kedge-0000000000000002").text, 0644), 0);
    make_link("file", in_root(f, ".kedge-0000000000000003"));
    put_file(in_root(f, "file"), "x");
    assert_int_equal(upload_sweep(&f->tree.root).removed, 0);
    assert_file(in_root(f, "file"), "x");
    assert_int_equal(rmdir(in_root(f, ".kedge-0000000000000001").text), 0);
    assert_int_equal(unlink(in_root(f, ".kedge-0000000000000002").text), 0);
    assert_int_equal(unlink(in_root(f, ".kedge-0000000000000003").text), 0);
}

static void no_link_leads_the_sweep_out(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkdir(at(&f->tree, "beside").text, 0755), 0);
    put_file(at(&f->tree, "beside/" LEFTOVER), "another's");
    make_link("../beside", in_root(f, "out"));
    make_link(".", in_root(f, "circle"));
    assert_int_equal(upload_sweep(&f->tree.root).removed, 0);
    assert_file(at(&f->tree, "beside/" LEFTOVER), "another's");
}

/* Two servers may share a root: the one that starts must not harm the other. */
static void a_living_upload_is_kept(void **state)
{
    struct fixture *f = *state;
    struct sweep_result r;
    struct sending s;

    assert_int_equal(begin(f, &s, "new", 0), STORE_OK);
    assert_int_equal(write_text(&s, "text", 0), STORE_OK);
    put_file(in_root(f, LEFTOVER), "half");
    r = upload_sweep(&f->tree.root);
    assert_int_equal(r.removed, 1);
    assert_int_equal(r.kept, 1);
    assert_int_equal(commit(f, &s), STORE_OK);
    assert_file(in_root(f, "new"), "text");
}

static void die_while_uploading(struct fixture *f)
{
    struct workers w;
    struct sending s;

    if (workers_open(&w, &(struct workers_config){ .threads = 1 }) < 0)
        _exit(1);
    prepare(f, &s, "old", 0);
    upload_begin(&w, &s.upload);
    while (workers_pending(&w) > 0)
        (void)workers_collect(&w);
    if (s.upload.result.error || write_text(&s, "half of it", 0) != STORE_OK)
        _exit(2);
    raise(SIGKILL);
}

static void what_a_killed_server_left_is_swept(void **state)
{
    struct fixture *f = *state;
    int status = 0;
    pid_t child;

    put_file(in_root(f, "old"), "old");
    child = fork();
    if (child == 0)
        die_while_uploading(f);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_file(in_root(f, "old"), "old");
    assert_string_not_equal(temporary_in(in_root(f, "")).text, "");
    assert_int_equal(upload_sweep(&f->tree.root).removed, 1);
    assert_file(in_root(f, "old"), "old");
    assert_int_equal(entries(in_root(f, "")), 2);
}

static void the_depth_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct path p = in_root(f, "dir");
    size_t end = strlen(p.text);

    for (int i = 0; i < 40; i++) {
        end += (size_t)snprintf(p.text + end, sizeof p.text - end, "/d");
        assert_int_equal(mkdir(p.text, 0755), 0);
    }
    (void)snprintf(p.text + end, sizeof p.text - end, "/" LEFTOVER);
    put_file(p, "too deep");
    put_file(in_root(f, LEFTOVER), "half");
    assert_true(upload_sweep(&f->tree.root).cut);
    assert_file(p, "too deep");
}

/* It fails once. */
static int readdir_error;

struct dirent *readdir(DIR *dir)
{
    static struct dirent *(*next)(DIR *);

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "readdir64");
    if (readdir_error == 0)
        return next(dir);
    errno = readdir_error;
    readdir_error = 0;
    return NULL;
}

static void a_directory_that_cannot_be_read_is_counted(void **state)
{
    struct fixture *f = *state;
    struct sweep_result r;
    struct sweep_result sum = { .err = EACCES, .unread = 2 };

    put_file(in_root(f, "dir/" LEFTOVER), "half");
    readdir_error = EIO;
    r = upload_sweep(&f->tree.root);
    assert_int_equal(r.removed, 0);
    assert_int_equal(r.unread, 1);
    assert_int_equal(r.err, EIO);
    assert_false(r.cut);
    upload_sweep_add(&sum, &r);
    assert_int_equal(sum.unread, 3);
    assert_int_equal(sum.err, EACCES);
    r = upload_sweep(&f->tree.root);
    assert_int_equal(r.removed, 1);
    assert_int_equal(r.unread, 0);
    assert_int_equal(r.err, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(leftovers_go_and_all_else_stays),
        TEST(what_is_no_file_is_left),
        TEST(no_link_leads_the_sweep_out),
        TEST(a_living_upload_is_kept),
        TEST(what_a_killed_server_left_is_swept),
        TEST(the_depth_is_bounded),
        TEST(a_directory_that_cannot_be_read_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
