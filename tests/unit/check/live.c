/* SPDX-License-Identifier: MIT */
/* Tests of check/live.h: a packet counts as having come when the kernel got it. */
#include "check/live.h"

#include "os/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    struct check_play play;
    struct check_live live;
    int server;          /* its socket */
    kedge_nanos read_at; /* the time of the play behind the last packet */
};

static void begin(struct world *w)
{
    struct kedge_address bound = { .len = sizeof bound.storage };
    struct net_address at;

    assert_true(net_address_parse("127.0.0.1", 0, &at));
    w->server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(w->server >= 0 && bind(w->server, &at.u.any, at.len) == 0);
    assert_int_equal(
        getsockname(w->server, (struct sockaddr *)&bound.storage, &bound.len), 0);
    w->live.source = at;
    assert_true(net_address_from(&bound, &at));
    w->live.buffer = malloc(CHECK_DATAGRAM_MAX);
    assert_non_null(w->live.buffer);
    w->play.row = check_row_find("manners-stray-ack"); /* it is answered by nothing */
    w->play.server = at;
    assert_int_equal(check_live_open(&w->live, &w->play), 0);
    check_play_start(&w->play, w->live.sides, w->live.count, clock_now());
}

static void answer(struct world *w)
{
    struct kedge_address to = { .len = sizeof to.storage };
    uint8_t stray[8];

    assert_int_equal(recvfrom(w->server, stray, sizeof stray, 0,
                              (struct sockaddr *)&to.storage, &to.len),
                     4);
    assert_int_equal(
        sendto(w->server, "\0\4\0\1", 4, 0, (struct sockaddr *)&to.storage, to.len), 4);
}

static void wait_a_moment(void)
{
    const struct timespec moment = { 0, 20000000 };

    nanosleep(&moment, NULL);
}

/* `now` is when the owner's turn began. */
static enum check_verdict finish(struct world *w, kedge_nanos now)
{
    enum check_verdict v;
    struct pollfd polled = { .fd = w->live.fds[0], .events = POLLIN };
    struct check_polled whose = { &w->live, 0 };

    assert_int_equal(poll(&polled, 1, 5000), 1);
    check_live_ready(&whose, polled.revents, now);
    w->read_at = w->play.now;
    check_play_tick(&w->play, clock_now());
    v = w->play.finding.verdict;
    check_live_close(&w->live);
    close(w->server);
    free(w->live.buffer);
    return v;
}

/* A busy machine comes late to what came late: the quiet time was over before. */
static void what_came_after_the_time_is_none_of_it(void **state)
{
    static struct world w;

    (void)state;
    begin(&w);
    w.play.deadline = clock_now();
    wait_a_moment();
    answer(&w);
    assert_int_equal(finish(&w, clock_now()), CHECK_PASS);
}

/* It may come within a turn that began before the time was up. */
static void the_time_of_a_play_never_goes_back(void **state)
{
    static struct world w;
    kedge_nanos turn, deadline;

    (void)state;
    begin(&w);
    turn = clock_now();
    wait_a_moment();
    deadline = w.play.deadline = clock_now();
    wait_a_moment();
    answer(&w);
    assert_int_equal(finish(&w, turn), CHECK_PASS);
    assert_true(w.read_at >= deadline);
}

/* And to what came in time. */
static void what_came_within_the_time_counts(void **state)
{
    static struct world w;

    (void)state;
    begin(&w);
    answer(&w);
    wait_a_moment();
    w.play.deadline = clock_now() - 5 * KEDGE_MSEC;
    wait_a_moment();
    assert_int_equal(finish(&w, clock_now()), CHECK_DEVIATES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_after_the_time_is_none_of_it),
        cmocka_unit_test(the_time_of_a_play_never_goes_back),
        cmocka_unit_test(what_came_within_the_time_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
