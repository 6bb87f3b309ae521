/* SPDX-License-Identifier: MIT */
/* Tests of either machine as one thing: ends from this side, and ICMP. */
#include "help.h"

static struct kedge_tftp_machine sending(uint64_t last)
{
    struct kedge_tftp_terms terms = { .blksize = 512, .window = 4 };
    struct kedge_tftp_machine m = { .sends = true };

    kedge_tftp_sender_init(&m.sender, &terms, 1, true, 0);
    kedge_tftp_sender_end(&m.sender, last);
    return m;
}

static struct kedge_tftp_machine receiving(void)
{
    struct kedge_tftp_terms terms = { .blksize = 512, .window = 1 };
    struct kedge_tftp_machine m = { .sends = false };

    kedge_tftp_receiver_init(&m.receiver, &terms, true, KEDGE_SEC, 0);
    return m;
}

static struct kedge_span feed(struct kedge_tftp_machine *m, struct kedge_tftp_packet in)
{
    struct kedge_span store = SPAN("not set");

    kedge_tftp_machine_read(m, &in, MS(1), &store);
    return store;
}

/* Receive one short block, up to its commit. */
static void take_last(struct kedge_tftp_machine *m)
{
    assert_span(feed(m, data(1, SPAN("abc"))), SPAN("abc"));
    assert_int_equal(kedge_tftp_machine_write(m, MS(1)).todo, KEDGE_TFTP_COMMIT);
}

static void a_body_is_stored_only_when_it_is_the_next(void **state)
{
    struct kedge_tftp_machine m = receiving();
    struct kedge_span store = feed(&m, data(2, SPAN("abc")));

    (void)state;
    assert_null(store.ptr);
    assert_int_equal(store.len, 0);
    store = feed(&m, data(1, SPAN("abc")));
    assert_span(store, SPAN("abc"));
    m = sending(1);
    assert_null(feed(&m, data(1, SPAN("abc"))).ptr);
}

static void an_end_says_its_error_once(void **state)
{
    struct kedge_tftp_machine both[] = { sending(9), receiving() };

    (void)state;
    for (size_t i = 0; i < COUNT(both); i++) {
        struct kedge_tftp_machine *m = &both[i];
        struct kedge_tftp_action a;

        kedge_tftp_machine_end(m, KEDGE_TFTP_FAILED, KEDGE_TFTP_FULL);
        assert_true(kedge_tftp_machine_deadline(m) == KEDGE_NEVER);
        assert_int_equal(kedge_tftp_machine_outcome(m), KEDGE_TFTP_FAILED);
        a = kedge_tftp_machine_write(m, MS(2));
        assert_int_equal(a.todo, KEDGE_TFTP_REFUSE);
        assert_int_equal(a.code, KEDGE_TFTP_FULL);
        assert_int_equal(kedge_tftp_machine_write(m, MS(2)).todo, KEDGE_TFTP_OVER);
        kedge_tftp_machine_end(m, KEDGE_TFTP_REPLACED, 0);
        assert_int_equal(kedge_tftp_machine_outcome(m), KEDGE_TFTP_FAILED);
        assert_int_equal(kedge_tftp_machine_write(m, MS(2)).todo, KEDGE_TFTP_OVER);
    }
}

static void an_end_may_be_silent(void **state)
{
    struct kedge_tftp_machine m = sending(9);

    (void)state;
    kedge_tftp_machine_end(&m, KEDGE_TFTP_REPLACED, -1);
    assert_int_equal(kedge_tftp_machine_write(&m, MS(2)).todo, KEDGE_TFTP_OVER);
}

/* All that the machine wants until this time, at its own deadlines. */
static void live_until(struct kedge_tftp_machine *m, kedge_nanos end)
{
    kedge_nanos now = kedge_tftp_machine_deadline(m);

    for (; now <= end; now = kedge_tftp_machine_deadline(m)) {
        struct kedge_tftp_action a = kedge_tftp_machine_write(m, now);

        if (a.todo == KEDGE_TFTP_BLOCKS)
            kedge_tftp_sender_sent(&m->sender, a.first, a.end, now);
    }
}

/* Its outcome after ICMP has said at 1 s that nobody is there, and nothing came since. */
static enum kedge_tftp_outcome gone(struct kedge_tftp_machine *m)
{
    live_until(m, MS(20));
    kedge_tftp_machine_gone(m, MS(20));
    live_until(m, MS(2019));
    assert_int_equal(kedge_tftp_machine_outcome(m), KEDGE_TFTP_RUNNING);
    live_until(m, MS(9000));
    return kedge_tftp_machine_outcome(m);
}

static void rule_10_port_unreachable_after_the_last_block_is_ok(void **state)
{
    struct kedge_tftp_machine m = sending(3);

    (void)state;
    assert_int_equal(gone(&m), KEDGE_TFTP_OK);
    assert_int_equal(kedge_tftp_machine_write(&m, MS(9001)).todo, KEDGE_TFTP_OVER);
}

static void port_unreachable_before_that_is_gone(void **state)
{
    struct kedge_tftp_machine m = sending(9);

    (void)state;
    assert_int_equal(gone(&m), KEDGE_TFTP_GONE);
    m = sending(1);
    m.sender.half.validated = false; /* nobody was ever there */
    assert_int_equal(gone(&m), KEDGE_TFTP_GONE);
    m = receiving();
    assert_int_equal(gone(&m), KEDGE_TFTP_GONE);
}

/* Anybody can forge it. Who is there answers what is sent again, or goes on. */
static void port_unreachable_is_a_lie_when_the_peer_goes_on(void **state)
{
    struct kedge_tftp_machine m = sending(9);
    static const uint8_t whole[512];
    struct kedge_tftp_packet in = ack(1);
    struct kedge_span body;

    (void)state;
    live_until(&m, MS(20));
    for (unsigned i = 0; i < 8; i++) {
        kedge_nanos now = MS(20 + 1900u * i);

        kedge_tftp_machine_gone(&m, now);
        live_until(&m, now + MS(1899));
        in.number = (uint16_t)(i / 2); /* an ACK that says nothing new is valid too */
        kedge_tftp_machine_read(&m, &in, now + MS(1899), &body);
        assert_int_equal(kedge_tftp_machine_outcome(&m), KEDGE_TFTP_RUNNING);
    }
    m = receiving();
    live_until(&m, MS(20));
    for (uint16_t i = 0; i < 12; i++) { /* four of each take longer than ICMP waits */
        kedge_nanos now = MS(20 + 1900u * i);

        kedge_tftp_machine_gone(&m, now);
        live_until(&m, now + MS(1899));
        in = data((uint16_t)(i / 4 + 1), (struct kedge_span){ whole, sizeof whole });
        kedge_tftp_machine_read(&m, &in, now + MS(1899), &body);
        assert_int_equal(kedge_tftp_machine_outcome(&m), KEDGE_TFTP_RUNNING);
    }
}

/* One that is repeated does not put off the end. */
static void port_unreachable_is_no_sooner_or_later_for_being_repeated(void **state)
{
    struct kedge_tftp_machine m = sending(9);

    (void)state;
    live_until(&m, MS(20));
    for (unsigned at = 20; at < 2000; at += 100) {
        live_until(&m, MS(at));
        kedge_tftp_machine_gone(&m, MS(at));
    }
    live_until(&m, MS(2019));
    assert_int_equal(kedge_tftp_machine_outcome(&m), KEDGE_TFTP_RUNNING);
    live_until(&m, MS(2020));
    assert_int_equal(kedge_tftp_machine_outcome(&m), KEDGE_TFTP_GONE);
}

/* All has come: the file appears, and it is no failure. */
static void port_unreachable_does_not_end_a_commit(void **state)
{
    struct kedge_tftp_machine m = receiving();

    (void)state;
    (void)kedge_tftp_machine_write(&m, 0);
    take_last(&m);
    kedge_tftp_machine_gone(&m, MS(1));
    (void)kedge_tftp_machine_write(&m, MS(9000));
    assert_int_equal(kedge_tftp_machine_outcome(&m), KEDGE_TFTP_RUNNING);
    kedge_tftp_receiver_committed(&m.receiver, MS(9000));
    assert_int_equal(kedge_tftp_machine_write(&m, MS(9000)).todo, KEDGE_TFTP_REPLY);
}

static void who_lingers_is_ok_already(void **state)
{
    struct kedge_tftp_machine m = receiving();

    (void)state;
    (void)kedge_tftp_machine_write(&m, 0);
    take_last(&m);
    kedge_tftp_receiver_committed(&m.receiver, MS(2));
    assert_int_equal(kedge_tftp_machine_write(&m, MS(2)).todo, KEDGE_TFTP_REPLY);
    assert_int_equal(kedge_tftp_machine_outcome(&m), KEDGE_TFTP_OK);
    kedge_tftp_machine_end(&m, KEDGE_TFTP_REPLACED, 0);
    assert_int_equal(kedge_tftp_machine_outcome(&m), KEDGE_TFTP_OK);
    kedge_tftp_machine_gone(&m, MS(3)); /* nobody to linger for */
    assert_int_equal(kedge_tftp_machine_write(&m, MS(2003)).todo, KEDGE_TFTP_OVER);
    assert_int_equal(kedge_tftp_machine_outcome(&m), KEDGE_TFTP_OK);
}

static void port_unreachable_after_the_end_changes_nothing(void **state)
{
    struct kedge_tftp_machine both[] = { sending(9), receiving() };

    (void)state;
    for (size_t i = 0; i < COUNT(both); i++) {
        kedge_tftp_machine_end(&both[i], KEDGE_TFTP_REPLACED, 0);
        (void)kedge_tftp_machine_write(&both[i], MS(2));
        kedge_tftp_machine_gone(&both[i], MS(3));
        assert_true(kedge_tftp_machine_deadline(&both[i]) == KEDGE_NEVER);
        assert_int_equal(kedge_tftp_machine_write(&both[i], MS(9000)).todo,
                         KEDGE_TFTP_OVER);
        assert_int_equal(kedge_tftp_machine_outcome(&both[i]), KEDGE_TFTP_REPLACED);
    }
}

static void outcomes_have_the_names_of_records(void **state)
{
    static const char *const names[] = { "error", "ok",       "unconfirmed", "changed",
                                         "probe", "aborted",  "timeout",     "refused",
                                         "gone",  "replaced", "error" };

    (void)state;
    for (unsigned i = KEDGE_TFTP_RUNNING; i <= KEDGE_TFTP_FAILED; i++)
        assert_string_equal(kedge_tftp_outcome_name((enum kedge_tftp_outcome)i),
                            names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_stored_only_when_it_is_the_next),
        cmocka_unit_test(an_end_says_its_error_once),
        cmocka_unit_test(an_end_may_be_silent),
        cmocka_unit_test(rule_10_port_unreachable_after_the_last_block_is_ok),
        cmocka_unit_test(port_unreachable_before_that_is_gone),
        cmocka_unit_test(port_unreachable_is_a_lie_when_the_peer_goes_on),
        cmocka_unit_test(port_unreachable_is_no_sooner_or_later_for_being_repeated),
        cmocka_unit_test(port_unreachable_does_not_end_a_commit),
        cmocka_unit_test(who_lingers_is_ok_already),
        cmocka_unit_test(port_unreachable_after_the_end_changes_nothing),
        cmocka_unit_test(outcomes_have_the_names_of_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
