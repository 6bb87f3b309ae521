/* SPDX-License-Identifier: MIT */
/* Tests of os/privileges.h. What gives privileges up does so in a child, which answers
 * by its exit status and uses no assertion of cmocka. */
#include "os/privileges.h"
#include "../skip.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE 256

static int in_child(int (*body)(const char *), const char *arg)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(body(arg));
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static void skip_unless_root(void)
{
    if (geteuid() != 0)
        skip_because("needs root");
}

static void root_becomes_tftp_or_nobody(void **state)
{
    struct jail_user user;
    const char *want = getpwnam("tftp") ? "tftp" : "nobody";
    char why[LINE];

    (void)state;
    skip_unless_root();
    assert_true(jail_choose(NULL, &user, why, sizeof why));
    assert_string_equal(user.name, want);
    assert_int_equal(user.uid, getpwnam(want)->pw_uid);
    assert_int_equal(user.gid, getpwnam(want)->pw_gid);
    assert_false(user.stays);
}

static void root_may_stay(void **state)
{
    struct jail_user user;
    char why[LINE];

    (void)state;
    skip_unless_root();
    assert_true(jail_choose("root", &user, why, sizeof why));
    assert_true(user.stays);
    assert_true(jail_become(&user, why, sizeof why));
    assert_int_equal(geteuid(), 0);
}

static void an_unknown_user_is_named(void **state)
{
    struct jail_user user;
    char why[LINE] = "";

    (void)state;
    assert_false(jail_choose("no-such-user", &user, why, sizeof why));
    assert_non_null(strstr(why, "no-such-user"));
}

/* As root it becomes nobody, for good. Each number is a step that failed. */
static int become(const char *name)
{
    struct jail_user user;
    char why[LINE];
    gid_t groups[] = { 0, 1 };

    if (setgroups(2, groups) < 0 || !jail_choose(name, &user, why, sizeof why))
        return 1;
    if (!jail_become(&user, why, sizeof why))
        return 2;
    if (getuid() != user.uid || geteuid() != user.uid || getgid() != user.gid)
        return 3;
    if (setuid(0) == 0 || setgid(0) == 0 || setresuid(0, 0, 0) == 0)
        return 4;
    if (getgroups(0, NULL) != 0 || setgroups(1, groups) == 0)
        return 5;
    return prctl(PR_CAPBSET_DROP, 0) == 0 ? 6 : 0; /* needs a capability */
}

static void nobody_has_no_way_back(void **state)
{
    (void)state;
    skip_unless_root();
    assert_int_equal(in_child(become, "nobody"), 0);
}

/* With this bit the kernel keeps the capabilities when the ids change. */
#define NO_SETUID_FIXUP (1 << 2)

static int become_with_fixup_off(const char *name)
{
    return prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP) < 0 ? 7 : become(name);
}

static void capabilities_go_whatever_the_securebits(void **state)
{
    (void)state;
    skip_unless_root();
    assert_int_equal(in_child(become_with_fixup_off, "nobody"), 0);
}

#define BIND_SERVICE 10 /* CAP_NET_BIND_SERVICE */

/* As systemd's User= and AmbientCapabilities= start it: another user, with a capability that
 * would go on to each program it starts. */
static bool take_ambient(void)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct one[2] = { { 1 << BIND_SERVICE, 1 << BIND_SERVICE,
                                               1 << BIND_SERVICE } };

    return prctl(PR_SET_KEEPCAPS, 1) == 0 && setresgid(65534, 65534, 65534) == 0 &&
           setresuid(65534, 65534, 65534) == 0 && syscall(SYS_capset, &head, one) == 0 &&
           prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, BIND_SERVICE, 0, 0) == 0;
}

static int stays_with_ambient(const char *unused)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct has[2] = { 0 };
    struct jail_user user;
    char why[LINE];

    (void)unused;
    if (!take_ambient())
        return 1;
    if (!jail_choose(NULL, &user, why, sizeof why) || !user.stays ||
        !jail_become(&user, why, sizeof why))
        return 2;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, BIND_SERVICE, 0, 0) != 0)
        return 3;
    if (syscall(SYS_capget, &head, has) < 0)
        return 4;
    return has[0].effective | has[0].permitted | has[0].inheritable ? 5 : 0;
}

static void ambient_capabilities_go_as_well(void **state)
{
    (void)state;
    skip_unless_root();
    assert_int_equal(in_child(stays_with_ambient, NULL), 0);
}

static int others_are_for_root(const char *name)
{
    struct jail_user user;
    char why[LINE] = "";

    if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
        return 1;
    if (jail_choose("root", &user, why, sizeof why) || !strstr(why, "only root"))
        return 2;
    if (!jail_choose(NULL, &user, why, sizeof why) || !user.stays)
        return 3;
    if (!jail_choose(name, &user, why, sizeof why) || !user.stays)
        return 4;
    user.stays = false; /* as though it had been root when it chose */
    user.uid = 0;
    return jail_become(&user, why, sizeof why) || !strstr(why, "setgroups") ? 5 : 0;
}

static void who_is_not_root_stays(void **state)
{
    const struct passwd *nobody = getpwnam("nobody");

    (void)state;
    skip_unless_root();
    if (!nobody || nobody->pw_uid != 65534)
        skip_because("no user nobody with the number 65534 here");
    assert_int_equal(in_child(others_are_for_root, "nobody"), 0);
}

static int no_new_privs(const char *unused)
{
    (void)unused;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
        return 1;
    if (jail_no_new_privs() != 0)
        return 2;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 3;
}

static void no_exec_gains_privileges(void **state)
{
    (void)state;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
        skip_because("no_new_privs is set already");
    assert_int_equal(in_child(no_new_privs, NULL), 0);
}

/* What nobody may do in path: 1 read, 2 write; 4 where the text fails to say why not. */
static int what_nobody_may(const char *path)
{
    char why[2][LINE] = { "", "" };
    int result = 0;
    int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0 || setresgid(65534, 65534, 65534) < 0 ||
        setresuid(65534, 65534, 65534) < 0)
        return 8;
    if (jail_check_root(dir, path, false, why[0], LINE))
        result |= 1;
    else if (!strstr(why[0], path) || !strstr(why[0], "read"))
        result |= 4;
    if (jail_check_root(dir, path, true, why[1], LINE))
        result |= 2;
    else if (!strstr(why[1], path) || !strstr(why[1], strerror(EACCES)))
        result |= 4;
    return result;
}

static void a_root_is_checked_for_its_user(void **state)
{
    static const struct {
        mode_t mode;
        int may;
    } rows[] = { { 0777, 3 }, { 0755, 1 }, { 0700, 0 }, { 0711, 0 }, { 0744, 0 } };
    char path[] = "/tmp/kedge-jail-XXXXXX";

    (void)state;
    skip_unless_root();
    assert_non_null(mkdtemp(path));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(chmod(path, rows[i].mode), 0);
        assert_int_equal(in_child(what_nobody_may, path), rows[i].may);
    }
    assert_int_equal(rmdir(path), 0);
}

static void an_absent_root_is_named(void **state)
{
    char why[LINE] = "";

    (void)state;
    assert_false(jail_check_root(-1, "/tmp/kedge-is-not-here", false, why, sizeof why));
    assert_non_null(strstr(why, "/tmp/kedge-is-not-here"));
    assert_non_null(strstr(why, strerror(EBADF)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_becomes_tftp_or_nobody),
        cmocka_unit_test(root_may_stay),
        cmocka_unit_test(an_unknown_user_is_named),
        cmocka_unit_test(nobody_has_no_way_back),
        cmocka_unit_test(capabilities_go_whatever_the_securebits),
        cmocka_unit_test(ambient_capabilities_go_as_well),
        cmocka_unit_test(who_is_not_root_stays),
        cmocka_unit_test(no_exec_gains_privileges),
        cmocka_unit_test(a_root_is_checked_for_its_user),
        cmocka_unit_test(an_absent_root_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
