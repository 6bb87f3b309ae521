/* SPDX-License-Identifier: MIT */
/* Tests of the echo on local datagrams (serve/echo/local.h). */
#include "service_bench.h"

#include <stdio.h>
#include <sys/socket.h>

static void nameless_sender_is_counted(void **state)
{
    char path[64];
    struct bench *b;
    struct kedge_endpoint e;
    struct kedge_addresses all;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    snprintf(path, sizeof path, "echo+unix-dgram://%s/s", folder);
    b = bench_new(path);
    assert_true(kedge_endpoint_parse(b->at, &e, NULL));
    assert_int_equal(kedge_resolve(&e, &all, NULL), 0);
    assert_int_equal(kedge_send_to(fd, "x", 1, &all.at[0]), 0);
    settle(b);
    sums_up(b, "1 datagrams, 1 bytes; 0 answered, 0 unanswered; 1 from senders without a "
               "name, 0 answers lost here");
    close(fd);
    bench_free(b);
}

/* A client that never reads takes all the room there is; nobody is waited for, what is
 * lost is counted, and when it closes the others are served again. */
static void client_that_never_reads_is_not_waited_for(void **state)
{
    static const char bytes[32768];
    char path[64];
    struct bench *b;
    int stuck, good, sent = 0;

    (void)state;
    snprintf(path, sizeof path, "echo+unix-dgram://%s/s", folder);
    b = bench_new(path);
    stuck = client_of(b);
    good = client_of(b);
    for (int i = 0; i < 400; i++) {
        sent += kedge_send_to(stuck, bytes, sizeof bytes - (size_t)i, NULL) == 0;
        assert_int_equal(loop_turn(&b->loop, 0), 0);
    }
    assert_int_equal(sent, 400); /* the service read them all */
    say(good, "lost");
    hears_nothing(b, good);
    close(stuck);
    say(good, "hello");
    hears(b, good, "hello");
    close(good);
    bench_free(b);
}

static void sameness_goes_unanswered_once(void **state)
{
    char path[64], got[8];
    struct bench *b;
    int fd, answers = 0;

    (void)state;
    snprintf(path, sizeof path, "echo+unix-dgram://%s/s", folder);
    b = bench_new(path);
    fd = client_of(b);
    for (int i = 0; i < 100; i++) {
        say(fd, "same");
        assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
        answers += kedge_receive_from(fd, got, sizeof got, NULL) == 4;
    }
    assert_int_equal(answers, 99);
    close(fd);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nameless_sender_is_counted),
        cmocka_unit_test(sameness_goes_unanswered_once),
        cmocka_unit_test(client_that_never_reads_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
