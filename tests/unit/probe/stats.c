/* SPDX-License-Identifier: MIT */
/* Tests of probe/stats.h, in virtual time. A script is a line an event; after each
 * run the counts must be the expected ones and add up. */
#include "probe/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ROOM 64
#define TIMEOUT 100

enum what { SEND, REPLY, REFUSED, UNSENT, TIME, GONE };

struct event {
    kedge_nanos at;
    enum what what;
    uint64_t sequence; /* of a send: when it was intended */
};

struct counts {
    uint64_t sent, received, lost, late, refused, unsent, duplicated, reordered, stray;
};

static void apply(struct probe_stats *a, const struct event *e)
{
    switch (e->what) {
    case SEND:
        (void)probe_stats_send(a, e->sequence, e->at);
        break;
    case REPLY:
        (void)probe_stats_reply(a, e->sequence, e->at);
        break;
    case REFUSED:
        probe_stats_refused(a, e->sequence);
        break;
    case UNSENT:
        probe_stats_unsent(a, e->sequence);
        break;
    case TIME:
        probe_stats_expire(a, e->at);
        break;
    case GONE:
        probe_stats_drop(a);
        break;
    }
}

static struct counts counts_of(const struct probe_stats *a)
{
    return (struct counts){ a->sent,   a->received,   a->lost,      a->late, a->refused,
                            a->unsent, a->duplicated, a->reordered, a->stray };
}

static void play(struct probe_stats *a, const struct event *events, size_t count)
{
    static struct probe_stats_slot slots[ROOM];

    probe_stats_free(a);
    probe_stats_init(a, slots, ROOM, TIMEOUT);
    for (size_t i = 0; i < count; i++) {
        apply(a, &events[i]);
        assert_int_equal(a->sent, a->received + a->lost + a->late + probe_stats_open(a));
        assert_int_equal(a->rtt.count, a->received);
    }
}

#define PLAY(a, ...)                                                                     \
    play(a, (const struct event[]){ __VA_ARGS__ },                                       \
         COUNT(((const struct event[]){ __VA_ARGS__ })))

#define EXPECT(a, ...)                                                                   \
    do {                                                                                 \
        struct counts got_ = counts_of(a), want_ = { __VA_ARGS__ };                      \
        assert_memory_equal(&got_, &want_, sizeof got_);                                 \
    } while (0)

static struct probe_stats a; /* of one test */

static int end(void **state)
{
    (void)state;
    probe_stats_free(&a);
    return 0;
}

static void round_trips_from_the_send_and_from_the_intended_time(void **state)
{
    kedge_nanos v = 0;

    (void)state;
    PLAY(&a, { 10, SEND, 10 }, { 15, REPLY, 0 }, { 22, SEND, 20 }, { 25, REPLY, 1 });
    EXPECT(&a, .sent = 2, .received = 2);
    assert_int_equal(a.rtt.min, 3);
    assert_int_equal(a.rtt.max, 5);
    assert_int_equal(a.intended.min, 5);
    assert_int_equal(a.intended.max, 5);
    assert_true(probe_stats_jitter(&a, &v));
    assert_int_equal(v, 2);
    assert_true(probe_stats_deadline(&a) == KEDGE_NEVER);
}

static void what_does_not_answer_in_time_is_lost(void **state)
{
    (void)state;
    PLAY(&a, { 0, SEND, 0 }, { 10, SEND, 10 }, { 99, TIME, 0 });
    EXPECT(&a, .sent = 2);
    assert_int_equal(probe_stats_open(&a), 2);
    assert_int_equal(probe_stats_deadline(&a), 100);
    probe_stats_expire(&a, 100);
    EXPECT(&a, .sent = 2, .lost = 1);
    assert_int_equal(probe_stats_deadline(&a), 110);
    assert_true(probe_stats_reply(&a, 1, 109));
    EXPECT(&a, .sent = 2, .lost = 1, .received = 1);
}

static void a_late_answer_is_late_and_no_loss(void **state)
{
    (void)state;
    PLAY(&a, { 0, SEND, 0 }, { 100, TIME, 0 }, { 150, REPLY, 0 });
    EXPECT(&a, .sent = 1, .late = 1);
    PLAY(&a, { 0, SEND, 0 }, { 100, REPLY, 0 }, { 101, REPLY, 0 });
    EXPECT(&a, .sent = 1, .late = 1, .duplicated = 1);
}

/* What is usual on a path that is slower than the timeout. */
static void the_fastest_answer_may_be_late(void **state)
{
    (void)state;
    PLAY(&a, { 0, SEND, 0 }, { 10, SEND, 10 }, { 110, TIME, 0 }, { 305, REPLY, 0 },
         { 310, REPLY, 1 });
    EXPECT(&a, .sent = 2, .late = 2);
    assert_int_equal(a.fastest, 300);
}

/* What is told of each probe, a letter a fate, and which. */
static void note_fate(void *owner, const struct probe_stats_event *event)
{
    char *said = owner;
    size_t len = strlen(said);

    said[len] = "rlLRU"[event->fate];
    said[len + 1] = (char)('0' + event->sequence);
    said[len + 2] = event->slot->reordered ? '!' : event->slot->corrupted ? '~' : ' ';
}

static void each_fate_is_told_once(void **state)
{
    struct probe_stats_slot slots[ROOM];
    char said[128] = "";

    (void)state;
    probe_stats_init(&a, slots, ROOM, TIMEOUT);
    a.settled = note_fate;
    a.owner = said;
    for (uint64_t i = 0; i < 7; i++)
        assert_int_equal(probe_stats_send(&a, i, i), i);
    assert_true(probe_stats_reply(&a, 1, 10));
    assert_int_equal(probe_stats_slot(&a, 1)->rtt, 9);
    assert_true(probe_stats_reply(&a, 0, 11));
    probe_stats_corrupted(&a, 2);
    assert_true(probe_stats_reply(&a, 2, 12));
    assert_false(probe_stats_reply(&a, 2, 13));
    probe_stats_unsent(&a, 3);
    probe_stats_refused(&a, 4);
    probe_stats_expire(&a, 105);
    assert_true(probe_stats_reply(&a, 5, 110));
    probe_stats_drop(&a);
    assert_string_equal(said, "r1 r0!r2~U3 R4 L5 L6 l5 ");
    assert_null(probe_stats_slot(&a, 7));
    assert_int_equal(a.corrupted, 1);
}

static void a_second_answer_is_a_duplicate(void **state)
{
    (void)state;
    PLAY(&a, { 0, SEND, 0 }, { 5, REPLY, 0 }, { 6, REPLY, 0 }, { 200, REPLY, 0 });
    EXPECT(&a, .sent = 1, .received = 1, .duplicated = 2);
}

static void an_answer_behind_a_later_one_is_reordered(void **state)
{
    (void)state;
    PLAY(&a, { 0, SEND, 0 }, { 1, SEND, 1 }, { 2, SEND, 2 }, { 5, REPLY, 1 },
         { 6, REPLY, 0 }, { 7, REPLY, 2 }, { 8, REPLY, 0 });
    EXPECT(&a, .sent = 3, .received = 3, .reordered = 1, .duplicated = 1);
}

static void jitter_takes_neighbours_in_any_order(void **state)
{
    kedge_nanos v = 0;

    (void)state;
    /* round trips 4, 6, -, 9, 5: pairs (0,1) and (3,4) */
    PLAY(&a, { 0, SEND, 0 }, { 1, SEND, 1 }, { 2, SEND, 2 }, { 3, SEND, 3 },
         { 4, SEND, 4 }, { 7, REPLY, 1 }, { 4, REPLY, 0 }, { 9, REPLY, 4 },
         { 12, REPLY, 3 });
    assert_true(probe_stats_jitter(&a, &v));
    assert_int_equal(a.jitter_count, 2);
    assert_int_equal(a.jitter_sum, 2 + 4);
    PLAY(&a, { 0, SEND, 0 }, { 1, SEND, 1 }, { 2, SEND, 2 }, { 7, REPLY, 0 },
         { 9, REPLY, 2 });
    assert_false(probe_stats_jitter(&a, &v));
}

static void refused_and_unsent_are_lost_at_once(void **state)
{
    (void)state;
    PLAY(&a, { 0, SEND, 0 }, { 1, SEND, 1 }, { 2, SEND, 2 }, { 3, REFUSED, 0 },
         { 3, UNSENT, 2 }, { 4, REFUSED, 0 }, { 5, UNSENT, 0 });
    EXPECT(&a, .sent = 3, .lost = 2, .refused = 1, .unsent = 1);
    assert_int_equal(probe_stats_open(&a), 1);
    assert_int_equal(probe_stats_deadline(&a), 101);
}

static void a_connection_takes_all_with_it(void **state)
{
    (void)state;
    PLAY(&a, { 0, SEND, 0 }, { 1, SEND, 1 }, { 2, REPLY, 1 }, { 3, GONE, 0 });
    EXPECT(&a, .sent = 2, .received = 1, .lost = 1);
    assert_int_equal(probe_stats_open(&a), 0);
}

static void what_was_never_sent_is_stray(void **state)
{
    (void)state;
    PLAY(&a, { 0, REPLY, 0 }, { 0, SEND, 0 }, { 1, REPLY, 1 }, { 1, REPLY, UINT64_MAX },
         { 2, REPLY, 0 });
    EXPECT(&a, .sent = 1, .received = 1, .stray = 3);
}

static void late_sends_and_the_prober_held_up_are_counted(void **state)
{
    static struct probe_stats_slot slots[ROOM];

    (void)state;
    probe_stats_init(&a, slots, ROOM, KEDGE_SEC);
    (void)probe_stats_send(&a, 0, 5 * KEDGE_MSEC);
    (void)probe_stats_send(&a, 5 * KEDGE_MSEC, 5 * KEDGE_MSEC + 1);
    (void)probe_stats_send(&a, 6 * KEDGE_MSEC, 6 * KEDGE_MSEC);
    assert_true(probe_stats_reply(&a, 0, 6 * KEDGE_MSEC));
    assert_int_equal(a.held_up, 0);
    a.self_until = 5 * KEDGE_MSEC;
    assert_true(probe_stats_reply(&a, 1, 7 * KEDGE_MSEC));
    assert_true(probe_stats_reply(&a, 2, 7 * KEDGE_MSEC));
    assert_int_equal(a.left_late, 1);
    assert_int_equal(a.held_up, 1);
}

/* More at once than there is room for: the oldest are lost, none is counted twice. */
static void a_full_memory_loses_the_oldest(void **state)
{
    static struct probe_stats_slot slots[ROOM];
    uint64_t oldest = 0;

    (void)state;
    probe_stats_init(&a, slots, ROOM, TIMEOUT);
    for (uint64_t i = 0; i < ROOM + 3; i++)
        assert_int_equal(probe_stats_send(&a, 0, 0), i);
    EXPECT(&a, .sent = ROOM + 3, .lost = 3);
    assert_true(probe_stats_oldest(&a, &oldest));
    assert_int_equal(oldest, 3);
    assert_false(probe_stats_reply(&a, 2, 1));
    assert_true(probe_stats_reply(&a, 3, 1));
    EXPECT(&a, .sent = ROOM + 3, .lost = 3, .received = 1, .stray = 1);
    probe_stats_drop(&a);
    assert_int_equal(probe_stats_open(&a), 0);
    assert_false(probe_stats_oldest(&a, &oldest));
}

static void knows_when_a_probe_left(void **state)
{
    kedge_nanos v = 7;

    (void)state;
    PLAY(&a, { 10, SEND, 0 }, { 25, SEND, 0 });
    assert_true(probe_stats_sent_at(&a, 1, &v));
    assert_int_equal(v, 25);
    assert_false(probe_stats_sent_at(&a, 2, &v));
    assert_int_equal(v, 25);
}

static void a_16_bit_number_is_unwrapped(void **state)
{
    (void)state;
    a = (struct probe_stats){ .sent = 1 };
    assert_int_equal(probe_stats_unwrap(&a, 0), 0);
    a.sent = 65536 + 6;
    assert_int_equal(probe_stats_unwrap(&a, 5), 65541);
    assert_int_equal(probe_stats_unwrap(&a, 6), 6);
    assert_int_equal(probe_stats_unwrap(&a, 65535), 65535);
    a.sent = 10;
    assert_true(probe_stats_unwrap(&a, 50) >= a.sent); /* never sent */
}

static void room_is_for_what_may_be_open_and_more(void **state)
{
    (void)state;
    assert_int_equal(probe_stats_room(KEDGE_SEC, KEDGE_SEC), 32);
    assert_int_equal(probe_stats_room(KEDGE_MSEC, KEDGE_SEC), 4096);
    assert_int_equal(probe_stats_room(1, KEDGE_SEC), PROBE_STATS_ROOM_MAX);
    assert_int_equal(probe_stats_room(1, KEDGE_NEVER), PROBE_STATS_ROOM_MAX);
}

/* Any event about any probe near the last: the sum holds after each. */
static void counts_add_up_whatever_happens(void **state)
{
    static struct probe_stats_slot slots[ROOM];
    uint64_t seed = 42;
    kedge_nanos now = 0;

    (void)state;
    probe_stats_init(&a, slots, ROOM, TIMEOUT);
    for (size_t i = 0; i < 100000; i++) {
        struct event e = { 0 };

        seed = seed * 6364136223846793005U + 1442695040888963407U;
        now += seed >> 60;
        e = (struct event){ now, (enum what)((seed >> 40) % 5), 0 };
        if (e.what == SEND)
            e.sequence = now;
        else
            e.sequence = a.sent - (seed >> 33) % (ROOM + 9);
        if ((seed >> 20) % 1000 == 0)
            e.what = GONE;
        apply(&a, &e);
        assert_int_equal(a.sent, a.received + a.lost + a.late + probe_stats_open(&a));
        assert_int_equal(a.rtt.count, a.received);
    }
    assert_true(a.received > 100 && a.lost > 100 && a.late > 100);
    assert_true(a.duplicated > 100 && a.reordered > 100 && a.stray > 100);
}

#define TEST(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(round_trips_from_the_send_and_from_the_intended_time),
        TEST(what_does_not_answer_in_time_is_lost),
        TEST(a_late_answer_is_late_and_no_loss),
        TEST(the_fastest_answer_may_be_late),
        TEST(each_fate_is_told_once),
        TEST(a_second_answer_is_a_duplicate),
        TEST(an_answer_behind_a_later_one_is_reordered),
        TEST(jitter_takes_neighbours_in_any_order),
        TEST(refused_and_unsent_are_lost_at_once),
        TEST(a_connection_takes_all_with_it),
        TEST(what_was_never_sent_is_stray),
        TEST(late_sends_and_the_prober_held_up_are_counted),
        TEST(a_full_memory_loses_the_oldest),
        TEST(knows_when_a_probe_left),
        TEST(a_16_bit_number_is_unwrapped),
        TEST(room_is_for_what_may_be_open_and_more),
        TEST(counts_add_up_whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
