/* SPDX-License-Identifier: MIT */
/* Tests of the one face of the small services (serve/echo/service.h). */
#include "service_bench.h"

static void what_is_no_small_service_is_refused(void **state)
{
    static const char *const none[] = { "tftp://127.0.0.1:0", "tcp://127.0.0.1:0",
                                        "icmp://127.0.0.1", "echo://127.0.0.1:0" };
    struct bench *b = bench_new("echo+udp://127.0.0.1:0");
    struct service_config config = { .loop = &b->loop };
    struct kedge_endpoint e;
    struct service *s;

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_true(kedge_endpoint_parse(none[i], &e, NULL));
        assert_int_equal(service_open(&s, &config, &e, 0), -EINVAL);
    }
    bench_free(b);
}

static void streams_stand_behind_the_same_face(void **state)
{
    struct bench *b = bench_new("echo+tcp://127.0.0.1:0");
    char got[8], text[SERVE_SUMMARY];
    int fd = client_of(b);
    ssize_t n = -EAGAIN;

    (void)state;
    assert_int_equal(connection_write(fd, "hello", 5), 5);
    for (int i = 0; i < TURNS && n == -EAGAIN; i++) {
        assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
        n = connection_read(fd, got, sizeof got);
    }
    assert_int_equal(n, 5);
    assert_int_equal(service_busy(b->service), 1);
    service_own_port(b->service, 9);
    service_stop(b->service);
    for (int i = 0; i < TURNS && service_busy(b->service); i++)
        assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
    assert_int_equal(service_busy(b->service), 0);
    assert_non_null(strstr(service_summary(b->service, text), "1 connections, 5 bytes"));
    close(fd);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_small_service_is_refused),
        cmocka_unit_test(streams_stand_behind_the_same_face),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
