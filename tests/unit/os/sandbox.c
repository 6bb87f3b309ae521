/* SPDX-License-Identifier: MIT */
/* Tests of os/sandbox.h. What enters a sandbox does so in a child, which answers by its exit
 * status and uses no assertion of cmocka. */
#include "os/sandbox.h"
#include "../file/refuse.h"
#include "../folder.h"
#include "../skip.h"
#include "os/privileges.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* What a child found: a bit for each line of a test that is not as it should be. */
#define WRONG(n, bad) ((bad) ? 1 << (n) : 0)

static char inside[64], outside[64], deep[96];

static int make_tree(void **state)
{
    if (make_folder(state) < 0)
        return -1;
    snprintf(inside, sizeof inside, "%s/in", folder);
    snprintf(outside, sizeof outside, "%s/out", folder);
    snprintf(deep, sizeof deep, "%s/in/deep", folder);
    if (mkdir(inside, 0755) < 0 || mkdir(outside, 0755) < 0 || mkdir(deep, 0755) < 0)
        return -1;
    return 0;
}

static int remove_tree(void **state)
{
    rmdir(deep);
    rmdir(inside);
    rmdir(outside);
    return remove_folder(state);
}

static const char *in(const char *dir, const char *name)
{
    static char text[2][128];
    static int turn;

    turn = !turn;
    snprintf(text[turn], sizeof text[turn], "%s/%s", dir, name);
    return text[turn];
}

static int tried(int got)
{
    return got < 0 ? errno : 0;
}

static int make(const char *dir, const char *name)
{
    int fd = open(in(dir, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int err = tried(fd);

    if (fd >= 0)
        close(fd);
    return err;
}

static int look(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int err = tried(fd);

    if (fd >= 0)
        close(fd);
    return err;
}

static void skip_without_landlock(void)
{
    struct sandbox s;

    if (sandbox_open(&s, false) < 0)
        skip_because("this kernel has no Landlock");
    sandbox_close(&s);
}

/* Enter one in which `uses` of the directory inside are allowed. */
static bool enter(struct sandbox *s, unsigned uses)
{
    return sandbox_open(s, false) == 0 && sandbox_allow_path(s, inside, uses) == 0 &&
           jail_no_new_privs() == 0 && sandbox_enter(s) == 0;
}

static int read_only(void *arg)
{
    struct sandbox s;

    (void)arg;
    if (make(inside, "a") || make(outside, "a") || !enter(&s, SANDBOX_SERVES))
        return 255;
    return WRONG(0, look(in(inside, "a"), O_RDONLY) != 0) |
           WRONG(1, look(inside, O_RDONLY | O_DIRECTORY) != 0) |
           WRONG(2, look(in(inside, "a"), O_WRONLY) != EACCES) |
           WRONG(3, make(inside, "b") != EACCES) |
           WRONG(4, tried(unlink(in(inside, "a"))) != EACCES) |
           WRONG(5, look(in(outside, "a"), O_RDONLY) != EACCES) |
           WRONG(6, look(outside, O_RDONLY | O_DIRECTORY) != EACCES);
}

static void what_is_read_is_not_written(void **state)
{
    (void)state;
    skip_without_landlock();
    assert_int_equal(in_child(read_only, NULL), 0);
    assert_int_equal(unlink(in(inside, "a")), 0);
    assert_int_equal(unlink(in(outside, "a")), 0);
}

static int read_and_write(void *arg)
{
    struct sandbox s;

    (void)arg;
    if (!enter(&s, SANDBOX_TAKES))
        return 255;
    return WRONG(0, make(inside, "a") != 0 || make(inside, "b") != 0) |
           WRONG(1, tried(rename(in(inside, "a"), in(inside, "b"))) != 0) |
           WRONG(2, tried(unlink(in(inside, "b"))) != 0) |
           WRONG(3, tried(mkdir(in(deep, "d"), 0755)) || tried(rmdir(in(deep, "d")))) |
           WRONG(4, tried(symlink("x", in(inside, "l"))) != EACCES) |
           WRONG(5, tried(mkfifo(in(inside, "f"), 0644)) != EACCES) |
           WRONG(6, make(outside, "a") != EACCES);
}

static void what_takes_uploads_makes_files_and_directories(void **state)
{
    (void)state;
    skip_without_landlock();
    assert_int_equal(in_child(read_and_write, NULL), 0);
}

static int by_file(void *arg)
{
    struct sandbox s;

    (void)arg;
    if (make(outside, "a") || make(outside, "b") || sandbox_open(&s, false) < 0 ||
        sandbox_allow_path(&s, in(outside, "a"), SANDBOX_TAKES) < 0 ||
        sandbox_allow_path(&s, in(outside, "none"), SANDBOX_READ) < 0 ||
        sandbox_allow_parent(&s, in(inside, "file"), SANDBOX_MAKE | SANDBOX_WRITE) < 0 ||
        jail_no_new_privs() < 0 || sandbox_enter(&s) < 0)
        return 255;
    return WRONG(0, look(in(outside, "a"), O_RDWR) != 0) |
           WRONG(1, look(in(outside, "b"), O_RDONLY) != EACCES) |
           WRONG(2, tried(unlink(in(outside, "a"))) != EACCES) |
           WRONG(3, make(inside, "file") != 0) |
           WRONG(4, look(in(inside, "file"), O_RDONLY) != EACCES);
}

static void a_file_and_the_directory_of_one_can_be_allowed(void **state)
{
    (void)state;
    skip_without_landlock();
    assert_int_equal(in_child(by_file, NULL), 0);
    assert_int_equal(unlink(in(outside, "a")), 0);
    assert_int_equal(unlink(in(outside, "b")), 0);
    assert_int_equal(unlink(in(inside, "file")), 0);
}

static int what_is_reached(void *arg)
{
    struct sandbox s;
    int at_deep = open(deep, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int at_outside = open(outside, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int before;

    (void)arg;
    if (sandbox_open(&s, false) < 0)
        return 255;
    before = WRONG(0, !sandbox_reaches(&s, at_outside, SANDBOX_TAKES));
    sandbox_close(&s);
    if (!enter(&s, SANDBOX_SERVES))
        return 255;
    return before | WRONG(1, !sandbox_reaches(&s, at_deep, SANDBOX_SERVES)) |
           WRONG(2, sandbox_reaches(&s, at_deep, SANDBOX_TAKES)) |
           WRONG(3, sandbox_reaches(&s, at_outside, SANDBOX_READ)) |
           WRONG(4, !jail_hides(outside)) | WRONG(5, jail_hides(in(outside, "none")));
}

static void what_is_reached_is_known(void **state)
{
    (void)state;
    skip_without_landlock();
    assert_int_equal(in_child(what_is_reached, NULL), 0);
}

static int listen_at(int family, const void *at, socklen_t len)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, at, len) < 0 || listen(fd, 1) < 0)
        return -1;
    return fd;
}

static int connect_to(int family, const void *at, socklen_t len)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int err = fd < 0 ? -1 : tried(connect(fd, at, len));

    close(fd);
    return err;
}

static int streams(void *arg)
{
    struct sockaddr_in in4 = { .sin_family = AF_INET };
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    socklen_t len = sizeof in4, un_len = sizeof un;
    const bool *by_abstract_name = arg;
    struct sandbox s;
    int tcp, local;

    in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(un.sun_path + 1, sizeof un.sun_path - 1, "kedge-unit-%d", (int)getpid());
    tcp = listen_at(AF_INET, &in4, sizeof in4);
    local = listen_at(AF_UNIX, &un, sizeof un);
    if (tcp < 0 || local < 0 || getsockname(tcp, (struct sockaddr *)&in4, &len) < 0 ||
        sandbox_open(&s, *by_abstract_name) < 0 || jail_no_new_privs() < 0 ||
        sandbox_enter(&s) < 0)
        return 255;
    return WRONG(0, connect_to(AF_INET, &in4, len) != (s.abi >= 4 ? EACCES : 0)) |
           WRONG(1, connect_to(AF_UNIX, &un, un_len) !=
                        (s.abi >= 6 && !*by_abstract_name ? EPERM : 0)) |
           WRONG(2, tried(kill(getppid(), 0)) != (s.abi >= 6 ? EPERM : 0)) |
           WRONG(3, tried(kill(getpid(), 0)) != 0);
}

static void tcp_signals_and_abstract_names_end_at_it(void **state)
{
    bool by_abstract_name = false;

    (void)state;
    skip_without_landlock();
    assert_int_equal(in_child(streams, &by_abstract_name), 0);
    by_abstract_name = true;
    assert_int_equal(in_child(streams, &by_abstract_name), 0);
}

static int open_one(void *arg)
{
    struct sandbox s;

    (void)arg;
    return -sandbox_open(&s, false);
}

static void a_kernel_without_it_is_known(void **state)
{
    int told = in_refused_child(SYS_landlock_create_ruleset, EOPNOTSUPP, open_one, NULL);

    (void)state;
    if (told == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(told, EOPNOTSUPP);
    assert_int_equal(
        in_refused_child(SYS_landlock_create_ruleset, ENOSYS, open_one, NULL), ENOSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_not_written),
        cmocka_unit_test(what_takes_uploads_makes_files_and_directories),
        cmocka_unit_test(a_file_and_the_directory_of_one_can_be_allowed),
        cmocka_unit_test(what_is_reached_is_known),
        cmocka_unit_test(tcp_signals_and_abstract_names_end_at_it),
        cmocka_unit_test(a_kernel_without_it_is_known),
    };

    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
