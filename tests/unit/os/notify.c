/* SPDX-License-Identifier: MIT */
/* Tests of os/notify.h, with a socket of the test's own as the manager's. */
#include "os/notify.h"
#include "../folder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int listen_at(const char *name)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    size_t len = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    memcpy(un.sun_path, name, len);
    if (name[0] == '@')
        un.sun_path[0] = 0;
    len += offsetof(struct sockaddr_un, sun_path) + (name[0] == '/');
    assert_int_equal(bind(fd, (struct sockaddr *)&un, (socklen_t)len), 0);
    return fd;
}

static const char *path_of_manager(void)
{
    static char path[64];

    snprintf(path, sizeof path, "%s/notify", folder);
    return path;
}

static const char *abstract_name(void)
{
    static char name[64];

    snprintf(name, sizeof name, "@kedge-unit-notify-%d", (int)getpid());
    return name;
}

/* What the manager reads next; "" if there is nothing. */
static const char *heard(int fd)
{
    static char text[256];
    ssize_t len = recv(fd, text, sizeof text - 1, 0);

    text[len < 0 ? 0 : len] = 0;
    return text;
}

static int open_at(struct notify *n, const char *name)
{
    setenv("NOTIFY_SOCKET", name, 1);
    return notify_open(n);
}

static void one_datagram_reaches(const char *name)
{
    struct notify n;
    int manager = listen_at(name);

    assert_int_equal(open_at(&n, name), 0);
    assert_int_equal(notify_send(&n, "READY=1\nSTATUS=up"), 0);
    assert_string_equal(heard(manager), "READY=1\nSTATUS=up");
    assert_string_equal(heard(manager), "");
    notify_close(&n);
    close(manager);
}

static void a_manager_is_told_at_a_path(void **state)
{
    (void)state;
    one_datagram_reaches(path_of_manager());
    unlink(path_of_manager());
}

static void a_manager_is_told_at_an_abstract_name(void **state)
{
    (void)state;
    one_datagram_reaches(abstract_name());
}

static void without_a_manager_nothing_is_sent(void **state)
{
    struct notify n;

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "1000000", 1);
    assert_int_equal(notify_open(&n), 0);
    assert_int_equal(n.fd, -1);
    assert_true(n.watchdog == KEDGE_NEVER);
    assert_int_equal(notify_send(&n, "READY=1"), 0);
    notify_close(&n);
}

static void children_do_not_inherit_the_manager(void **state)
{
    struct notify n;
    int manager = listen_at(abstract_name());

    (void)state;
    setenv("WATCHDOG_USEC", "1000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(open_at(&n, abstract_name()), 0);
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    notify_close(&n);
    close(manager);
}

static void a_bad_name_is_an_error(void **state)
{
    static const struct {
        const char *name;
        int err;
    } cases[] = {
        { "", -EINVAL },
        { "/", -EINVAL },
        { "@", -EINVAL },
        { "run/notify", -EINVAL },
        { "vsock:2:1234", -EINVAL },
        { "/no/such/socket", -ENOENT },
        { "@kedge-unit-nobody-is-here", -ECONNREFUSED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct notify n;

        assert_int_equal(open_at(&n, cases[i].name), cases[i].err);
        assert_int_equal(n.fd, -1);
        assert_null(getenv("NOTIFY_SOCKET"));
    }
}

/* sun_path has 108 bytes; a path needs one for its NUL. */
static void a_name_that_is_too_long_is_an_error(void **state)
{
    char name[200];
    struct notify n;

    (void)state;
    memset(name, 'x', sizeof name);
    name[0] = '/';
    name[108] = 0;
    assert_int_equal(open_at(&n, name), -ENAMETOOLONG);
    name[107] = 0;
    assert_int_equal(open_at(&n, name), -ENOENT);
}

static kedge_nanos watchdog_by(const char *usec, const char *pid)
{
    struct notify n;
    int manager = listen_at(abstract_name());

    setenv("WATCHDOG_USEC", usec, 1);
    if (pid)
        setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(open_at(&n, abstract_name()), 0);
    notify_close(&n);
    close(manager);
    return n.watchdog;
}

static void the_watchdog_is_kept_by_whom_it_names(void **state)
{
    char us[16], other[16];

    (void)state;
    snprintf(us, sizeof us, "%d", (int)getpid());
    snprintf(other, sizeof other, "%d", (int)getpid() + 1);
    assert_true(watchdog_by("1500000", us) == 1500 * KEDGE_MSEC);
    assert_true(watchdog_by("1500000", NULL) == 1500 * KEDGE_MSEC);
    assert_true(watchdog_by("1500000", other) == KEDGE_NEVER);
    assert_true(watchdog_by("1500000", "") == KEDGE_NEVER);
}

static void a_watchdog_without_an_interval_is_none(void **state)
{
    static const char *const bad[] = {
        "", "0", "-1", "1s", "1 ", "18446744073709551615"
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(watchdog_by(bad[i], NULL) == KEDGE_NEVER);
}

/* The kernel bounds the queue by net.unix.max_dgram_qlen, 10 to some hundreds. */
static void a_full_queue_is_not_waited_for(void **state)
{
    struct notify n;
    int manager = listen_at(abstract_name());
    int err = 0;

    (void)state;
    assert_int_equal(open_at(&n, abstract_name()), 0);
    for (int i = 0; i < 100000 && err == 0; i++)
        err = notify_send(&n, "STATUS=x");
    assert_int_equal(err, -EAGAIN);
    while (heard(manager)[0])
        continue;
    assert_int_equal(notify_send(&n, "READY=1"), 0);
    assert_string_equal(heard(manager), "READY=1");
    notify_close(&n);
    close(manager);
}

static void a_manager_that_was_started_again_is_found(void **state)
{
    struct notify n;
    int manager = listen_at(abstract_name());

    (void)state;
    assert_int_equal(open_at(&n, abstract_name()), 0);
    close(manager);
    assert_int_equal(notify_send(&n, "READY=1"), -ECONNREFUSED);
    manager = listen_at(abstract_name());
    assert_int_equal(notify_send(&n, "STATUS=again"), 0);
    assert_string_equal(heard(manager), "STATUS=again");
    notify_close(&n);
    close(manager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_is_told_at_a_path),
        cmocka_unit_test(a_manager_is_told_at_an_abstract_name),
        cmocka_unit_test(without_a_manager_nothing_is_sent),
        cmocka_unit_test(children_do_not_inherit_the_manager),
        cmocka_unit_test(a_bad_name_is_an_error),
        cmocka_unit_test(a_name_that_is_too_long_is_an_error),
        cmocka_unit_test(the_watchdog_is_kept_by_whom_it_names),
        cmocka_unit_test(a_watchdog_without_an_interval_is_none),
        cmocka_unit_test(a_full_queue_is_not_waited_for),
        cmocka_unit_test(a_manager_that_was_started_again_is_found),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
