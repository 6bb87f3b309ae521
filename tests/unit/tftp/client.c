/* SPDX-License-Identifier: MIT */
/* Tests of the client: it asks until it is answered, and takes what answer it gets. */
#include "help.h"

static const struct kedge_tftp_options none = { 0 };
static const uint8_t half[KEDGE_TFTP_HEADER + 512] = { 0, KEDGE_TFTP_DATA, 0, 1 };
static const struct kedge_tftp_options some = {
    .has = KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_TSIZE | KEDGE_TFTP_HAS_WINDOWSIZE,
    .blksize = 1024,
    .windowsize = 4,
};

static struct kedge_tftp_client client(enum kedge_tftp_op op,
                                       const struct kedge_tftp_options *asked)
{
    struct kedge_tftp_client c;

    kedge_tftp_client_init(&c, op, asked, 0, 0);
    assert_int_equal(kedge_tftp_client_write(&c, 0).todo, KEDGE_TFTP_ASK);
    assert_int_equal(kedge_tftp_client_write(&c, 0).todo, KEDGE_TFTP_WAIT);
    return c;
}

/* Feed a datagram from a block of just its size. Returns the bytes to store, as many. */
static size_t feed(struct kedge_tftp_client *c, struct kedge_span bytes, kedge_nanos now)
{
    uint8_t *copy = exact(bytes.ptr, bytes.len);
    struct kedge_span store;

    kedge_tftp_client_read(c, (struct kedge_span){ copy, bytes.len }, now, &store);
    free(copy);
    return store.ptr ? store.len : SIZE_MAX;
}

static void assert_action(struct kedge_tftp_client *c, kedge_nanos now,
                          enum kedge_tftp_todo todo, uint64_t first)
{
    struct kedge_tftp_action a = kedge_tftp_client_write(c, now);

    assert_int_equal(a.todo, todo);
    assert_true(a.first == first);
}

static void it_asks_again_by_a_doubling_timer(void **state)
{
    static const unsigned at_ms[] = { 1000, 3000, 7000, 13000, 19000, 25000 };
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &none);

    (void)state;
    for (size_t i = 0; i < COUNT(at_ms); i++) {
        assert_true(kedge_tftp_client_deadline(&c) == MS(at_ms[i]));
        assert_action(&c, MS(at_ms[i]) - 1, KEDGE_TFTP_WAIT, 0);
        assert_action(&c, MS(at_ms[i]), KEDGE_TFTP_ASK, 0);
    }
    assert_true(kedge_tftp_client_deadline(&c) == MS(30000));
    assert_action(&c, MS(30000), KEDGE_TFTP_OVER, 0);
    assert_int_equal(kedge_tftp_client_outcome(&c), KEDGE_TFTP_TIMEOUT);
    assert_true(kedge_tftp_client_deadline(&c) == KEDGE_NEVER);
}

static void a_get_with_options(void **state)
{
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &some);

    (void)state;
    feed(&c, SPAN("\0\6blksize\0001024\0tsize\0003\0windowsize\0002\0"), MS(10));
    assert_true(c.answered && c.granted.tsize == 3);
    assert_int_equal(c.machine.receiver.half.terms.window, 2);
    assert_action(&c, MS(10), KEDGE_TFTP_REPLY, 0);
    assert_int_equal(feed(&c, SPAN("\0\3\0\1abc"), MS(20)), 3);
    assert_action(&c, MS(20), KEDGE_TFTP_COMMIT, 0);
    kedge_tftp_receiver_committed(&c.machine.receiver, MS(21));
    assert_action(&c, MS(21), KEDGE_TFTP_REPLY, 1);
    assert_int_equal(kedge_tftp_client_outcome(&c), KEDGE_TFTP_OK);
}

static void a_server_without_options_is_fine(void **state)
{
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &some);

    (void)state;
    assert_int_equal(feed(&c, SPAN("\0\3\0\1abc"), MS(10)), 3);
    assert_true(c.answered && c.granted.has == 0);
    assert_int_equal(c.machine.receiver.half.terms.blksize, 512);
    c = client(KEDGE_TFTP_WRQ, &some);
    c.size = 1024;
    feed(&c, SPAN("\0\4\0\0"), MS(10));
    assert_true(c.answered && c.machine.sends);
    assert_true(c.machine.sender.last == 3);
    assert_action(&c, MS(10), KEDGE_TFTP_BLOCKS, 1);
}

static void a_put_with_options(void **state)
{
    struct kedge_tftp_client c = client(KEDGE_TFTP_WRQ, &some);
    struct kedge_tftp_action a;

    (void)state;
    c.size = 1024;
    feed(&c, SPAN("\0\6blksize\0001000\0windowsize\0004\0"), MS(10));
    a = kedge_tftp_client_write(&c, MS(10));
    assert_int_equal(a.todo, KEDGE_TFTP_BLOCKS);
    assert_true(a.first == 1 && a.end == 3); /* 1000 and 24 */
    kedge_tftp_sender_sent(&c.machine.sender, 1, 3, MS(10));
    assert_action(&c, MS(10), KEDGE_TFTP_WAIT, 0);
    feed(&c, SPAN("\0\4\0\2"), MS(20));
    assert_int_equal(kedge_tftp_client_outcome(&c), KEDGE_TFTP_OK);
}

static void what_answers_no_question_is_dropped(void **state)
{
    static const struct kedge_span foreign[] = {
        BYTES("\0\3\0\2abc"), /* a later block first */
        BYTES("\0\4\0\0"),    /* an ACK for a get */
        BYTES("\0\1a\0octet\0"), BYTES("\0\3\0"), BYTES(""),
    };
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &some);

    (void)state;
    for (size_t i = 0; i < COUNT(foreign); i++)
        assert_true(feed(&c, foreign[i], MS(1)) == SIZE_MAX);
    assert_false(c.answered);
    c = client(KEDGE_TFTP_WRQ, &some);
    feed(&c, SPAN("\0\3\0\1abc"), MS(1));
    feed(&c, SPAN("\0\4\0\1"), MS(1));
    assert_false(c.answered);
    assert_int_equal(kedge_tftp_client_outcome(&c), KEDGE_TFTP_RUNNING);
}

static void a_first_block_of_number_0_is_the_end(void **state)
{
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &none);

    (void)state;
    assert_true(feed(&c, SPAN("\0\3\0\0abc"), MS(20)) == SIZE_MAX);
    assert_action(&c, MS(20), KEDGE_TFTP_REFUSE, 0);
    assert_action(&c, MS(20), KEDGE_TFTP_OVER, 0);
    assert_int_equal(kedge_tftp_client_outcome(&c), KEDGE_TFTP_FAILED);
}

static void an_error_is_a_refusal(void **state)
{
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &some);

    (void)state;
    feed(&c, SPAN("\0\5\0\1File not found\0"), MS(1));
    assert_int_equal(kedge_tftp_client_outcome(&c), KEDGE_TFTP_REFUSED);
    assert_int_equal(c.code, 1);
    assert_action(&c, MS(1), KEDGE_TFTP_OVER, 0);
}

static void a_bad_oack_is_answered_by_error_8(void **state)
{
    static const struct kedge_span bad[] = { BYTES("\0\6blksize\0001025\0"),
                                             BYTES("\0\6timeout\0003\0"),
                                             BYTES("\0\6windowsize\0000\0") };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &some);
        struct kedge_tftp_action a;

        feed(&c, bad[i], MS(1));
        a = kedge_tftp_client_write(&c, MS(1));
        assert_int_equal(a.todo, KEDGE_TFTP_REFUSE);
        assert_int_equal(a.code, 8);
        assert_action(&c, MS(1), KEDGE_TFTP_OVER, 0);
        assert_int_equal(kedge_tftp_client_outcome(&c), KEDGE_TFTP_FAILED);
    }
}

static void an_oack_that_was_not_asked_for_is_bad(void **state)
{
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &none);

    (void)state;
    feed(&c, SPAN("\0\6"), MS(1));
    assert_int_equal(kedge_tftp_client_write(&c, MS(1)).todo, KEDGE_TFTP_REFUSE);
}

static void an_oack_again_brings_ack_0_again(void **state)
{
    static const struct kedge_span oack = BYTES("\0\6blksize\0001024\0");
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &some);

    (void)state;
    feed(&c, oack, MS(10));
    assert_action(&c, MS(10), KEDGE_TFTP_REPLY, 0);
    feed(&c, oack, MS(500));
    assert_action(&c, MS(500), KEDGE_TFTP_REPLY, 0);
    assert_action(&c, MS(500), KEDGE_TFTP_WAIT, 0);
    assert_int_equal(feed(&c, SPAN("\0\3\0\1abc"), MS(510)), 3);
    assert_action(&c, MS(510), KEDGE_TFTP_COMMIT, 0);
    feed(&c, oack, MS(511)); /* a straggler of no use */
    assert_action(&c, MS(511), KEDGE_TFTP_WAIT, 0);
}

/* 512 bytes where 1,024 were granted may be all of the file, or the first half of a block. */
static struct kedge_tftp_client in_doubt(void)
{
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &some);

    feed(&c, SPAN("\0\6blksize\0001024\0"), MS(10));
    assert_action(&c, MS(10), KEDGE_TFTP_REPLY, 0);
    assert_int_equal(feed(&c, (struct kedge_span){ half, sizeof half }, MS(20)), 512);
    assert_action(&c, MS(20), KEDGE_TFTP_REPLY, 1); /* and nothing is kept yet */
    assert_action(&c, MS(20), KEDGE_TFTP_WAIT, 0);
    assert_true(kedge_tftp_client_deadline(&c) == MS(220));
    return c;
}

static void blocks_of_another_size_than_was_granted_are_an_error(void **state)
{
    struct kedge_tftp_client c = in_doubt();
    struct kedge_tftp_action a;

    (void)state;
    feed(&c, SPAN("\0\3\0\2more"), MS(219));
    a = kedge_tftp_client_write(&c, MS(219));
    assert_int_equal(a.todo, KEDGE_TFTP_REFUSE);
    assert_int_equal(a.code, 4);
    assert_action(&c, MS(219), KEDGE_TFTP_OVER, 0);
    assert_int_equal(kedge_tftp_client_outcome(&c), KEDGE_TFTP_FAILED);
    assert_true(kedge_tftp_client_deadline(&c) == KEDGE_NEVER);
}

static void a_block_in_doubt_is_the_file_when_no_other_comes(void **state)
{
    struct kedge_tftp_client c = in_doubt();

    (void)state;
    assert_true(feed(&c, (struct kedge_span){ half, sizeof half }, MS(100)) == SIZE_MAX);
    assert_action(&c, MS(100), KEDGE_TFTP_REPLY, 1); /* its ACK was lost */
    assert_action(&c, MS(219), KEDGE_TFTP_WAIT, 0);
    feed(&c, SPAN("\0\5\0\0late\0"), MS(219)); /* no block */
    assert_action(&c, MS(220), KEDGE_TFTP_COMMIT, 0);
    assert_true(kedge_tftp_client_deadline(&c) == KEDGE_NEVER);
    kedge_tftp_receiver_committed(&c.machine.receiver, MS(221));
    assert_action(&c, MS(221), KEDGE_TFTP_OVER, 0); /* it has its ACK */
    assert_int_equal(kedge_tftp_client_outcome(&c), KEDGE_TFTP_OK);
}

static void a_known_size_leaves_no_doubt(void **state)
{
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &some);

    (void)state;
    feed(&c, SPAN("\0\6blksize\0001024\0tsize\000512\0"), MS(10));
    assert_action(&c, MS(10), KEDGE_TFTP_REPLY, 0);
    assert_int_equal(feed(&c, (struct kedge_span){ half, sizeof half }, MS(20)), 512);
    assert_action(&c, MS(20), KEDGE_TFTP_COMMIT, 0);
}

static void a_client_is_proved_from_the_start(void **state)
{
    struct kedge_tftp_client c = client(KEDGE_TFTP_RRQ, &some);

    (void)state;
    feed(&c, SPAN("\0\6blksize\0001024\0"), MS(10));
    assert_action(&c, MS(10), KEDGE_TFTP_REPLY, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_action(&c, kedge_tftp_client_deadline(&c), KEDGE_TFTP_WAIT, 0);
        assert_action(&c, kedge_tftp_client_deadline(&c), KEDGE_TFTP_REPLY, 0);
    }
}

static void the_patience_is_the_users(void **state)
{
    struct kedge_tftp_client c;

    (void)state;
    kedge_tftp_client_init(&c, KEDGE_TFTP_WRQ, &some, 3 * KEDGE_SEC, 0);
    assert_true(c.give_up == 3 * KEDGE_SEC);
    assert_action(&c, 0, KEDGE_TFTP_ASK, 0);
    feed(&c, SPAN("\0\4\0\0"), KEDGE_SEC);
    assert_true(c.machine.sender.half.give_up == 4 * KEDGE_SEC);
    /* The last ACK of a put comes after fsync and rename: it may take as long. */
    assert_true(c.machine.sender.half.terms.confirm == 3 * KEDGE_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_asks_again_by_a_doubling_timer),
        cmocka_unit_test(a_get_with_options),
        cmocka_unit_test(a_server_without_options_is_fine),
        cmocka_unit_test(a_put_with_options),
        cmocka_unit_test(what_answers_no_question_is_dropped),
        cmocka_unit_test(a_first_block_of_number_0_is_the_end),
        cmocka_unit_test(an_error_is_a_refusal),
        cmocka_unit_test(a_bad_oack_is_answered_by_error_8),
        cmocka_unit_test(an_oack_that_was_not_asked_for_is_bad),
        cmocka_unit_test(an_oack_again_brings_ack_0_again),
        cmocka_unit_test(blocks_of_another_size_than_was_granted_are_an_error),
        cmocka_unit_test(a_block_in_doubt_is_the_file_when_no_other_comes),
        cmocka_unit_test(a_known_size_leaves_no_doubt),
        cmocka_unit_test(a_client_is_proved_from_the_start),
        cmocka_unit_test(the_patience_is_the_users),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
