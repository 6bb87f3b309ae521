/* SPDX-License-Identifier: MIT */
/* Tests of check/late.h. */
#include "check/late.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A port of loopback where nobody listens. */
static struct net_address closed_port(void)
{
    struct net_address at;
    struct kedge_address bound = { .len = sizeof bound.storage };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(net_address_parse("127.0.0.1", 0, &at));
    assert_true(fd >= 0 && bind(fd, &at.u.any, at.len) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&bound.storage, &bound.len), 0);
    assert_true(net_address_from(&bound, &at));
    close(fd);
    return at;
}

/* Else each wait of the run would end at once, and the run keep a processor busy. */
static void an_error_that_waits_ends_no_wait(void **state)
{
    static struct check_late late;
    struct check_side side = { .request_len = 1 };
    struct net_address at = closed_port();
    int fd = -1;
    struct check_live live = { .sides = &side, .fds = &fd, .count = 1, .source = at };
    struct pollfd polled = { .events = POLLIN };

    (void)state;
    polled.fd = check_live_socket(&live, 0, 0);
    assert_true(polled.fd >= 0);
    assert_int_equal(sendto(polled.fd, "x", 1, 0, &at.u.any, at.len), 1);
    assert_int_equal(poll(&polled, 1, 5000), 1);
    assert_true(polled.revents & POLLERR);
    check_late_take(&late, &live);
    check_late_read(&late);
    assert_int_equal(check_late_poll(&late, &polled, 1), 1);
    assert_int_equal(poll(&polled, 1, 0), 0);
    check_late_close(&late);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(
        an_error_that_waits_ends_no_wait) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
