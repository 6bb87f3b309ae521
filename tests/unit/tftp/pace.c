/* SPDX-License-Identifier: MIT */
/* Tests of the pace of a window, as ACKs tell it. */
#include "help.h"

#include "tftp/pace.h"

/* 20 ms of round trip, and blocks from `first` on have just left, at 1 s. */
static struct kedge_tftp_sender sender_of(uint32_t window, uint64_t first)
{
    struct kedge_tftp_terms terms = { .blksize = 512, .window = window };
    struct kedge_tftp_sender s;

    kedge_tftp_sender_init(&s, &terms, 1, true, 0);
    kedge_tftp_rtt_sample(&s.half.rtt, MS(20));
    s.half.base = s.next = s.top = first;
    s.clean_at = first + window;
    kedge_tftp_sender_sent(&s, first, first + window, KEDGE_SEC);
    return s;
}

static void acked(struct kedge_tftp_sender *s, uint64_t block, kedge_nanos after)
{
    pace_measure(s, block, KEDGE_SEC + after);
    s->half.base = block + 1;
}

static void a_window_that_was_kept_waiting_tells_the_link(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    acked(&s, 9, MS(30)); /* 11 made the peer speak, and 10 is lost */
    assert_true(s.pace.link == MS(1) && s.pace.queued == MS(10));
    pace_lost(&s, true);
    assert_true(s.spacing == MS(1));
    assert_true(pace_pause(&s) == MS(10));
}

static void the_end_of_a_window_tells_it_too(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    acked(&s, 64, MS(84));
    assert_true(s.pace.link == MS(1) && s.pace.queued == MS(64));
}

/* Else a link that loses would seem ever slower: an ACK comes with the second block behind. */
static void spacing_is_no_slowness(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    s.spacing = MS(1);
    s.bursts = 0;
    s.next = s.half.base;
    for (uint64_t block = 1; block <= 8; block++)
        kedge_tftp_sender_sent(&s, block, block + 1, KEDGE_SEC + MS(block - 1));
    acked(&s, 5, MS(26)); /* 7 left at 6 */
    assert_true(s.pace.link == MS(1) && s.pace.queued == 0);
}

static void sooner_than_a_round_trip_it_tells_nothing(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    acked(&s, 10, MS(19));
    assert_true(s.pace.link == 0 && s.pace.queued == 0);
}

/* Its ACK was lost, and came again after a timeout. */
static void once_late_is_no_slow_link(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    acked(&s, 9, MS(20));
    acked(&s, 19, MS(220));
    assert_true(s.pace.link == 0 && s.pace.queued == 0);
    acked(&s, 39, MS(220));
    assert_true(s.pace.link == MS(5) && s.pace.queued == MS(200));
}

/* What the train before still had on the way kept this one waiting. */
static void a_train_behind_another_counts_from_its_turn(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    acked(&s, 9, MS(30)); /* blocks up to 64 are in a queue of 10 ms */
    s.next = s.half.base;
    kedge_tftp_sender_sent(&s, 10, 11, KEDGE_SEC + MS(30));
    assert_true(s.pace.train_behind == MS(10));
    acked(&s, 10, MS(80));
    assert_true(s.pace.link == MS(1)); /* one block tells nothing */
}

static void a_link_that_loses_is_not_slow(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    acked(&s, 40, MS(20));
    pace_lost(&s, true);
    assert_true(s.pace.link == 0);
    assert_true(s.spacing == MS(20) / 80); /* twice the blocks between two losses */
    assert_true(pace_pause(&s) == 0);
}

static void what_is_too_slow_gets_faster_with_each_loss(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    s.spacing = MS(8);
    s.pace.run = 1000;
    acked(&s, 40, MS(20));
    pace_lost(&s, true);
    assert_true(s.spacing == MS(7));
    pace_undo(&s);
    assert_true(s.spacing == MS(8));
}

static void only_the_timer_knows_and_it_doubles(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);
    kedge_nanos most = kedge_tftp_rto(&s.half.rtt) / 64;

    (void)state;
    pace_lost(&s, false);
    assert_true(s.spacing == MS(20) / 64);
    pace_lost(&s, false);
    assert_true(s.spacing == 2 * (MS(20) / 64));
    s.half.rtt.doubled = 3; /* for a silent peer, and not for the link */
    pace_lost(&s, false);
    pace_lost(&s, false);
    assert_true(s.spacing == most);
}

/* Hardly a block between two losses, and all of them late: copies fill the queue. */
static void a_full_queue_slows_it_beyond_a_timeout(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    s.spacing = MS(10);
    s.pace.queued = MS(240);
    s.clean_at = s.half.base + 64;
    pace_lost(&s, true);
    assert_true(s.spacing == MS(20));
    pace_lost(&s, true);
    assert_true(s.spacing == MS(30)); /* eight blocks are queued at least */
    pace_lost(&s, true);
    assert_true(s.spacing == MS(30));
}

static void no_block_waits_longer_than_a_timer(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    acked(&s, 3, 60 * KEDGE_SEC);
    assert_true(s.pace.link > s.half.rtt.most);
    pace_lost(&s, true);
    assert_true(s.spacing == s.half.rtt.most);
}

static void a_clean_window_makes_it_faster_by_eight_blocks(void **state)
{
    static const struct {
        uint32_t window;
        unsigned part;
    } table[] = { { 4, 2 }, { 16, 2 }, { 64, 8 }, { 128, 16 }, { 4096, 16 } };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct kedge_tftp_sender s = sender_of(table[i].window, 1);

        s.spacing = MS(1);
        s.half.base = s.clean_at - 1;
        pace_went_well(&s);
        assert_true(s.spacing == MS(1));
        s.half.base++;
        pace_went_well(&s);
        assert_true(s.spacing == MS(1) - MS(1) / table[i].part);
    }
}

static void not_while_blocks_queue_up(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    s.spacing = MS(1);
    s.pace.link = MS(1) + MS(1) / 16;
    s.half.base = s.clean_at;
    pace_went_well(&s);
    assert_true(s.spacing == MS(1));
}

static void what_a_timer_cannot_tell_apart_is_no_spacing(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    s.spacing = 21 * KEDGE_USEC;
    s.half.base = s.clean_at;
    pace_went_well(&s);
    assert_true(s.spacing == 0);
}

/* The queue that was too short for a window is no longer after it. */
static void past_the_pace_of_a_loss_by_small_steps(void **state)
{
    struct kedge_tftp_sender s = sender_of(32, 1);
    kedge_nanos steps[] = { MS(2) * 3 / 4 * 3 / 4, MS(1), MS(1) - MS(1) / 64 };

    (void)state;
    acked(&s, 9, MS(30));
    pace_lost(&s, true);
    assert_true(s.spacing == MS(1));
    s.spacing = MS(2) * 3 / 4;
    for (size_t i = 0; i < COUNT(steps); i++) {
        s.half.base = s.clean_at;
        pace_went_well(&s);
        assert_true(s.spacing == steps[i]);
    }
}

/* An eighth of a round trip is no queue, but noise. */
static void no_queue_is_no_bound(void **state)
{
    struct kedge_tftp_sender s = sender_of(32, 1);

    (void)state;
    s.pace.link = s.pace.too_fast = MS(1);
    s.pace.queued = MS(20) / 8;
    pace_lost(&s, true);
    assert_true(s.spacing == MS(1) && s.pace.too_fast == 0);
    s.spacing = 0;
    s.pace.queued++;
    pace_lost(&s, true);
    assert_true(s.spacing == MS(1) && s.pace.too_fast == MS(1));
}

static void what_a_timer_cannot_tell_apart_is_kept_after_a_loss(void **state)
{
    struct kedge_tftp_sender s = sender_of(32, 1);

    (void)state;
    s.spacing = 21 * KEDGE_USEC;
    s.pace.too_fast = 10 * KEDGE_USEC;
    s.half.base = s.clean_at;
    pace_went_well(&s);
    assert_true(s.spacing == 20 * KEDGE_USEC);
    for (int i = 0; i < 60; i++) {
        s.half.base = s.clean_at;
        pace_went_well(&s);
    }
    assert_true(s.spacing == 0);
}

/* A peer that has part of a window says so when it is sent again: the ACK of a block that left
 * once is then as old as the timeout. */
static void the_answer_to_a_repeat_is_no_round_trip(void **state)
{
    static const struct {
        kedge_nanos after;
        uint32_t samples;
    } table[] = { { MS(20), 1 }, { MS(10), 1 }, { MS(9), 2 } };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct kedge_tftp_sender s = sender_of(8, 1);
        kedge_nanos late = KEDGE_SEC + MS(70);

        assert_int_equal(kedge_tftp_sender_write(&s, late).todo, KEDGE_TFTP_BLOCKS);
        kedge_tftp_sender_sent(&s, 1, 2, late);
        kedge_tftp_sender_read(
            &s, &(struct kedge_tftp_packet){ .op = KEDGE_TFTP_ACK, .number = 4 },
            late + table[i].after);
        assert_true(s.half.base == 5);
        assert_int_equal(s.half.rtt.samples, table[i].samples);
    }
}

static void lock_step_has_none(void **state)
{
    struct kedge_tftp_sender s = sender_of(1, 1);

    (void)state;
    pace_lost(&s, false);
    pace_lost(&s, true);
    assert_true(s.spacing == 0);
}

enum late_by { BY_TIMER, BY_DISK_AFTER, BY_DISK_BEFORE };

/* Blocks of a window are so far apart, and the next one is `late` too late. How many leave then? */
static unsigned left_when_late(kedge_nanos apart, kedge_nanos late, enum late_by by)
{
    struct kedge_tftp_sender s = sender_of(1024, 1);
    struct kedge_tftp_action a;
    kedge_nanos now = KEDGE_SEC + apart + late;
    unsigned left = 0;

    s.next = s.top = s.half.base;
    s.bursts = 0;
    s.spacing = apart;
    s.not_before = KEDGE_SEC;
    a = kedge_tftp_sender_write(&s, KEDGE_SEC);
    kedge_tftp_sender_sent(&s, a.first, a.end, KEDGE_SEC);
    if (by != BY_DISK_AFTER)
        assert_int_equal(kedge_tftp_sender_write(&s, KEDGE_SEC).todo, KEDGE_TFTP_WAIT);
    if (by == BY_DISK_BEFORE)
        assert_int_equal(kedge_tftp_sender_write(&s, KEDGE_SEC + apart).todo,
                         KEDGE_TFTP_BLOCKS);
    while ((a = kedge_tftp_sender_write(&s, now)).todo == KEDGE_TFTP_BLOCKS) {
        kedge_tftp_sender_sent(&s, a.first, a.end, now);
        left++;
    }
    return left;
}

static void a_late_timer_is_caught_up_and_no_other_lateness(void **state)
{
    (void)state;
    assert_int_equal(left_when_late(MS(1), 0, BY_TIMER), 1);
    assert_int_equal(left_when_late(MS(1), MS(25), BY_TIMER), 26);
    assert_int_equal(left_when_late(MS(1), MS(25), BY_DISK_AFTER), 2);
    assert_int_equal(left_when_late(MS(1), MS(25), BY_DISK_BEFORE), 2);
    assert_int_equal(left_when_late(MS(1) / 10, MS(50), BY_TIMER),
                     65); /* others wait, too */
}

/* 36 ms more than a round trip for 9 blocks; but this host wakes 15 ms late, and so may the
 * other. And what was measured before that was known is not. */
static void a_busy_hosts_lateness_is_no_slow_link(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    acked(&s, 9, MS(56));
    assert_true(s.pace.link > MS(3));
    pace_late(&s, KEDGE_SEC, KEDGE_SEC + MS(15));
    assert_true(s.pace.link == 0 && s.pace.busy == MS(15));
    s.half.base = 1;
    acked(&s, 9, MS(56));
    assert_true(s.pace.link < MS(1) && s.pace.queued == MS(6));
}

static void a_host_is_busy_until_10_s_after_its_last_late_timer(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    pace_late(&s, KEDGE_SEC, KEDGE_SEC + MS(15));
    acked(&s, 9, 10 * KEDGE_SEC + MS(15));
    assert_true(s.pace.queued == 10 * KEDGE_SEC - MS(5) - MS(30));
    s = sender_of(64, 1);
    pace_late(&s, KEDGE_SEC, KEDGE_SEC + MS(15));
    acked(&s, 9, 10 * KEDGE_SEC + MS(15) + 1);
    assert_true(s.pace.queued == 10 * KEDGE_SEC - MS(5) + 1);
}

/* Who is busy now and then would ask the link again and again. */
static void what_the_link_is_is_forgotten_once(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    pace_late(&s, KEDGE_SEC, KEDGE_SEC + MS(2));
    pace_late(&s, KEDGE_SEC, KEDGE_SEC);
    assert_true(s.pace.busy == 0);
    acked(&s, 9, MS(56));
    pace_late(&s, KEDGE_SEC, KEDGE_SEC + MS(2));
    assert_true(s.pace.busy == MS(2) && s.pace.link > MS(3));
}

/* So it is on every quiet host. */
static void less_than_two_milliseconds_are_no_lateness(void **state)
{
    struct kedge_tftp_sender s = sender_of(64, 1);

    (void)state;
    acked(&s, 9, MS(56));
    pace_late(&s, 0, MS(2) - 1);
    assert_true(s.pace.link > MS(3) && s.pace.busy == 0);
    pace_late(&s, 0, MS(2));
    assert_true(s.pace.busy == MS(2));
    for (unsigned i = 0; i < 2; i++)
        pace_late(&s, MS(2), MS(2));
    assert_true(s.pace.busy == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_that_was_kept_waiting_tells_the_link),
        cmocka_unit_test(the_end_of_a_window_tells_it_too),
        cmocka_unit_test(spacing_is_no_slowness),
        cmocka_unit_test(sooner_than_a_round_trip_it_tells_nothing),
        cmocka_unit_test(once_late_is_no_slow_link),
        cmocka_unit_test(a_train_behind_another_counts_from_its_turn),
        cmocka_unit_test(a_link_that_loses_is_not_slow),
        cmocka_unit_test(what_is_too_slow_gets_faster_with_each_loss),
        cmocka_unit_test(only_the_timer_knows_and_it_doubles),
        cmocka_unit_test(a_full_queue_slows_it_beyond_a_timeout),
        cmocka_unit_test(no_block_waits_longer_than_a_timer),
        cmocka_unit_test(a_clean_window_makes_it_faster_by_eight_blocks),
        cmocka_unit_test(not_while_blocks_queue_up),
        cmocka_unit_test(what_a_timer_cannot_tell_apart_is_no_spacing),
        cmocka_unit_test(past_the_pace_of_a_loss_by_small_steps),
        cmocka_unit_test(no_queue_is_no_bound),
        cmocka_unit_test(what_a_timer_cannot_tell_apart_is_kept_after_a_loss),
        cmocka_unit_test(the_answer_to_a_repeat_is_no_round_trip),
        cmocka_unit_test(lock_step_has_none),
        cmocka_unit_test(a_late_timer_is_caught_up_and_no_other_lateness),
        cmocka_unit_test(a_busy_hosts_lateness_is_no_slow_link),
        cmocka_unit_test(less_than_two_milliseconds_are_no_lateness),
        cmocka_unit_test(a_host_is_busy_until_10_s_after_its_last_late_timer),
        cmocka_unit_test(what_the_link_is_is_forgotten_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
