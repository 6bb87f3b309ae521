/* SPDX-License-Identifier: MIT */
/* Tests of file/root.h: no name leads out, and nothing but a regular file opens. */
#include "tree.h"

#include "refuse.h"
#include "../skip.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

/* `root` holds: file, dir/inner, and the rest of what the tables name. Outside, beside
 * it, is `secret`. */
static int setup(void **state)
{
    struct tree *t;

    tree_setup(state);
    t = *state;
    assert_int_equal(mkdir(at(t, "root/dir").text, 0755), 0);
    assert_int_equal(mkdir(at(t, "root/etc").text, 0755), 0);
    put_file(at(t, "secret"), "secret");
    put_file(at(t, "root/file"), "file");
    put_file(at(t, "root/dir/inner"), "inner");
    put_file(at(t, "root/etc/passwd"), "ours");
    put_file(at(t, "root/...kedge-x"), "dots");
    put_file(at(t, "root/a\xff\x01 b"), "bytes");
    make_link("/etc/passwd", at(t, "root/absolute"));
    make_link("../secret", at(t, "root/climbing"));
    make_link("../../../../../../etc/passwd", at(t, "root/climbing-far"));
    make_link(at(t, "secret").text, at(t, "root/exact"));
    make_link("..", at(t, "root/dir/up"));
    make_link("circle", at(t, "root/circle"));
    make_link("/proc/self/"
              "root/etc/passwd",
              at(t, "root/magic"));
    make_link("dir/inner", at(t, "root/plain"));
    return 0;
}

#define R(text)                                                                          \
    {                                                                                    \
        (const uint8_t *)(text), sizeof(text) - 1                                        \
    }

/* What a name as a peer sends it becomes; NULL where it is refused. */
static const struct {
    struct kedge_span raw;
    bool keep_backslash;
    const char *want;
} names[] = {
    { R("file"), false, "file" },
    { R("/file"), false, "file" },
    { R("///file"), false, "file" },
    { R("dir//inner"), false, "dir/inner" },
    { R("\\dir\\inner"), false, "dir/inner" },
    { R("dir\\/\\inner"), false, "dir/inner" },
    { R("\\dir\\inner"), true, "\\dir\\inner" },
    { R("dir/"), false, "dir/" },
    { R("dir//"), false, "dir/" },
    { R("../file"), false, "../file" },
    { R("a\xff\x01 b"), false, "a\xff\x01 b" },
    { R(".kedg"), false, ".kedg" },
    { R("x.kedge-1"), false, "x.kedge-1" },
    { R(""), false, NULL },
    { R("/"), false, NULL },
    { R("\\\\"), false, NULL },
    { R("a\0b"), false, NULL },
    { R("\0"), false, NULL },
    { R(".kedge-"), false, NULL },
    { R("/.kedge-0123456789abcdef"), false, NULL },
    { R("dir/.kedge-0123456789abcdef"), false, NULL },
    { R("dir\\.kedge-x"), false, NULL },
    { R(".kedge-x/file"), false, NULL },
    { R("./.kedge-x"), false, NULL },
};

static void names_follow_their_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct store_root root = { .fd = -1, .keep_backslash = names[i].keep_backslash };
        struct root_name name = { "?" };
        struct store_result r = root_name_parse(&root, names[i].raw, &name);

        if (names[i].want && (r.error || strcmp(name.text, names[i].want) != 0))
            fail_msg("row %zu: %s, %s", i, name.text, r.why);
        if (!names[i].want && (r.error != STORE_BAD_NAME || r.why[0] == 0))
            fail_msg("row %zu is not refused", i);
    }
}

static void the_longest_name_fits(void **state)
{
    struct tree *t = *state;
    char text[ROOT_NAME_ROOM + 8];
    struct root_name name;
    struct kedge_span raw = { (const uint8_t *)text, ROOT_NAME_ROOM - 1 };

    memset(text, 'a', sizeof text);
    assert_int_equal(root_name_parse(&t->root, raw, &name).error, STORE_OK);
    assert_int_equal(strlen(name.text), ROOT_NAME_ROOM - 1);
    raw.len++;
    assert_int_equal(root_name_parse(&t->root, raw, &name).error, STORE_BAD_NAME);
    memset(text, '/', 8); /* dropped, so they do not count */
    raw.len = ROOT_NAME_ROOM + 7;
    assert_int_equal(root_name_parse(&t->root, raw, &name).error, STORE_OK);
}

/* The file's text, or NULL with the error expected. `..` at the root stays there, as in a
 * chroot: what such a name finds is below the root, or nothing. */
static const struct {
    const char *name;
    const char *text;
    enum store_error error;
} opens[] = {
    { "file", "file", STORE_OK },
    { "dir/inner", "inner", STORE_OK },
    { "./dir/./inner", "inner", STORE_OK },
    { "dir/../file", "file", STORE_OK },
    { "plain", "inner", STORE_OK },
    { "dir/up/file", "file", STORE_OK },
    { "...kedge-x", "dots", STORE_OK },
    { "a\xff\x01 b", "bytes", STORE_OK },
    /* Spellings of traversal that end below the root after all. */
    { "/etc/passwd", "ours", STORE_OK },
    { "../etc/passwd", "ours", STORE_OK },
    { "../../../../../../../../etc/passwd", "ours", STORE_OK },
    { "/../../../etc/passwd", "ours", STORE_OK },
    { "dir/../../etc/passwd", "ours", STORE_OK },
    { "dir/up/up/../etc/passwd", NULL, STORE_NOT_FOUND },
    { "..\\..\\etc\\passwd", "ours", STORE_OK },
    { "\\..\\..\\etc\\passwd", "ours", STORE_OK },
    { ".././../etc/./passwd", "ours", STORE_OK },
    { "..//..//etc//passwd", "ours", STORE_OK },
    { "absolute", "ours", STORE_OK },
    { "climbing-far", "ours", STORE_OK },
    /* And those that find nothing. */
    { "../secret", NULL, STORE_NOT_FOUND },
    { "../../secret", NULL, STORE_NOT_FOUND },
    { "dir/../../secret", NULL, STORE_NOT_FOUND },
    { "dir/up/../secret", NULL, STORE_NOT_FOUND },
    { "..\\secret", NULL, STORE_NOT_FOUND },
    { "/..//../secret", NULL, STORE_NOT_FOUND },
    { "....//secret", NULL, STORE_NOT_FOUND },
    { "..%2fsecret", NULL, STORE_NOT_FOUND },
    { "..\xc0\xafsecret", NULL, STORE_NOT_FOUND },
    { "climbing", NULL, STORE_NOT_FOUND },
    { "exact", NULL, STORE_NOT_FOUND },
    { "magic", NULL, STORE_NOT_FOUND },
    { "circle", NULL, STORE_NOT_FOUND },
    { "file/", NULL, STORE_NOT_FOUND },
    { "file/x", NULL, STORE_NOT_FOUND },
    { "absent", NULL, STORE_NOT_FOUND },
    { "FILE", NULL, STORE_NOT_FOUND },
    { "dir", NULL, STORE_DENIED },
    { "dir/", NULL, STORE_DENIED },
    { "..", NULL, STORE_DENIED },
    { ".", NULL, STORE_DENIED },
};

static void opening_follows_its_table(void **state)
{
    struct tree *t = *state;

    for (size_t i = 0; i < COUNT(opens); i++) {
        struct root_name name = name_of(t, opens[i].name);
        char text[64] = "";
        struct stat st = { 0 };
        int fd = -1;
        struct store_result r = root_open_file(&t->root, &name, &fd, &st);

        if (r.error != opens[i].error)
            fail_msg("%s: error %d, %s", opens[i].name, r.error, r.why);
        if (r.error == STORE_OK && read(fd, text, sizeof text - 1) != st.st_size)
            fail_msg("%s: not its size", opens[i].name);
        if (r.error == STORE_OK && strcmp(text, opens[i].text) != 0)
            fail_msg("%s: holds %s", opens[i].name, text);
        if (fd >= 0)
            close(fd);
    }
}

/* An absolute name of the very file outside is under the root too, and so not there. */
static void an_exact_path_outside_is_not_found(void **state)
{
    struct tree *t = *state;
    struct root_name name = name_of(t, at(t, "secret").text);
    struct stat st;
    int fd;

    assert_int_equal(root_open_file(&t->root, &name, &fd, &st).error, STORE_NOT_FOUND);
}

static void magic_links_lead_nowhere(void **state)
{
    struct store_root all;
    struct root_name name = { "proc/self/exe" };
    struct stat st;
    int fd;

    (void)state;
    assert_int_equal(root_open(&all, "/").error, STORE_OK);
    assert_int_equal(root_open_file(&all, &name, &fd, &st).error, STORE_NOT_FOUND);
    name = (struct root_name){ "proc/self/"
                               "root/etc/passwd" };
    assert_int_equal(root_open_file(&all, &name, &fd, &st).error, STORE_NOT_FOUND);
    name = (struct root_name){ "etc/passwd" };
    assert_int_equal(root_open_file(&all, &name, &fd, &st).error, STORE_OK);
    close(fd);
    root_close(&all);
}

static enum store_error opening(const struct tree *t, const char *text)
{
    struct root_name name = name_of(t, text);
    struct stat st;
    int fd = -1;
    struct store_result r;

    alarm(10); /* a FIFO opened the plain way waits for ever */
    r = root_open_file(&t->root, &name, &fd, &st);
    alarm(0);
    if (fd >= 0)
        close(fd);
    return r.error;
}

static void what_others_may_not_read_is_denied(void **state)
{
    struct tree *t = *state;

    assert_int_equal(chmod(at(t, "root/file").text, 0640), 0);
    assert_int_equal(opening(t, "file"), STORE_OK);
    t->root.public_only = true;
    assert_int_equal(opening(t, "file"), STORE_DENIED);
    assert_int_equal(opening(t, "dir/inner"), STORE_OK);
}

static void a_fifo_hangs_nobody(void **state)
{
    struct tree *t = *state;

    assert_int_equal(mkfifo(at(t, "root/fifo").text, 0644), 0);
    assert_int_equal(opening(t, "fifo"), STORE_DENIED);
}

static void a_socket_is_denied(void **state)
{
    struct tree *t = *state;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.90s",
                   at(t, "root/socket").text);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(opening(t, "socket"), STORE_DENIED);
    close(fd);
}

static void a_device_is_denied(void **state)
{
    struct tree *t = *state;

    if (mknod(at(t, "root/zero").text, S_IFCHR | 0666, makedev(1, 5)) < 0)
        skip_because("may not make a device node");
    assert_int_equal(opening(t, "zero"), STORE_DENIED);
}

/* What has the parent's name, and the last component as it was sent. */
static void parents_are_below_the_root(void **state)
{
    static const struct {
        const char *name;
        const char *in; /* where, below the root's own directory; NULL is an error */
        const char *last;
        enum store_error error;
    } rows[] = {
        { "new", "root", "new", STORE_OK },
        { "dir/new", "root/dir", "new", STORE_OK },
        { "../new", "root", "new", STORE_OK },
        { "dir/up/new", "root", "new", STORE_OK },
        { "dir/../../../new", "root", "new", STORE_OK },
        { "climbing", "root", "climbing", STORE_OK },
        { "absent/new", NULL, NULL, STORE_NOT_FOUND },
        { "file/new", NULL, NULL, STORE_NOT_FOUND },
        { "climbing/new", NULL, NULL, STORE_NOT_FOUND },
        { "dir/", NULL, NULL, STORE_BAD_NAME },
        { "dir/.", NULL, NULL, STORE_BAD_NAME },
        { "dir/..", NULL, NULL, STORE_BAD_NAME },
        { "..", NULL, NULL, STORE_BAD_NAME },
    };
    struct tree *t = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct root_name name = name_of(t, rows[i].name);
        const char *last = NULL;
        struct stat got, want;
        int dir = -1;
        struct store_result r = root_open_parent(&t->root, &name, &dir, &last);

        if (r.error != rows[i].error)
            fail_msg("%s: error %d, %s", rows[i].name, r.error, r.why);
        if (r.error)
            continue;
        assert_string_equal(last, rows[i].last);
        assert_int_equal(fstat(dir, &got), 0);
        assert_int_equal(stat(at(t, rows[i].in).text, &want), 0);
        assert_int_equal(got.st_ino, want.st_ino);
        close(dir);
    }
}

static void a_peek_tells_what_stat_tells(void **state)
{
    struct tree *t = *state;
    struct root_name name = name_of(t, "plain");
    struct root_name outside = name_of(t, "climbing");
    struct stat peeked, want;

    assert_int_equal(stat(at(t, "root/dir/inner").text, &want), 0);
    if (!root_peek(&t->root, &name, &peeked))
        skip_because(
            "this kernel does not open a file from its cache alone (Linux 5.12)");
    assert_int_equal(peeked.st_ino, want.st_ino);
    assert_int_equal(peeked.st_dev, want.st_dev);
    assert_int_equal(peeked.st_size, want.st_size);
    assert_int_equal(peeked.st_mtim.tv_nsec, want.st_mtim.tv_nsec);
    assert_false(root_peek(&t->root, &outside, &peeked));
}

static void what_is_no_directory_is_no_root(void **state)
{
    struct tree *t = *state;
    struct store_root root = { .fd = -7 };

    assert_int_equal(root_open(&root, at(t, "secret").text).error, STORE_DENIED);
    assert_int_equal(root_open(&root, at(t, "absent").text).error, STORE_NOT_FOUND);
    assert_int_equal(root.fd, -7);
}

static int open_root(void *arg)
{
    struct store_root root;

    if (root_open(&root, arg).error != STORE_OK)
        return 0;
    return root.walks ? 1 : 2;
}

static void where_names_are_walked_is_known(void **state)
{
    struct tree *t = *state;
    struct path p = at(t, "root");
    int told = in_refused_child(SYS_openat2, ENOSYS, open_root, p.text);

    if (told == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(told, 1);
    assert_int_equal(in_refused_child(SYS_openat2, EPERM, open_root, p.text), 1);
    assert_int_equal(in_child(open_root, p.text), t->root.walks ? 1 : 2);
}

static int open_for_ever(void *arg)
{
    const struct tree *t = arg;
    struct root_name name = { "file" };
    struct stat st;
    int fd;

    alarm(10);
    return root_open_file(&t->root, &name, &fd, &st).error == STORE_BUSY;
}

/* What is not there is told from what may never have been asked. */
static void a_root_that_was_removed_is_gone(void **state)
{
    struct tree *t = *state;
    struct root_name name = { "missing" };
    struct store_root gone;
    struct stat st;
    int fd;

    assert_int_equal(mkdir(at(t, "gone").text, 0755), 0);
    assert_int_equal(root_open(&gone, at(t, "gone").text).error, STORE_OK);
    assert_int_equal(root_open_file(&gone, &name, &fd, &st).error, STORE_NOT_FOUND);
    assert_int_equal(rmdir(at(t, "gone").text), 0);
    assert_int_equal(root_open_file(&gone, &name, &fd, &st).error, STORE_GONE);
    assert_int_equal(root_open_file(&t->root, &name, &fd, &st).error, STORE_NOT_FOUND);
    assert_int_equal(root_result(&gone, store_ok()).error, STORE_OK);
    assert_int_equal(root_result(&gone, store_errno(EACCES)).error, STORE_DENIED);
    root_close(&gone);
}

static void trying_again_has_an_end(void **state)
{
    int told = in_refused_child(SYS_openat2, EAGAIN, open_for_ever, *state);

    if (told == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(told, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_their_table),
        TEST(the_longest_name_fits),
        TEST(opening_follows_its_table),
        TEST(an_exact_path_outside_is_not_found),
        cmocka_unit_test(magic_links_lead_nowhere),
        TEST(what_others_may_not_read_is_denied),
        TEST(a_fifo_hangs_nobody),
        TEST(a_socket_is_denied),
        TEST(a_device_is_denied),
        TEST(parents_are_below_the_root),
        TEST(a_peek_tells_what_stat_tells),
        TEST(what_is_no_directory_is_no_root),
        TEST(where_names_are_walked_is_known),
        TEST(a_root_that_was_removed_is_gone),
        TEST(trying_again_has_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
