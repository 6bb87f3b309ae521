/* SPDX-License-Identifier: MIT */
/* Tests of file/in_place.h, and of the rules of uploads that in.tftpd brings. */
#include "sending.h"

#include "refuse.h"
#include "file/in_place.h"
#include "../skip.h"

#include <sys/file.h>
#include <sys/syscall.h>

static ino_t inode_of(struct path p)
{
    struct stat st;

    assert_int_equal(stat(p.text, &st), 0);
    return st.st_ino;
}

static void only_what_is_there_is_written(void **state)
{
    struct fixture *f = *state;

    f->rules.existing_only = true;
    put_file(in_root(f, "old"), "old");
    assert_int_equal(send_text(f, "new", "text"), STORE_NOT_FOUND);
    assert_false(is_there(in_root(f, "new")));
    assert_int_equal(send_text(f, "old", "text"), STORE_OK);
    assert_file(in_root(f, "old"), "text");
}

static void what_vanished_meanwhile_is_not_made_again(void **state)
{
    struct fixture *f = *state;
    struct sending s;

    f->rules.existing_only = true;
    put_file(in_root(f, "old"), "old");
    assert_int_equal(begin(f, &s, "old", 0), STORE_OK);
    assert_int_equal(write_text(&s, "text", 0), STORE_OK);
    assert_int_equal(unlink(in_root(f, "old").text), 0);
    assert_int_equal(commit(f, &s), STORE_NOT_FOUND);
    assert_false(is_there(in_root(f, "old")));
}

static void others_must_be_allowed_to_write(void **state)
{
    struct fixture *f = *state;

    f->rules.public_only = true;
    put_file(in_root(f, "old"), "old");
    assert_int_equal(chmod(in_root(f, "old").text, 0664), 0);
    assert_int_equal(send_text(f, "old", "text"), STORE_DENIED);
    assert_file(in_root(f, "old"), "old");
    assert_int_equal(chmod(in_root(f, "old").text, 0602), 0);
    assert_int_equal(send_text(f, "old", "text"), STORE_OK);
    assert_int_equal(send_text(f, "new", "text"), STORE_OK);
}

static void others_must_be_allowed_to_read(void **state)
{
    struct fixture *f = *state;
    struct root_name name = name_of(&f->tree, "old");
    struct stat st;
    int fd = -1;

    put_file(in_root(f, "old"), "old");
    assert_int_equal(chmod(in_root(f, "old").text, 0660), 0);
    assert_int_equal(root_open_file(&f->tree.root, &name, &fd, &st).error, STORE_OK);
    close(fd);
    fd = -1;
    f->tree.root.public_only = true;
    assert_int_equal(root_open_file(&f->tree.root, &name, &fd, &st).error, STORE_DENIED);
    assert_int_equal(fd, -1);
    assert_int_equal(chmod(in_root(f, "old").text, 0604), 0);
    assert_int_equal(root_open_file(&f->tree.root, &name, &fd, &st).error, STORE_OK);
    close(fd);
}

/* A directory and a file of it, as in_place_open() takes them. */
struct target {
    int dir;
    struct stat st;
    struct in_place p;
};

static struct target *look_at(const struct fixture *f, const char *name)
{
    struct target *t = calloc(1, sizeof *t);

    assert_non_null(t);
    t->dir = open(at(&f->tree, "root").text, O_PATH | O_DIRECTORY);
    assert_true(t->dir >= 0);
    assert_int_equal(fstatat(t->dir, name, &t->st, AT_SYMLINK_NOFOLLOW), 0);
    t->p = (struct in_place){ t->dir, name, &t->st };
    return t;
}

static void forget(struct target *t)
{
    close(t->dir);
    free(t);
}

/* What is shorter, as long, or longer than what was there. */
static void the_file_is_the_same_with_other_bytes(void **state)
{
    static const char *const texts[] = { "", "n", "new", "longer than that" };
    struct fixture *f = *state;
    ino_t inode;

    put_file(in_root(f, "old"), "old");
    inode = inode_of(in_root(f, "old"));
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct target *t = look_at(f, "old");
        size_t len = strlen(texts[i]);
        int target = -1;
        int temp = -1;

        assert_int_equal(in_place_open(&t->p, &target, &temp).error, STORE_OK);
        assert_int_equal(write(temp, texts[i], len), (ssize_t)len);
        assert_int_equal(in_place_copy(target, temp, len).error, STORE_OK);
        assert_file(in_root(f, "old"), texts[i]);
        assert_int_equal(inode_of(in_root(f, "old")), inode);
        close(target);
        close(temp);
        forget(t);
    }
}

static void another_file_of_that_name_is_not_written(void **state)
{
    struct fixture *f = *state;
    struct target *t;
    int target = -1;
    int temp = -1;

    put_file(in_root(f, "old"), "old");
    put_file(in_root(f, "other"), "other");
    t = look_at(f, "old");
    assert_int_equal(rename(in_root(f, "other").text, in_root(f, "old").text), 0);
    assert_int_equal(in_place_open(&t->p, &target, &temp).error, STORE_BUSY);
    assert_int_equal(unlink(in_root(f, "old").text), 0);
    assert_int_equal(symlink("dir", in_root(f, "old").text), 0);
    assert_int_not_equal(in_place_open(&t->p, &target, &temp).error, STORE_OK);
    assert_int_equal(target, -1);
    forget(t);
}

/* The temporary file is shorter than it is said to be. */
static void what_is_not_there_is_not_made_up(void **state)
{
    struct fixture *f = *state;
    struct target *t;
    int target = -1;
    int temp = -1;

    put_file(in_root(f, "old"), "old");
    t = look_at(f, "old");
    assert_int_equal(in_place_open(&t->p, &target, &temp).error, STORE_OK);
    assert_int_equal(in_place_copy(target, temp, 3).error, STORE_IO);
    close(target);
    close(temp);
    forget(t);
}

static int copy_three_bytes(void *arg)
{
    const int *files = arg;

    return (int)in_place_copy(files[0], files[1], 3).error;
}

/* A disk that fails last of all: what was copied may not be safe. */
static void a_copy_that_is_not_on_the_disk_is_a_fault(void **state)
{
    struct fixture *f = *state;
    struct target *t;
    int files[2] = { -1, -1 };
    int said;

    put_file(in_root(f, "old"), "old");
    t = look_at(f, "old");
    assert_int_equal(in_place_open(&t->p, &files[0], &files[1]).error, STORE_OK);
    assert_int_equal(write(files[1], "new", 3), 3);
    said = in_refused_child(SYS_fsync, EIO, copy_three_bytes, files);
    close(files[0]);
    close(files[1]);
    forget(t);
    if (said == CANNOT_REFUSE)
        skip_because("fsync may not be refused here (seccomp)");
    assert_int_equal(said, STORE_IO);
}

static void *copy_on_a_thread(void *arg)
{
    return copy_three_bytes(arg) == STORE_OK ? arg : NULL;
}

/* 50 ms in which a copy that did not wait would long be over. */
static void two_copies_wait_for_each_other(void **state)
{
    struct fixture *f = *state;
    struct target *t;
    int files[2] = { -1, -1 };
    void *copied = NULL;
    pthread_t thread;
    int other;

    put_file(in_root(f, "old"), "old");
    t = look_at(f, "old");
    assert_int_equal(in_place_open(&t->p, &files[0], &files[1]).error, STORE_OK);
    assert_int_equal(write(files[1], "new", 3), 3);
    other = open(in_root(f, "old").text, O_WRONLY | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX), 0);
    assert_int_equal(pthread_create(&thread, NULL, copy_on_a_thread, files), 0);
    assert_int_equal(usleep(50000), 0);
    assert_file(in_root(f, "old"), "old");
    close(other);
    assert_int_equal(pthread_join(thread, &copied), 0);
    assert_ptr_equal(copied, files);
    assert_file(in_root(f, "old"), "new");
    close(files[0]);
    close(files[1]);
    forget(t);
}

#define NOBODY 65534

/* As a user who may write the file, but not the directory; the helpers are that user too. */
static enum store_error send_as_nobody(struct fixture *f)
{
    enum store_error error;

    assert_int_equal(seteuid(NOBODY), 0);
    error = send_text(f, "old", "text");
    assert_int_equal(seteuid(0), 0);
    return error;
}

/* A directory that is closed, or where nobody may replace what is another's. */
static void a_closed_directory_keeps_its_files(void **state)
{
    struct fixture *f = *state;
    ino_t inode;

    if (geteuid() != 0)
        skip_because("only root can become another user");
    assert_int_equal(chmod(f->tree.path, 0755), 0);
    put_file(in_root(f, "old"), "old");
    assert_int_equal(chmod(in_root(f, "old").text, 0666), 0);
    inode = inode_of(in_root(f, "old"));
    assert_int_equal(send_as_nobody(f), STORE_DENIED);
    f->rules.in_place = true;
    assert_int_equal(send_as_nobody(f), STORE_OK);
    assert_file(in_root(f, "old"), "text");
    put_file(in_root(f, "old"), "old");
    assert_int_equal(chmod(at(&f->tree, "root").text, 01777), 0);
    assert_int_equal(send_as_nobody(f), STORE_OK);
    assert_file(in_root(f, "old"), "text");
    assert_int_equal(inode_of(in_root(f, "old")), inode);
    assert_int_equal(chmod(in_root(f, "old").text, 0644), 0);
    assert_int_equal(send_as_nobody(f), STORE_DENIED);
    assert_int_equal(chmod(at(&f->tree, "root").text, 0755), 0);
}

/* In a directory like /tmp the file's owner, or the directory's, may replace the file: then
 * it is another one, and never half written. */
static void who_owns_one_of_them_replaces_the_file(void **state)
{
    struct fixture *f = *state;
    const struct path dir = at(&f->tree, "root");
    const struct path file = in_root(f, "old");
    ino_t inode;

    if (geteuid() != 0)
        skip_because("only root can become another user");
    assert_int_equal(chmod(f->tree.path, 0755), 0);
    assert_int_equal(chmod(dir.text, 01777), 0);
    f->rules.in_place = true;
    for (int owner = 0; owner < 2; owner++) {
        assert_int_equal(chown(dir.text, owner == 0 ? NOBODY : 0, 0), 0);
        put_file(file, "old");
        assert_int_equal(chmod(file.text, 0666), 0);
        assert_int_equal(chown(file.text, owner == 1 ? NOBODY : 0, 0), 0);
        inode = inode_of(file);
        assert_int_equal(send_as_nobody(f), STORE_OK);
        assert_file(file, "text");
        assert_int_not_equal(inode_of(file), inode);
        assert_int_equal(unlink(file.text), 0);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_is_there_is_written),
        TEST(what_vanished_meanwhile_is_not_made_again),
        TEST(others_must_be_allowed_to_write),
        TEST(others_must_be_allowed_to_read),
        TEST(the_file_is_the_same_with_other_bytes),
        TEST(another_file_of_that_name_is_not_written),
        TEST(what_is_not_there_is_not_made_up),
        TEST(a_copy_that_is_not_on_the_disk_is_a_fault),
        TEST(two_copies_wait_for_each_other),
        TEST(a_closed_directory_keeps_its_files),
        TEST(who_owns_one_of_them_replaces_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
