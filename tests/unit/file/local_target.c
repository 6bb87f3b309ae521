/* SPDX-License-Identifier: MIT */
/* Tests of the target in file/local.h. */
#include "tree.h"

#include "file/local.h"
#include "../skip.h"

#include <signal.h>
#include <sys/wait.h>

static enum store_error open_at(struct local_target *target, struct path p)
{
    return local_target_open(target, p.text).error;
}

static enum store_error write_text(struct local_target *target, const char *text,
                                   uint64_t offset)
{
    char copy[64];
    struct iovec iov = { copy, strlen(text) };

    (void)snprintf(copy, sizeof copy, "%s", text);
    return local_target_write(target, &iov, 1, offset).error;
}

static void a_download_appears_at_the_commit(void **state)
{
    struct tree *t = *state;
    struct local_target target;
    struct stat st;

    umask(027);
    assert_int_equal(open_at(&target, at(t, "new")), STORE_OK);
    assert_false(target.stream);
    assert_int_equal(write_text(&target, "world", 6), STORE_OK);
    assert_int_equal(write_text(&target, "hello ", 0), STORE_OK);
    assert_int_equal(lstat(at(t, "new").text, &st), -1);
    assert_int_equal(local_target_commit(&target).error, STORE_OK);
    assert_file(at(t, "new"), "hello world");
    assert_int_equal(mode_of(at(t, "new")), S_IFREG | 0640);
    local_target_abort(&target);
    assert_file(at(t, "new"), "hello world");
    assert_int_equal(entries(at(t, "")), 2);
}

static void an_abort_leaves_what_was(void **state)
{
    struct tree *t = *state;
    struct local_target target;

    put_file(at(t, "old"), "old");
    assert_int_equal(open_at(&target, at(t, "old")), STORE_OK);
    assert_int_equal(write_text(&target, "new", 0), STORE_OK);
    assert_file(at(t, "old"), "old");
    local_target_abort(&target);
    local_target_abort(&target);
    assert_file(at(t, "old"), "old");
    assert_int_equal(entries(at(t, "")), 2);
}

static void a_replaced_file_keeps_its_mode(void **state)
{
    struct tree *t = *state;
    struct local_target target;

    put_file(at(t, "old"), "old");
    assert_int_equal(chmod(at(t, "old").text, 0606), 0);
    assert_int_equal(open_at(&target, at(t, "old")), STORE_OK);
    assert_int_equal(local_target_commit(&target).error, STORE_OK);
    assert_file(at(t, "old"), "");
    assert_int_equal(mode_of(at(t, "old")), S_IFREG | 0606);
}

static void a_link_keeps_pointing(void **state)
{
    struct tree *t = *state;
    struct local_target target;

    put_file(at(t, "root/file"), "old");
    make_link("root/file", at(t, "link"));
    assert_int_equal(open_at(&target, at(t, "link")), STORE_OK);
    assert_int_equal(write_text(&target, "new", 0), STORE_OK);
    assert_file(at(t, "root/file"), "old");
    assert_int_equal(local_target_commit(&target).error, STORE_OK);
    assert_true(S_ISLNK(mode_of(at(t, "link"))));
    assert_file(at(t, "root/file"), "new");
    make_link("absent", at(t, "dangling"));
    assert_int_equal(open_at(&target, at(t, "dangling")), STORE_NOT_FOUND);
}

static void errors_are_told_and_leave_nothing(void **state)
{
    struct tree *t = *state;
    struct local_target target;

    assert_int_equal(open_at(&target, at(t, "root")), STORE_DENIED);
    assert_int_equal(open_at(&target, at(t, "root/")), STORE_DENIED);
    assert_int_equal(open_at(&target, at(t, "new/")), STORE_DENIED);
    assert_int_equal(open_at(&target, at(t, "absent/new")), STORE_NOT_FOUND);
    assert_int_equal(target.fd, -1);
    assert_int_equal(target.dir, -1);
    local_target_abort(&target);
    assert_int_equal(local_target_open(&target, "").error, STORE_DENIED);
    assert_int_equal(entries(at(t, "")), 1);
}

/* As nobody: a directory that can be written does not make its files writable. */
static int open_as_nobody(const struct tree *t)
{
    struct local_target target;

    if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
        return 2;
    return open_at(&target, at(t, "root/guarded")) == STORE_DENIED &&
           open_at(&target, at(t, "new")) == STORE_DENIED && target.dir == -1 &&
           open_at(&target, at(t, "root/new")) == STORE_OK;
}

static void a_file_that_may_not_be_written_stays(void **state)
{
    struct tree *t = *state;
    int status = 0;
    pid_t child;

    if (geteuid() != 0)
        skip_because("needs root");
    put_file(at(t, "root/guarded"), "old");
    assert_int_equal(chmod(t->path, 0755), 0);
    assert_int_equal(chmod(at(t, "root").text, 0777), 0);
    child = fork();
    if (child == 0)
        _exit(open_as_nobody(t));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_file(at(t, "root/guarded"), "old");
}

static void a_name_without_a_slash_is_here(void **state)
{
    struct tree *t = *state;
    struct local_target target;
    int before = open(".", O_PATH | O_CLOEXEC);

    assert_int_equal(chdir(t->path), 0);
    assert_int_equal(local_target_open(&target, "here").error, STORE_OK);
    assert_int_equal(local_target_commit(&target).error, STORE_OK);
    assert_int_equal(fchdir(before), 0);
    assert_file(at(t, "here"), "");
    close(before);
}

static void a_device_is_written_through(void **state)
{
    struct local_target target;

    (void)state;
    assert_int_equal(local_target_open(&target, "/dev/null").error, STORE_OK);
    assert_true(target.stream);
    assert_int_equal(write_text(&target, "abc", 0), STORE_OK);
    assert_int_equal(write_text(&target, "def", 3), STORE_OK);
    assert_int_equal(local_target_commit(&target).error, STORE_OK);
    assert_true(S_ISCHR(mode_of((struct path){ "/dev/null" })));
}

static void a_full_device_is_told(void **state)
{
    struct local_target target;

    (void)state;
    assert_int_equal(local_target_open(&target, "/dev/full").error, STORE_OK);
    assert_int_equal(write_text(&target, "abc", 0), STORE_FULL);
    local_target_abort(&target);
}

static void a_fifo_is_written_through(void **state)
{
    struct tree *t = *state;
    struct local_target target;
    char got[8] = "";
    int reader;

    assert_int_equal(mkfifo(at(t, "fifo").text, 0600), 0);
    reader = open(at(t, "fifo").text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(open_at(&target, at(t, "fifo")), STORE_OK);
    assert_true(target.stream);
    assert_int_equal(write_text(&target, "abc", 0), STORE_OK);
    assert_int_equal(read(reader, got, sizeof got), 3);
    assert_string_equal(got, "abc");
    close(reader);
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(write_text(&target, "def", 3), STORE_IO);
    local_target_abort(&target);
    assert_true(S_ISFIFO(mode_of(at(t, "fifo"))));
}

/* Standard output is a file, as behind `> x`, opened with these flags; and the download
 * goes to `path`. */
static void to_stdout(struct tree *t, const char *path, int flags)
{
    struct local_target target;
    int fd = open(at(t, "x").text, O_WRONLY | O_CLOEXEC | flags);
    enum store_error error;
    int saved;

    assert_true(fd >= 0);
    (void)fflush(stdout);
    saved = dup(STDOUT_FILENO);
    (void)dup2(fd, STDOUT_FILENO);
    error = local_target_open(&target, path).error;
    if (!error)
        error = write_text(&target, "new", 0);
    if (!error)
        error = local_target_commit(&target).error;
    (void)dup2(saved, STDOUT_FILENO);
    close(saved);
    close(fd);
    assert_int_equal(error, STORE_OK);
}

static void standard_output_is_written_through(void **state)
{
    struct tree *t = *state;
    struct stat before, after;

    put_file(at(t, "x"), "old");
    assert_int_equal(stat(at(t, "x").text, &before), 0);
    to_stdout(t, "-", O_TRUNC);
    assert_file(at(t, "x"), "new");
    to_stdout(t, "/dev/stdout", O_APPEND);
    assert_file(at(t, "x"), "newnew");
    assert_int_equal(stat(at(t, "x").text, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_download_appears_at_the_commit),
        TEST(an_abort_leaves_what_was),
        TEST(a_replaced_file_keeps_its_mode),
        TEST(a_link_keeps_pointing),
        TEST(errors_are_told_and_leave_nothing),
        TEST(a_file_that_may_not_be_written_stays),
        TEST(a_name_without_a_slash_is_here),
        cmocka_unit_test(a_device_is_written_through),
        cmocka_unit_test(a_full_device_is_told),
        TEST(a_fifo_is_written_through),
        TEST(standard_output_is_written_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
