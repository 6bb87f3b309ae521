/* SPDX-License-Identifier: MIT */
/* Tests of net/timestamps_batch.h: which of the datagrams that leave in one call the kernel
 * tells of. */
#include "net/timestamps_batch.h"
#include "../skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define SENT 5

struct seen {
    uint32_t count;
    uint32_t numbers[2 * SENT];
};

static void left(void *owner, uint32_t number, uint64_t at_ns)
{
    struct seen *s = owner;

    assert_true(at_ns > 0 && s->count < 2 * SENT);
    s->numbers[s->count++] = number;
}

static void failed(void *owner, const struct udp_error *e, struct kedge_span quoted)
{
    (void)owner;
    (void)e;
    (void)quoted;
}

/* A socket that sends to itself; or -1 where the kernel gives no times. */
static int own_socket(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, len), 0);
    if (stamps_open(fd) == 0 && stamps_ask_more(fd, AF_INET) == 0)
        return fd;
    close(fd);
    return -1;
}

static struct seen send_some(int fd, bool all)
{
    static struct stamps_out out;
    struct seen seen = { 0 };

    out.count = SENT;
    for (uint32_t i = 0; i < SENT; i++)
        out.lengths[i] = 8;
    assert_int_equal(stamps_send_many(fd, &out, 0, all), SENT);
    stamps_drain(fd, &(struct timestamp_events){ left, failed, &seen });
    return seen;
}

static void each_has_a_stamp_or_the_first_alone(void **state)
{
    int fd = own_socket();
    struct seen seen;

    (void)state;
    if (fd < 0)
        skip_because("this kernel stamps no departures");
    seen = send_some(fd, true);
    assert_int_equal(seen.count, SENT);
    for (uint32_t i = 0; i < SENT; i++)
        assert_int_equal(seen.numbers[i], i);
    assert_int_equal(stamps_departures(fd, false), 0);
    seen = send_some(fd, false);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.numbers[0], SENT);
    assert_int_equal(stamps_departures(fd, true), 0);
    seen = send_some(fd, true);
    assert_int_equal(seen.count, SENT);
    assert_int_equal(seen.numbers[0], SENT + 1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_a_stamp_or_the_first_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
