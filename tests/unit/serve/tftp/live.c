/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/live.h and counters.h: what a service says of its open transfers, and what
 * it has counted when they are over. */
#include "serve/tftp/live.h"
#include "serve/tftp/counters.h"
#include "serve/tftp/private.h"

#include "tftp_bench.h"

static struct tftp_counts counts_of(const struct bench *b)
{
    struct tftp_counts sum = { 0 };

    tftp_counters_sum(tftp_service_counters(b->service), &sum);
    return sum;
}

static uint64_t ended(const struct tftp_counts *c, unsigned direction,
                      enum kedge_tftp_outcome outcome)
{
    return c->at[tftp_counters_end(direction, outcome)];
}

static void a_download_is_seen_and_counted(void **state)
{
    struct bench *b = bench_new(UPLOAD_OVERWRITE);
    struct peer *p = peer_new(b);
    struct tftp_live rows[2];
    struct tftp_counts c;

    (void)state;
    put_bytes(b, "root/file", 2500);
    assert_int_equal(tftp_live_copy(b->service, rows, 2), 0);
    ask(p, KEDGE_TFTP_RRQ, "file", "1000");
    must_hear(p, KEDGE_TFTP_OACK, 0);
    say(p, KEDGE_TFTP_ACK, 0, NULL);
    must_hear(p, KEDGE_TFTP_DATA, 1);
    say(p, KEDGE_TFTP_ACK, 1, NULL);
    must_hear(p, KEDGE_TFTP_DATA, 2);
    assert_int_equal(tftp_live_copy(b->service, rows, 0), 0);
    assert_int_equal(tftp_live_copy(b->service, rows, 2), 1);
    assert_int_equal(rows[0].bytes, 1000);
    assert_int_equal(rows[0].size, 2500);
    assert_int_equal(rows[0].blksize, 1000);
    assert_int_equal(rows[0].windowsize, 1);
    assert_false(rows[0].writes);
    assert_int_equal(rows[0].name_len, 4);
    assert_memory_equal(rows[0].name, "file", 4);
    c = counts_of(b);
    assert_int_equal(c.at[TFTP_REQUESTS], 1);
    assert_int_equal(c.at[TFTP_ACTIVE], 1);
    assert_int_equal(c.at[TFTP_BYTES + TFTP_GETS], 0);
    say(p, KEDGE_TFTP_ACK, 2, NULL);
    must_hear(p, KEDGE_TFTP_DATA, 3);
    say(p, KEDGE_TFTP_ACK, 3, NULL);
    while (tftp_service_busy(b->service) > 0)
        turn(b);
    assert_int_equal(tftp_live_copy(b->service, rows, 2), 0);
    c = counts_of(b);
    assert_int_equal(c.at[TFTP_ACTIVE], 0);
    assert_int_equal(c.at[TFTP_BYTES + TFTP_GETS], 2500);
    assert_int_equal(ended(&c, TFTP_GETS, KEDGE_TFTP_OK), 1);
    peer_free(p);
    bench_free(b);
}

static uint64_t size_shown(const char *tsize)
{
    struct bench *b = bench_new(UPLOAD_OVERWRITE);
    struct peer *p = peer_new(b);
    uint8_t packet[100] = "\0\2new\0octet\0tsize";
    struct tftp_live row;

    memcpy(packet + 18, tsize, strlen(tsize));
    send_to(p, &b->at, packet, 19 + strlen(tsize));
    must_hear(p, KEDGE_TFTP_OACK, 0);
    assert_int_equal(tftp_live_copy(b->service, &row, 1), 1);
    peer_free(p);
    bench_free(b);
    return row.size;
}

/* A reader of JSON has no more. */
static void an_announced_size_has_63_bits(void **state)
{
    (void)state;
    assert_true(size_shown("1234") == 1234);
    assert_true(size_shown("9223372036854775807") == INT64_MAX);
    assert_true(size_shown("9223372036854775808") == UINT64_MAX);
    assert_true(size_shown("18446744073709551614") == UINT64_MAX);
}

static void an_upload_and_a_refusal_are_counted_by_kind(void **state)
{
    struct bench *b = bench_new(UPLOAD_OVERWRITE);
    struct peer *p = peer_new(b);
    struct tftp_counts c;

    (void)state;
    store(p, "new", "content");
    ask(p, KEDGE_TFTP_RRQ, "nothing", NULL);
    must_hear(p, KEDGE_TFTP_ERROR, KEDGE_TFTP_NOT_FOUND);
    c = counts_of(b);
    assert_int_equal(c.at[TFTP_REQUESTS], 2);
    assert_int_equal(ended(&c, TFTP_PUTS, KEDGE_TFTP_OK), 1);
    assert_int_equal(c.at[TFTP_BYTES + TFTP_PUTS], 7);
    assert_int_equal(ended(&c, TFTP_GETS, KEDGE_TFTP_REFUSED), 1);
    assert_int_equal(c.at[TFTP_REFUSALS + (unsigned)FAULT_NOT_FOUND], 1);
    assert_int_equal(c.at[TFTP_VERDICTS + (unsigned)VERDICT_FILE_NOT_FOUND], 1);
    tftp_counters_sum(tftp_service_counters(b->service), &c); /* as of two shards */
    assert_int_equal(c.at[TFTP_REQUESTS], 4);
    peer_free(p);
    bench_free(b);
}

static uint64_t dropped_of(const struct bench *b, enum tftp_drop kind)
{
    struct tftp_counts c;

    tftp_service_tell_drops(b->service);
    c = counts_of(b);
    return c.at[TFTP_SILENT_DROPS + (unsigned)kind];
}

/* Longer than any request. */
static void say_too_much(struct bench *b, const struct net_address *to, struct peer *p)
{
    static const uint8_t much[60000] = { 0, KEDGE_TFTP_DATA, 0, 1 };

    send_to(p, to, much, sizeof much);
    turn_for(b, 50 * KEDGE_MSEC);
}

/* What is cut is no request without a second port either, and has another kind there. */
static void what_is_cut_or_comes_too_late_is_counted(void **state)
{
    (void)state;
    for (int auto_port = 0; auto_port < 2; auto_port++) {
        struct bench *b = bench_new(UPLOAD_REFUSE);
        struct peer *p = peer_new(b);
        struct peer *late = peer_new(b);

        b->service->config.auto_port = auto_port;
        put_bytes(b, "root/file", 700);
        ask(p, KEDGE_TFTP_RRQ, "file", NULL);
        must_hear(p, KEDGE_TFTP_DATA, 1);
        say_too_much(b, &b->at, late);
        assert_int_equal(dropped_of(b, TFTP_DROP_CUT), auto_port);
        assert_int_equal(dropped_of(b, TFTP_DROP_STOPPING), 0);
        tftp_service_stop(b->service);
        ask(late, KEDGE_TFTP_RRQ, "file", NULL);
        assert_false(hears(late, 50));
        assert_int_equal(dropped_of(b, TFTP_DROP_STOPPING), 1);
        assert_int_equal(tftp_service_totals(b->service).dropped, 2);
        peer_free(late);
        peer_free(p);
        bench_free(b);
    }
}

static void each_fault_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TFTP_FAULTS; i++)
        for (unsigned k = 0; k <= i; k++)
            assert_true((strcmp(tftp_fault_word((enum verdict_fault)i),
                                tftp_fault_word((enum verdict_fault)k)) == 0) ==
                        (i == k));
    for (unsigned i = 0; i < TFTP_DROP_KINDS; i++)
        for (unsigned k = 0; k <= i; k++)
            assert_true((strcmp(tftp_drop_word(i), tftp_drop_word(k)) == 0) == (i == k));
}

static void each_end_is_done_or_has_failed_but_a_question(void **state)
{
    struct tftp_counts c = { 0 };

    (void)state;
    for (unsigned i = KEDGE_TFTP_OK; i < TFTP_OUTCOMES; i++) {
        enum kedge_tftp_outcome outcome = (enum kedge_tftp_outcome)i;
        bool probe = outcome == KEDGE_TFTP_PROBE;

        assert_int_equal(tftp_outcome_done(outcome) + tftp_outcome_failed(outcome),
                         !probe);
        c.at[tftp_counters_end(TFTP_GETS, outcome)] = 1;
        c.at[tftp_counters_end(TFTP_PUTS, outcome)] = 10;
    }
    assert_true(tftp_outcome_done(KEDGE_TFTP_UNCONFIRMED));
    assert_int_equal(tftp_counts_done(&c), 22);
    assert_int_equal(tftp_counts_failed(&c), 11 * (TFTP_OUTCOMES - KEDGE_TFTP_OK - 3));
    c.at[TFTP_REFUSALS + (unsigned)FAULT_MALFORMED] = 100;
    assert_int_equal(tftp_counts_failed(&c),
                     100 + 11 * (TFTP_OUTCOMES - KEDGE_TFTP_OK - 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_download_is_seen_and_counted),
        cmocka_unit_test(an_announced_size_has_63_bits),
        cmocka_unit_test(an_upload_and_a_refusal_are_counted_by_kind),
        cmocka_unit_test(what_is_cut_or_comes_too_late_is_counted),
        cmocka_unit_test(each_fault_has_a_word_of_its_own),
        cmocka_unit_test(each_end_is_done_or_has_failed_but_a_question),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
