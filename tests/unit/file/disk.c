/* SPDX-License-Identifier: MIT */
/* Tests of file/ on a disk that is full, and on one that cannot be written: a small
 * tmpfs of the test's own, in a mount namespace. Skipped where that is not permitted. */
#include "sending.h"

#include "file/calls.h"
#include "file/local.h"
#include "file/cache.h"
#include "file/in_place.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define DISK_KIB 256

/* The tree's root is the small disk. */
static int disk_setup(void **state)
{
    struct fixture *f;

    setup(state);
    f = *state;
    root_close(&f->tree.root);
    if (mount("none", in_root(f, "").text, "tmpfs", 0, "size=256k") < 0)
        return -1;
    assert_int_equal(root_open(&f->tree.root, in_root(f, "").text).error, STORE_OK);
    assert_int_equal(mkdir(in_root(f, "dir").text, 0755), 0);
    put_file(in_root(f, "old"), "old");
    return 0;
}

static int disk_teardown(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(temporary_in(in_root(f, "")).text, "");
    root_close(&f->tree.root);
    assert_int_equal(umount2(in_root(f, "").text, MNT_DETACH), 0);
    assert_int_equal(root_open(&f->tree.root, in_root(f, "").text).error, STORE_OK);
    return teardown(state);
}

static void a_full_disk_is_told_at_once(void **state)
{
    uint8_t bytes[8192] = { 0 };
    struct fixture *f = *state;
    struct iovec iov = { bytes, sizeof bytes };
    struct store_result r = store_ok();
    struct sending s;
    uint64_t end = 0;

    assert_int_equal(begin(f, &s, "old", 0), STORE_OK);
    while (!r.error && end < 2 * DISK_KIB * 1024) {
        r = upload_write(&s.upload, &iov, 1, end);
        end += sizeof bytes;
    }
    assert_int_equal(r.error, STORE_FULL);
    assert_int_equal(r.err, ENOSPC);
    assert_true(end <= DISK_KIB * 1024 + sizeof bytes);
    assert_file(in_root(f, "old"), "old");
    give_up(f, &s);
    assert_file(in_root(f, "old"), "old");
    assert_int_equal(send_text(f, "old", "fits again"), STORE_OK);
}

static void a_full_disk_ends_a_download(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[DISK_KIB * 1024];
    struct iovec iov = { bytes, sizeof bytes };
    struct local_target target;

    memset(bytes, 1, sizeof bytes);
    assert_int_equal(local_target_open(&target, in_root(f, "old").text).error, STORE_OK);
    assert_int_equal(local_target_write(&target, &iov, 1, 0).error, STORE_FULL);
    local_target_abort(&target);
    assert_file(in_root(f, "old"), "old");
    assert_int_equal(entries(in_root(f, "")), 2);
}

/* Twice the disk's room: that is found out before the first byte is written. */
static void a_full_disk_leaves_what_was_to_be_written_in_place(void **state)
{
    struct fixture *f = *state;
    const uint64_t size = 2 * DISK_KIB * 1024;
    struct stat st;
    struct in_place p = { .last = "old", .st = &st };
    int target = -1;
    int temp = -1;

    p.dir = open(in_root(f, "").text, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(fstatat(p.dir, p.last, &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(in_place_open(&p, &target, &temp).error, STORE_OK);
    assert_int_equal(ftruncate(temp, (off_t)size), 0);
    assert_int_equal(in_place_copy(target, temp, size).error, STORE_FULL);
    assert_file(in_root(f, "old"), "old");
    close(target);
    close(temp);
    close(p.dir);
}

static void a_disk_without_room_for_a_name_is_full(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mount("none", in_root(f, "").text, NULL, MS_REMOUNT, "nr_inodes=4"),
                     0);
    put_file(in_root(f, "last"), "");
    assert_int_equal(send_text(f, "old", "new"), STORE_FULL);
    assert_file(in_root(f, "old"), "old");
}

static void a_disk_that_cannot_be_written_denies(void **state)
{
    struct fixture *f = *state;
    struct local_target target;

    assert_int_equal(
        mount("none", in_root(f, "").text, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    assert_int_equal(send_text(f, "old", "new"), STORE_DENIED);
    assert_int_equal(send_text(f, "new", "new"), STORE_DENIED);
    assert_int_equal(local_target_open(&target, in_root(f, "new").text).error,
                     STORE_DENIED);
    assert_int_equal(local_target_open(&target, in_root(f, "old").text).error,
                     STORE_DENIED);
    assert_int_equal(target.dir, -1);
    assert_file(in_root(f, "old"), "old");
}

static void a_process_limit_is_too_large(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, low;
    struct sending s;

    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(begin(f, &s, "old", 0), STORE_OK);
    low = (struct rlimit){ 4, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    assert_int_equal(write_text(&s, "12345678", 0), STORE_TOO_LARGE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    give_up(f, &s);
    assert_file(in_root(f, "old"), "old");
}

/* Memory has no reads that wait. */
static void tmpfs_is_read_at_once(void **state)
{
    struct fixture *f = *state;
    struct cached_file file = { .in_memory = true, .size = 3 };
    char got[4] = "";
    struct iovec iov = { got, 3 };

    file.fd = open(in_root(f, "old").text, O_RDONLY | O_CLOEXEC);
    assert_int_equal(call_fs_kind(file.fd), FS_MEMORY);
    assert_int_equal(cache_read(&file, &iov, 1, 0).error, STORE_OK);
    assert_string_equal(got, "old");
    assert_int_equal(truncate(in_root(f, "old").text, 2), 0);
    assert_int_equal(cache_read(&file, &iov, 1, 0).error, STORE_CHANGED);
    close(file.fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, disk_setup, disk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_is_told_at_once),
        TEST(a_full_disk_ends_a_download),
        TEST(a_full_disk_leaves_what_was_to_be_written_in_place),
        TEST(a_disk_without_room_for_a_name_is_full),
        TEST(a_disk_that_cannot_be_written_denies),
        TEST(a_process_limit_is_too_large),
        TEST(tmpfs_is_read_at_once),
    };

    if (unshare(CLONE_NEWNS) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        puts("1..0 # SKIP no mount namespace is permitted here");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
