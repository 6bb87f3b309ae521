/* SPDX-License-Identifier: MIT */
/* Tests of net/passed.h: sockets of the test's own at descriptor 3 and on. */
#include "net/passed.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIRST = 3 };

static void put_at(int number, int fd)
{
    assert_true(fd >= 0);
    if (fd == number)
        return;
    assert_int_equal(dup2(fd, number), number);
    close(fd);
}

static int bound(int family, int type)
{
    struct net_address at;
    int fd = socket(family, type, 0);
    int one = 1;

    assert_true(net_address_parse(family == AF_INET ? "127.0.0.1" : "::1", 0, &at));
    if (family == AF_INET6)
        assert_int_equal(setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &one, sizeof one), 0);
    assert_int_equal(bind(fd, &at.u.any, at.len), 0);
    return fd;
}

static int listening(void)
{
    int fd = bound(AF_INET, SOCK_STREAM);

    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void say(const char *count, const char *names)
{
    char pid[16];

    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", count, 1);
    if (names)
        setenv("LISTEN_FDNAMES", names, 1);
    else
        unsetenv("LISTEN_FDNAMES");
}

static void environment_is_clean(void)
{
    assert_null(getenv("LISTEN_PID"));
    assert_null(getenv("LISTEN_FDS"));
    assert_null(getenv("LISTEN_FDNAMES"));
}

static void none_were_passed(void **state)
{
    struct passed_sockets p;
    char why[PASSED_WHY];

    (void)state;
    assert_false(passed_is_any());
    assert_true(passed_take(&p, why));
    assert_int_equal(p.count, 0);
    say("0", NULL);
    assert_false(passed_is_any());
    assert_true(passed_take(&p, why));
    assert_int_equal(p.count, 0);
    environment_is_clean();
}

static void another_process_s_are_left_alone(void **state)
{
    struct passed_sockets p;
    char why[PASSED_WHY];

    (void)state;
    put_at(FIRST, bound(AF_INET, SOCK_DGRAM));
    say("1", NULL);
    assert_true(passed_is_any());
    setenv("LISTEN_PID", "1", 1);
    assert_false(passed_is_any());
    assert_true(passed_take(&p, why));
    assert_int_equal(p.count, 0);
    assert_int_equal(fcntl(FIRST, F_GETFD), 0);
    environment_is_clean();
    close(FIRST);
}

static void each_is_described(void **state)
{
    struct passed_sockets p;
    char why[PASSED_WHY] = "", at[NET_ADDRESS_TEXT];

    (void)state;
    put_at(FIRST, bound(AF_INET, SOCK_DGRAM));
    put_at(FIRST + 1, listening());
    put_at(FIRST + 2, bound(AF_INET6, SOCK_DGRAM));
    say("3", "kedge-tftp.socket:echo:");
    assert_true(passed_is_any());
    assert_true(passed_take(&p, why));
    assert_false(passed_is_any());
    assert_int_equal(p.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(p.all[i].fd, FIRST + i);
        assert_int_equal(p.all[i].is_stream, i == 1);
        assert_int_equal(fcntl(FIRST + i, F_GETFD), FD_CLOEXEC);
        assert_true(net_address_port(&p.all[i].at) > 0);
        close(FIRST + i);
    }
    assert_string_equal(p.all[0].name, "kedge-tftp.socket");
    assert_string_equal(p.all[1].name, "echo");
    assert_string_equal(p.all[2].name, "");
    assert_string_equal(net_address_print_host(&p.all[0].at, at), "127.0.0.1");
    assert_string_equal(net_address_print_host(&p.all[2].at, at), "::1");
    environment_is_clean();
}

static void is_refused(const char *what)
{
    struct passed_sockets p;
    char why[PASSED_WHY] = "";

    assert_false(passed_take(&p, why));
    if (!strstr(why, what))
        fail_msg("'%s' is not in '%s'", what, why);
    environment_is_clean();
}

static void a_wrong_count_is_refused(void **state)
{
    static const char *const bad[] = { "", "x", "-1", "1 ", "99999999999" };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        say(bad[i], NULL);
        is_refused("LISTEN_FDS is not a number");
    }
    say("17", NULL);
    is_refused("16 sockets at most");
}

static void names_are_as_many_as_sockets(void **state)
{
    (void)state;
    put_at(FIRST, bound(AF_INET, SOCK_DGRAM));
    say("1", "a:b");
    is_refused("LISTEN_FDNAMES has 2 names, LISTEN_FDS is 1");
    close(FIRST);
}

/* A name that is longer than the room for it is cut. */
static void a_long_name_is_cut(void **state)
{
    struct passed_sockets p;
    char name[200], why[PASSED_WHY];

    (void)state;
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    put_at(FIRST, bound(AF_INET, SOCK_DGRAM));
    say("1", name);
    assert_true(passed_take(&p, why));
    assert_int_equal(strlen(p.all[0].name), PASSED_NAME - 1);
    close(FIRST);
}

static void refuses_socket(int fd, const char *what)
{
    put_at(FIRST, fd);
    say("1", "some");
    is_refused(what);
    close(FIRST);
}

static int dual(void)
{
    struct net_address at;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    int off = 0;

    assert_true(net_address_parse("::", 0, &at));
    assert_int_equal(setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &off, sizeof off), 0);
    assert_int_equal(bind(fd, &at.u.any, at.len), 0);
    return fd;
}

static int connected(void)
{
    struct net_address to;
    int fd = bound(AF_INET, SOCK_DGRAM);

    assert_true(net_address_parse("127.0.0.1", 9, &to));
    assert_int_equal(connect(fd, &to.u.any, to.len), 0);
    return fd;
}

static void a_wrong_socket_is_refused(void **state)
{
    (void)state;
    close(FIRST);
    say("1", NULL);
    is_refused("descriptor 3 is not open");
    refuses_socket(open("/dev/null", O_RDONLY), "descriptor 3 (some) is not a socket");
    refuses_socket(socket(AF_UNIX, SOCK_DGRAM, 0), "is not a socket of IPv4 or IPv6");
    refuses_socket(socket(AF_INET, SOCK_DGRAM, 0), "is not bound");
    refuses_socket(bound(AF_INET, SOCK_STREAM), "does not listen");
    refuses_socket(connected(), "is connected to a peer");
    refuses_socket(dual(), "takes IPv4 and IPv6");
}

/* The first is good: it is the second that is refused, by its number. */
static void the_wrong_one_is_named(void **state)
{
    (void)state;
    put_at(FIRST, bound(AF_INET, SOCK_DGRAM));
    put_at(FIRST + 1, socket(AF_UNIX, SOCK_STREAM, 0));
    say("2", "good:bad");
    is_refused("descriptor 4 (bad) is not a socket of IPv4 or IPv6");
    close(FIRST);
    close(FIRST + 1);
}

/* From inetd, whatever its number. */
static void one_more_can_be_added(void **state)
{
    struct passed_sockets p = { 0 };
    char why[PASSED_WHY];
    int good = bound(AF_INET, SOCK_DGRAM);
    int bad = dual();

    (void)state;
    assert_true(passed_add(&p, good, why));
    assert_int_equal(p.count, 1);
    assert_int_equal(p.all[0].fd, good);
    assert_false(p.all[0].is_stream);
    assert_true(net_address_port(&p.all[0].at) > 0);
    assert_false(passed_add(&p, bad, why));
    assert_non_null(strstr(why, "takes IPv4 and IPv6"));
    assert_int_equal(p.count, 1);
    p.count = PASSED_MAX;
    assert_false(passed_add(&p, good, why));
    close(good);
    close(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_were_passed),
        cmocka_unit_test(another_process_s_are_left_alone),
        cmocka_unit_test(each_is_described),
        cmocka_unit_test(a_wrong_count_is_refused),
        cmocka_unit_test(names_are_as_many_as_sockets),
        cmocka_unit_test(a_long_name_is_cut),
        cmocka_unit_test(a_wrong_socket_is_refused),
        cmocka_unit_test(the_wrong_one_is_named),
        cmocka_unit_test(one_more_can_be_added),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
