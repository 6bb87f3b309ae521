/* Tests of the receiving side. Each script is one line an event: what came when, what was
 * stored, which block was acknowledged because of it, and how it stands then. */
#include "help.h"

enum event {
    TIME,  /* nothing came */
    DATA,  /* a whole block of this number */
    SHORT, /* a short one: the last */
    LONG,  /* longer than was agreed */
    ERROR, /* of this code */
    AGAIN, /* the request came again */
    KEPT,  /* the file is kept */
};

enum { STORE = 1, COMMIT = 2, REPLY = 4, TWICE = 8 };

struct line {
    unsigned at_ms;
    enum event event;
    uint16_t number;
    unsigned want; /* STORE, COMMIT, REPLY */
    uint64_t acked;
    enum kedge_tftp_outcome outcome;
};

#define RUN KEDGE_TFTP_RUNNING
#define DONE KEDGE_TFTP_OK

enum { BLKSIZE = 512 };
static const uint8_t block[BLKSIZE + 1];

static bool tell(struct kedge_tftp_receiver *r, const struct line *l, kedge_nanos now)
{
    static const size_t len[] = { [DATA] = BLKSIZE, [SHORT] = 5, [LONG] = BLKSIZE + 1 };
    struct kedge_tftp_packet in = error(l->number);

    if (l->event == AGAIN)
        kedge_tftp_receiver_again(r, now);
    else if (l->event == KEPT)
        kedge_tftp_receiver_committed(r, now);
    else if (l->event == DATA || l->event == SHORT || l->event == LONG)
        in = data(l->number, (struct kedge_span){ block, len[l->event] });
    if (in.op == KEDGE_TFTP_ERROR && l->event != ERROR)
        return false;
    return kedge_tftp_receiver_read(r, &in, now);
}

/* Do what the receiver wants at this time. */
static void pump(struct kedge_tftp_receiver *r, kedge_nanos now, struct line *got)
{
    struct kedge_tftp_action a;

    for (;;) {
        a = kedge_tftp_receiver_write(r, now);
        if (a.todo == KEDGE_TFTP_REPLY) {
            got->want |= got->want & REPLY ? TWICE : REPLY;
            got->acked = a.first;
        } else if (a.todo == KEDGE_TFTP_COMMIT) {
            got->want |= COMMIT;
        } else {
            break;
        }
    }
    assert_int_equal(a.todo, r->outcome == KEDGE_TFTP_RUNNING ? KEDGE_TFTP_WAIT
                                                              : KEDGE_TFTP_OVER);
    assert_true(r->outcome == KEDGE_TFTP_RUNNING ? r->deadline > now
                                                 : r->deadline == KEDGE_NEVER);
}

static void play(struct kedge_tftp_receiver *r, const struct line *script, size_t lines)
{
    for (size_t i = 0; i < lines; i++) {
        const struct line *l = &script[i];
        struct line got = { .want = 0 };

        while (r->deadline < MS(l->at_ms))
            pump(r, r->deadline, &got);
        if (tell(r, l, MS(l->at_ms)))
            got.want |= STORE;
        pump(r, MS(l->at_ms), &got);
        if (got.want != l->want || got.acked != l->acked)
            fail_msg("line %zu, at %u ms: %u, acknowledged %llu", i, l->at_ms, got.want,
                     (unsigned long long)got.acked);
        if (r->outcome != l->outcome)
            fail_msg("line %zu, at %u ms: outcome %d", i, l->at_ms, r->outcome);
    }
}

#define PLAY(r, script) play(r, script, COUNT(script))

static struct kedge_tftp_receiver receiver(uint32_t window, bool reply)
{
    struct kedge_tftp_terms terms = { .blksize = BLKSIZE, .window = window };
    struct kedge_tftp_receiver r;

    kedge_tftp_receiver_init(&r, &terms, reply, 10 * KEDGE_SEC, 0);
    return r;
}

static void lock_step(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },          { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 20, DATA, 2, STORE | REPLY, 2, RUN }, { 30, SHORT, 3, STORE | COMMIT, 0, RUN },
        { 90, KEPT, 0, REPLY, 3, RUN },         { 91, TIME, 0, 0, 0, RUN },
        { 10090, TIME, 0, 0, 0, DONE },         { 10091, SHORT, 3, 0, 0, DONE },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.bytes == 2 * BLKSIZE + 5);
    assert_true(r.resent == 0 && r.duplicates == 0);
    assert_true(r.rtt.smallest == MS(10));
}

static void an_empty_file(void **state)
{
    struct kedge_tftp_packet in = data(1, SPAN(""));
    struct kedge_tftp_receiver r = receiver(1, false);

    (void)state;
    assert_int_equal(kedge_tftp_receiver_write(&r, 0).todo, KEDGE_TFTP_WAIT);
    assert_true(kedge_tftp_receiver_read(&r, &in, MS(1)));
    assert_int_equal(kedge_tftp_receiver_write(&r, MS(1)).todo, KEDGE_TFTP_COMMIT);
    assert_true(r.bytes == 0);
}

static void rule_9_the_last_ack_leaves_after_the_commit(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },     { 10, SHORT, 1, STORE | COMMIT, 0, RUN },
        { 70, SHORT, 1, 0, 0, RUN }, /* it asks, yet nothing is kept: no answer */
        { 2000, SHORT, 1, 0, 0, RUN },     { 60000, TIME, 0, 0, 0, RUN },
        { 60001, KEPT, 0, REPLY, 1, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void while_it_is_kept_nothing_the_peer_says_matters(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN }, { 10, SHORT, 1, STORE | COMMIT, 0, RUN },
        { 20, ERROR, 5, 0, 0, RUN },   { 30, KEPT, 0, REPLY, 1, RUN },
        { 40, ERROR, 5, 0, 0, DONE }, /* and then it says that it needs no more */
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void rule_10_a_receiver_dallies_to_repeat_its_last_ack(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },     { 10, SHORT, 1, STORE | COMMIT, 0, RUN },
        { 20, KEPT, 0, REPLY, 1, RUN },    { 70, SHORT, 1, REPLY, 1, RUN },
        { 5000, SHORT, 1, REPLY, 1, RUN }, { 10019, TIME, 0, 0, 0, RUN },
        { 10020, TIME, 0, 0, 0, DONE },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.resent == 2);
}

static void without_lingering_it_is_over_with_the_last_ack(void **state)
{
    static const struct line script[] = {
        { 10, SHORT, 1, STORE | COMMIT, 0, RUN },
        { 20, KEPT, 0, REPLY, 1, DONE },
    };
    struct kedge_tftp_receiver r = receiver(1, false);

    (void)state;
    r.linger = 0;
    PLAY(&r, script);
}

static void rule_3_a_duplicate_brings_the_ack_again(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 20, DATA, 2, STORE | REPLY, 2, RUN },
        { 20, DATA, 2, 0, 0, RUN },     /* a copy made by the network: no second ACK */
        { 80, DATA, 2, REPLY, 2, RUN }, /* our ACK was lost */
        { 80, DATA, 2, 0, 0, RUN },
        { 81, DATA, 2, 0, 0, RUN },
        { 90, DATA, 3, STORE | REPLY, 3, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.resent == 1 && r.duplicates == 4);
}

/* In lock-step nobody needs the ACK of another block again, and lwIP ends its put over it. */
static void rule_3_other_blocks_bring_no_ack_in_lock_step(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 20, DATA, 2, STORE | REPLY, 2, RUN },
        { 100, DATA, 1, 0, 0, RUN },
        { 200, DATA, 4, 0, 0, RUN },
        { 300, DATA, 0, 0, 0, RUN },
        { 400, DATA, 65535, 0, 0, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void rule_3_after_a_second_of_silence_the_ack_is_repeated(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 1009, TIME, 0, 0, 0, RUN },
        { 1010, TIME, 0, REPLY, 1, RUN },
        { 3009, TIME, 0, 0, 0, RUN },
        { 3010, TIME, 0, REPLY, 1, RUN },
        { 7010, TIME, 0, REPLY, 1, RUN },
        { 12010, TIME, 0, REPLY, 1, RUN },
        { 17010, TIME, 0, REPLY, 1, RUN }, /* every 5 s at most */
        { 17020, DATA, 2, STORE | REPLY, 2, RUN },
        { 18019, TIME, 0, 0, 0, RUN },
        { 18020, TIME, 0, REPLY, 2, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.resent == 6);
}

static void rule_3_or_after_the_negotiated_timeout(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },     { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 7009, TIME, 0, 0, 0, RUN },      { 7010, TIME, 0, REPLY, 1, RUN },
        { 14010, TIME, 0, REPLY, 1, RUN },
    };
    struct kedge_tftp_terms terms = { .blksize = BLKSIZE, .window = 1 };
    struct kedge_tftp_receiver r;

    (void)state;
    terms.timeout = 7 * KEDGE_SEC;
    kedge_tftp_receiver_init(&r, &terms, true, 0, 0);
    PLAY(&r, script);
}

static void rule_3_it_gives_up_after_30_s_without_progress(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 30010, TIME, 0, REPLY | TWICE, 1, KEDGE_TFTP_TIMEOUT },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void rule_7_an_unproved_peer_gets_one_repeat_by_the_timer(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 4999, TIME, 0, 0, 0, RUN },
        { 5000, TIME, 0, REPLY, 0, RUN },
        { 29999, TIME, 0, 0, 0, RUN },
        { 30000, TIME, 0, 0, 0, KEDGE_TFTP_TIMEOUT },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void rule_6_the_same_request_gets_the_first_reply_again(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 4000, AGAIN, 0, REPLY, 0, RUN },
        { 8000, AGAIN, 0, REPLY, 0, RUN }, /* Cisco */
        { 8010, DATA, 1, STORE | REPLY, 1, RUN },
        { 8020, AGAIN, 0, 0, 0, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void a_window_is_acknowledged_once(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE, 0, RUN },
        { 11, DATA, 2, STORE, 0, RUN },
        { 12, DATA, 3, STORE, 0, RUN },
        { 13, DATA, 4, STORE | REPLY, 4, RUN },
        { 23, DATA, 5, STORE, 0, RUN },
        { 24, SHORT, 6, STORE | COMMIT, 0, RUN },
        { 25, KEPT, 0, REPLY, 6, RUN },
    };
    struct kedge_tftp_receiver r = receiver(4, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.resent == 0);
    assert_true(r.rtt.smallest == MS(10)); /* from an ACK to the first block after it */
}

static void a_gap_is_told_at_once_and_once(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE, 0, RUN },
        { 10, DATA, 3, REPLY, 1, RUN }, /* 2 was lost */
        { 10, DATA, 4, 0, 0, RUN },
        { 11, DATA, 5, 0, 0, RUN },
        { 12, DATA, 8, 0, 0, RUN },
        { 20, DATA, 2, STORE, 0, RUN },
        { 20, DATA, 3, STORE, 0, RUN },
        { 21, DATA, 4, STORE, 0, RUN },
        { 21, DATA, 5, STORE, 0, RUN },
        { 21, DATA, 6, STORE, 0, RUN },
        { 21, DATA, 7, STORE, 0, RUN },
        { 21, DATA, 8, STORE, 0, RUN },
        { 22, DATA, 9, STORE | REPLY, 9, RUN }, /* eight since the last ACK */
    };
    struct kedge_tftp_receiver r = receiver(8, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.resent == 1);
}

/* The first block of a window is lost: its others come a round trip after our ACK, while
 * those of the window before came at once. */
static void a_lost_first_block_is_told_too(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },          { 10, DATA, 1, STORE, 0, RUN },
        { 10, DATA, 2, STORE | REPLY, 2, RUN }, { 11, DATA, 4, 0, 0, RUN },
        { 20, DATA, 4, REPLY, 2, RUN },         { 30, DATA, 3, STORE, 0, RUN },
    };
    struct kedge_tftp_receiver r = receiver(2, true);

    (void)state;
    PLAY(&r, script);
}

/* A window that is sent again brings one ACK, by its last block; one for each would bring
 * windows without end. */
static void rule_2_a_window_of_copies_brings_one_ack(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },   { 10, DATA, 1, STORE, 0, RUN },
        { 10, DATA, 2, STORE, 0, RUN },  { 10, DATA, 3, STORE | REPLY, 3, RUN },
        { 80, DATA, 1, 0, 0, RUN },      { 90, DATA, 2, 0, 0, RUN },
        { 100, DATA, 3, REPLY, 3, RUN },
    };
    struct kedge_tftp_receiver r = receiver(3, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.duplicates == 3);
}

/* While blocks come there is no silence, however long a window takes. */
static void a_slow_window_is_no_silence(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },   { 10, DATA, 1, STORE, 0, RUN },
        { 110, DATA, 2, STORE, 0, RUN }, { 210, DATA, 3, STORE, 0, RUN },
        { 310, DATA, 4, STORE, 0, RUN }, { 429, TIME, 0, 0, 0, RUN },
        { 430, TIME, 0, REPLY, 4, RUN },
    };
    struct kedge_tftp_receiver r = receiver(8, true);

    (void)state;
    PLAY(&r, script);
}

static void in_windows_the_round_trip_tells_a_silence(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },          { 10, DATA, 1, STORE, 0, RUN },
        { 10, DATA, 2, STORE | REPLY, 2, RUN }, { 129, TIME, 0, 0, 0, RUN },
        { 130, TIME, 0, REPLY, 2, RUN }, /* two RTOs of 60 */
    };
    struct kedge_tftp_receiver r = receiver(2, true);

    (void)state;
    PLAY(&r, script);
}

static void what_is_too_long_is_not_stored(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, LONG, 1, 0, 0, RUN },
        { 20, DATA, 1, STORE | REPLY, 1, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void an_error_is_an_abort(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 20, ERROR, 3, 0, 0, KEDGE_TFTP_ABORTED },
        { 21, DATA, 2, 0, 0, KEDGE_TFTP_ABORTED },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
    assert_int_equal(r.code, 3);
}

static void deaf_until_its_own_data_can_come(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 4, DATA, 1, 0, 0, RUN },
        { 5, DATA, 1, STORE | REPLY, 1, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    r.terms.deaf_until = MS(5);
    PLAY(&r, script);
}

/* Any number of blocks, in windows, both ways of wrapping; each stored once. */
static void rule_1_any_size(void **state)
{
    (void)state;
    for (uint32_t rollover = 0; rollover <= 1; rollover++) {
        struct kedge_tftp_receiver r = receiver(7, false);

        r.terms.rollover = rollover;
        for (uint64_t b = 1; b <= 140000; b++) {
            struct kedge_tftp_packet in =
                data(kedge_tftp_wire(b, rollover), (struct kedge_span){ block, BLKSIZE });
            struct kedge_tftp_action a;

            assert_true(kedge_tftp_receiver_read(&r, &in, b));
            assert_false(kedge_tftp_receiver_read(&r, &in, b));
            a = kedge_tftp_receiver_write(&r, b);
            assert_int_equal(a.todo, b % 7 ? KEDGE_TFTP_WAIT : KEDGE_TFTP_REPLY);
            assert_true(b % 7 || a.first == b);
        }
        assert_true(r.bytes == 140000ULL * BLKSIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_step),
        cmocka_unit_test(an_empty_file),
        cmocka_unit_test(rule_9_the_last_ack_leaves_after_the_commit),
        cmocka_unit_test(while_it_is_kept_nothing_the_peer_says_matters),
        cmocka_unit_test(rule_10_a_receiver_dallies_to_repeat_its_last_ack),
        cmocka_unit_test(without_lingering_it_is_over_with_the_last_ack),
        cmocka_unit_test(rule_3_a_duplicate_brings_the_ack_again),
        cmocka_unit_test(rule_3_other_blocks_bring_no_ack_in_lock_step),
        cmocka_unit_test(rule_3_after_a_second_of_silence_the_ack_is_repeated),
        cmocka_unit_test(rule_3_or_after_the_negotiated_timeout),
        cmocka_unit_test(rule_3_it_gives_up_after_30_s_without_progress),
        cmocka_unit_test(rule_7_an_unproved_peer_gets_one_repeat_by_the_timer),
        cmocka_unit_test(rule_6_the_same_request_gets_the_first_reply_again),
        cmocka_unit_test(a_window_is_acknowledged_once),
        cmocka_unit_test(a_gap_is_told_at_once_and_once),
        cmocka_unit_test(a_lost_first_block_is_told_too),
        cmocka_unit_test(rule_2_a_window_of_copies_brings_one_ack),
        cmocka_unit_test(a_slow_window_is_no_silence),
        cmocka_unit_test(in_windows_the_round_trip_tells_a_silence),
        cmocka_unit_test(what_is_too_long_is_not_stored),
        cmocka_unit_test(an_error_is_an_abort),
        cmocka_unit_test(deaf_until_its_own_data_can_come),
        cmocka_unit_test(rule_1_any_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
