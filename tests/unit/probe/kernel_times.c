/* SPDX-License-Identifier: MIT */
/* Tests of probe/kernel_times.h. */
#include "probe/kernel_times.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct kernel_times *kernel_times;

static int begin(void **state)
{
    (void)state;
    kernel_times = kernel_times_open(4096);
    return kernel_times ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    kernel_times_close(kernel_times);
    return 0;
}

static void came(uint64_t sequence, uint64_t at, uint64_t now, kedge_nanos held)
{
    kernel_times_came(kernel_times,
                      &(struct kernel_times_reply){ sequence, at, now, held });
}

static void the_parts_are_the_whole(void **state)
{
    (void)state;
    kernel_times_sent(kernel_times, 0, 1000);
    kernel_times_left(kernel_times, 0, 1003);
    came(0, 1050, 1057, 20);
    assert_int_equal(kernel_times->send.max, 3);
    assert_int_equal(kernel_times->way.max, 47);
    assert_int_equal(kernel_times->wire.max, 27);
    assert_int_equal(kernel_times->receive.max, 7);
}

static void without_the_peers_word_there_is_no_wire(void **state)
{
    (void)state;
    kernel_times_sent(kernel_times, 0, 1000);
    kernel_times_left(kernel_times, 0, 1003);
    came(0, 1050, 1057, 0);
    kernel_times_sent(kernel_times, 1, 2000);
    kernel_times_left(kernel_times, 1, 2003);
    came(1, 2050, 2057, 48); /* longer than the way: another clock went wrong */
    assert_int_equal(kernel_times->way.count, 2);
    assert_int_equal(kernel_times->wire.count, 0);
}

static void times_out_of_order_are_left_out(void **state)
{
    (void)state;
    kernel_times_sent(kernel_times, 0, 1000);
    came(0, 1050, 1057, 0); /* the device's time is not known */
    kernel_times_left(kernel_times, 0, 999);
    came(0, 1050, 1057, 0);
    kernel_times_left(kernel_times, 0, 1060);
    came(0, 1050, 1057, 0);
    kernel_times_left(kernel_times, 0, 1010);
    came(0, 1050, 1049, 0);
    came(1, 1050, 1057, 0); /* never sent */
    assert_int_equal(kernel_times->way.count, 0);
}

/* Probe 1 did not leave: the numbers of the kernel fall behind the sequences. */
static void numbers_and_sequences_may_part(void **state)
{
    (void)state;
    kernel_times_sent(kernel_times, 0, 1000);
    kernel_times_sent(kernel_times, 2, 3000);
    kernel_times_left(kernel_times, 1, 3001);
    came(2, 3005, 3006, 0);
    assert_int_equal(kernel_times->way.count, 1);
    assert_int_equal(kernel_times->way.max, 4);
}

static void what_is_long_ago_is_forgotten(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 5 * KERNEL_TIMES_ROOM_MAX; i++)
        kernel_times_sent(kernel_times, i, 1000 + i);
    kernel_times_left(kernel_times, 3, 1010); /* would be of another probe now */
    kernel_times_left(kernel_times, 5 * KERNEL_TIMES_ROOM_MAX, 9999); /* not sent yet */
    kernel_times_left(kernel_times, 5 * KERNEL_TIMES_ROOM_MAX - 1, 9000);
    came(3, 1020, 1030, 0);
    came(5 * KERNEL_TIMES_ROOM_MAX - 1, 9100, 9200, 0);
    assert_int_equal(kernel_times->way.count, 1);
    assert_int_equal(kernel_times->way.max, 100);
}

/* After a send that failed the kernel's numbers begin anew. */
static void numbers_may_begin_anew(void **state)
{
    (void)state;
    kernel_times_sent(kernel_times, 0, 1000);
    kernel_times_sent(kernel_times, 1, 2000);
    kernel_times_restart(kernel_times);
    kernel_times_sent(kernel_times, 3, 4000);
    kernel_times_left(kernel_times, 0,
                      1001); /* of probe 0: it is older than what has its number */
    kernel_times_left(kernel_times, 1, 2001); /* nothing has that number now */
    kernel_times_left(kernel_times, 0, 4003);
    came(3, 4010, 4011, 0);
    came(1, 2010, 2011, 0);
    assert_int_equal(kernel_times->way.count, 1);
    assert_int_equal(kernel_times->send.max, 3);
}

/* Probes of 56 bytes: their last bytes are 55, 111, 167. */
static void of_a_stream_the_last_byte_counts(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        kernel_times_sent(kernel_times, 10 + i, 1000 * (i + 1));
    kernel_times_left_byte(kernel_times, 55, 56, 1003);
    kernel_times_left_byte(kernel_times, 110, 56, 2003); /* of a send cut short */
    kernel_times_left_byte(kernel_times, 167, 56, 3003);
    kernel_times_left_byte(kernel_times, 167, 56, 3500); /* sent again */
    kernel_times_left_byte(kernel_times, 223, 56, 4003); /* not sent yet */
    for (uint64_t i = 0; i < 3; i++)
        came(10 + i, 3600, 3610, 0);
    assert_int_equal(kernel_times->way.count, 2);
    assert_int_equal(kernel_times->send.max, 3);
    assert_int_equal(kernel_times->way.max, 3600 - 1003);
}

/* 2^32 is no multiple of 56. */
static void bytes_of_a_stream_wrap(void **state)
{
    const uint64_t wraps = ((uint64_t)1 << 32) / 56;

    (void)state;
    kernel_times->number = (uint32_t)wraps - 1;
    for (uint64_t i = wraps - 1; i < wraps + 2; i++)
        kernel_times_sent(kernel_times, i, 1000);
    for (uint64_t i = wraps - 1; i < wraps + 2; i++)
        kernel_times_left_byte(kernel_times, (uint32_t)((i + 1) * 56 - 1), 56, 1003);
    for (uint64_t i = wraps - 1; i < wraps + 2; i++)
        came(i, 1050, 1060, 0);
    assert_int_equal(kernel_times->way.count, 3);
    assert_int_equal(kernel_times->way.max, 47);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_parts_are_the_whole),
        TEST(without_the_peers_word_there_is_no_wire),
        TEST(times_out_of_order_are_left_out),
        TEST(numbers_and_sequences_may_part),
        TEST(what_is_long_ago_is_forgotten),
        TEST(numbers_may_begin_anew),
        TEST(of_a_stream_the_last_byte_counts),
        TEST(bytes_of_a_stream_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
