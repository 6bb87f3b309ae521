/* SPDX-License-Identifier: MIT */
/* Tests of the service that answers with one text (serve/echo/reply.h). */
#include "service_bench.h"

static void reply_is_one_text(void **state)
{
    struct bench *b = bench_new("reply+udp://127.0.0.1:0");
    int fd = client_of(b);

    (void)state;
    say(fd, "Hello UDP Server");
    say(fd, "");
    hears(b, fd, REPLY_TEXT);
    hears(b, fd, REPLY_TEXT);
    say(fd, REPLY_TEXT);
    hears_nothing(b, fd);
    sums_up(b, "3 datagrams, 32 bytes; 2 answered, 1 unanswered (1 own text); 0 answers "
               "lost here, 0 dropped by the socket's queue");
    close(fd);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_is_one_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
