/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/service.h: the service turns in this thread while a helper is held in the
 * midst of one transfer's open, read or commit. The others go on as if nothing were. */
#include "os/clock.h"
#include "tftp_bench.h"
#include "../../skip.h"

/* Others are served: downloads, uploads, refusals. All within so much less than a helper
 * may take that the loop cannot have waited for it. */
static void others_are_served(struct bench *b)
{
    struct peer *p = peer_new(b);
    kedge_nanos start = clock_now();

    for (int i = 0; i < 10; i++) {
        assert_int_equal(fetch(p, "quick"), 3000);
        store(p, "new", "content");
        ask(p, KEDGE_TFTP_RRQ, "nothing", NULL);
        must_hear(p, KEDGE_TFTP_ERROR, KEDGE_TFTP_NOT_FOUND);
    }
    assert_true(clock_now() - start < 2 * KEDGE_SEC);
    peer_free(p);
}

static void an_open_that_hangs_stops_nobody(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b);

    (void)state;
    hold_next(b);
    ask(p, KEDGE_TFTP_RRQ, "slow", "1000");
    turn_until_held(b);
    for (int i = 0; i < 5; i++)
        ask(p, KEDGE_TFTP_RRQ, "slow", "1000"); /* it asks again, as clients do */
    others_are_served(b);
    assert_false(hears(p, 1));
    let_go(b);
    must_hear(p, KEDGE_TFTP_OACK, 0);
    assert_false(hears(p, 20)); /* one transfer, one answer */
    say(p, KEDGE_TFTP_ACK, 0, NULL);
    must_hear(p, KEDGE_TFTP_DATA, 1);
    assert_int_equal(p->len, 1004);
    peer_free(p);
    bench_free(b);
}

static uint16_t block_of(const struct peer *p)
{
    return p->packet[1] == KEDGE_TFTP_DATA ? (uint16_t)(p->packet[2] << 8 | p->packet[3])
                                           : 0;
}

/* On a busy machine what the timer sent again may come before it. */
static void await_block(struct peer *p, uint16_t block)
{
    do
        assert_true(hears(p, 2000));
    while (block_of(p) < block);
    assert_int_equal(block_of(p), block);
}

static void a_read_that_hangs_stops_nobody(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b);

    (void)state;
    ask(p, KEDGE_TFTP_RRQ, "slow", "1000");
    must_hear(p, KEDGE_TFTP_OACK, 0);
    while (workers_pending(&b->tree.workers) > 0) /* what was begun by the request */
        turn(b);
    hold_next(b);
    say(p, KEDGE_TFTP_ACK, 0, NULL);
    for (int i = 0; i < 200 && !is_held(b); i++)
        turn(b);
    if (!is_held(b)) { /* in memory, or the file system cannot tell */
        let_go(b);
        peer_free(p);
        bench_free(b);
        skip_because("files in /tmp never have to be waited for here");
    }
    others_are_served(b);
    assert_false(hears(p, 1) && block_of(p) > 0);
    let_go(b);
    await_block(p, 1);
    for (uint16_t block = 1; block < 200; block++) {
        say(p, KEDGE_TFTP_ACK, block, NULL);
        await_block(p, (uint16_t)(block + 1));
        assert_int_equal(p->packet[4], 'x');
    }
    peer_free(p);
    bench_free(b);
}

/* Each block comes once though none is read, and there is an end to it. */
static void a_lent_file_comes_whole(void **state)
{
    struct peer *p;
    uint16_t block;
    struct bench *b = lending(&p, &block);
    bool lent = is_lent(b);

    (void)state;
    while (p->len == 1004) {
        say(p, KEDGE_TFTP_ACK, block, NULL);
        must_hear(p, KEDGE_TFTP_DATA, ++block);
        for (size_t i = 4; i < p->len; i++)
            assert_int_equal(p->packet[i], 'x');
    }
    assert_int_equal(block, (4 << 20) / 1000 + 1);
    assert_int_equal(p->len, 4 + (4 << 20) % 1000);
    peer_free(p);
    bench_free(b);
    if (!lent)
        skip_because("pages of files in /tmp are not lent here");
}

/* The kernel refuses to send what is not there any more; then it is read, and that says
 * why. Nobody dies of SIGBUS. */
static void a_lent_file_is_cut_short(void **state)
{
    struct peer *p;
    uint16_t block;
    struct bench *b = lending(&p, &block);
    bool lent = is_lent(b);

    (void)state;
    assert_int_equal(truncate(at(&b->tree, "root/large").text, 0), 0);
    say(p, KEDGE_TFTP_ACK, block, NULL);
    must_hear(p, KEDGE_TFTP_ERROR, KEDGE_TFTP_ACCESS);
    others_are_served(b);
    peer_free(p);
    bench_free(b);
    if (!lent)
        skip_because("pages of files in /tmp are not lent here");
}

/* Its last block is on its way out when the transfer ends, in one turn. */
static void a_transfer_ends_with_lent_bytes_in_the_queue(void **state)
{
    struct peer *p;
    uint16_t block;
    struct bench *b = lending(&p, &block);
    bool lent = is_lent(b);
    struct peer *other = peer_new(b);

    (void)state;
    (void)fetch(other, "quick"); /* of a single stream one packet a turn would be taken */
    peer_free(other);
    say(p, KEDGE_TFTP_ACK, block, NULL);
    say(p, KEDGE_TFTP_ERROR, 0, NULL);
    must_hear(p, KEDGE_TFTP_DATA, (uint16_t)(block + 1));
    assert_int_equal(p->packet[4], 'x');
    assert_int_equal(tftp_service_busy(b->service), 0);
    peer_free(p);
    bench_free(b);
    if (!lent)
        skip_because("pages of files in /tmp are not lent here");
}

static void a_commit_that_hangs_stops_nobody(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b);

    (void)state;
    ask(p, KEDGE_TFTP_WRQ, "kept", NULL);
    must_hear(p, KEDGE_TFTP_ACK, 0);
    hold_next(b);
    say(p, KEDGE_TFTP_DATA, 1, "all of it");
    turn_until_held(b);
    others_are_served(b);
    assert_int_equal(access(at(&b->tree, "root/kept").text, F_OK), -1);
    for (int i = 0; i < 3; i++)
        say(p, KEDGE_TFTP_DATA, 1, "all of it"); /* where is my ACK? */
    assert_false(hears(p, 20)); /* the last ACK says that the file is kept */
    let_go(b);
    must_hear(p, KEDGE_TFTP_ACK, 1);
    assert_int_equal(access(at(&b->tree, "root/kept").text, F_OK), 0);
    peer_free(p);
    bench_free(b);
}

/* Whatever its peer does meanwhile, what is with a helper is ended when that comes back. */
static void a_peer_goes_while_its_file_opens(void **state)
{
    static const char *const names[] = { "slow", "nothing" };
    struct bench *b = two_files();

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct peer *p = peer_new(b);

        hold_next(b);
        if (i < 2)
            ask(p, KEDGE_TFTP_RRQ, names[i], NULL);
        else
            ask(p, KEDGE_TFTP_WRQ, i == 2 ? "new" : "nothing/new", NULL);
        turn_until_held(b);
        ask(p, KEDGE_TFTP_RRQ, "quick", NULL); /* it has changed its mind */
        must_hear(p, KEDGE_TFTP_DATA, 1);
        let_go(b);
        assert_false(hears(p, 50)); /* nothing of the former one */
        say(p, KEDGE_TFTP_ACK, 1, NULL);
        must_hear(p, KEDGE_TFTP_DATA, 2);
        peer_free(p);
    }
    assert_int_equal(tftp_service_totals(b->service).outcomes[KEDGE_TFTP_REPLACED], 4);
    bench_free(b);
}

static void a_peer_aborts_while_its_file_is_kept(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b);

    (void)state;
    ask(p, KEDGE_TFTP_WRQ, "kept", NULL);
    must_hear(p, KEDGE_TFTP_ACK, 0);
    hold_next(b);
    say(p, KEDGE_TFTP_DATA, 1, "all of it");
    turn_until_held(b);
    say(p, KEDGE_TFTP_ERROR, 0, "x");
    turn_for(b, 20 * KEDGE_MSEC);
    ask(p, KEDGE_TFTP_RRQ, "quick", NULL);
    must_hear(p, KEDGE_TFTP_DATA, 1);
    let_go(b);
    others_are_served(b);
    assert_int_equal(access(at(&b->tree, "root/kept").text, F_OK), 0);
    peer_free(p);
    bench_free(b);
}

/* The server is stopped while helpers are at work: they finish, then all is freed. */
static void the_service_closes_while_a_helper_is_held(void **state)
{
    (void)state;
    for (int op = KEDGE_TFTP_RRQ; op <= KEDGE_TFTP_DATA; op++) {
        struct bench *b = two_files();
        struct peer *p = peer_new(b);

        if (op == KEDGE_TFTP_DATA) {
            ask(p, KEDGE_TFTP_WRQ, "new", NULL);
            must_hear(p, KEDGE_TFTP_ACK, 0);
            hold_next(b);
            say(p, KEDGE_TFTP_DATA, 1, "body");
        } else {
            hold_next(b);
            ask(p, (uint8_t)op, "slow", NULL);
        }
        turn_until_held(b);
        tftp_service_stop(b->service);
        tftp_service_close(b->service);
        b->closed = true;
        peer_free(p);
        bench_free(b);
    }
}

static bool has_packet(struct peer *p)
{
    return recv(p->fd, p->packet, sizeof p->packet, 0) >= 0;
}

/* A board asks the new server again; its upload has to begin anew, and is told. */
static void a_stop_is_silence_to_readers(void **state)
{
    struct bench *b = bench_new(UPLOAD_CREATE);
    struct peer *reader = peer_new(b), *writer = peer_new(b);

    (void)state;
    put_bytes(b, "root/quick", 700);
    ask(reader, KEDGE_TFTP_RRQ, "quick", NULL);
    must_hear(reader, KEDGE_TFTP_DATA, 1);
    ask(writer, KEDGE_TFTP_WRQ, "new", NULL);
    must_hear(writer, KEDGE_TFTP_ACK, 0);
    tftp_service_stop(b->service);
    tftp_service_close(b->service);
    b->closed = true;
    assert_false(has_packet(reader));
    assert_true(has_packet(writer));
    assert_int_equal(writer->packet[1], KEDGE_TFTP_ERROR);
    assert_int_equal(writer->packet[3], KEDGE_TFTP_UNDEFINED);
    assert_int_equal(tftp_service_totals(b->service).outcomes[KEDGE_TFTP_FAILED], 2);
    peer_free(reader);
    peer_free(writer);
    bench_free(b);
}

/* Packets go on to come while a turn answers them: it ends nevertheless. */
static void a_turn_takes_some_packets_of_a_socket_and_ends(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b);
    uint64_t taken = 0;

    (void)state;
    ask(p, KEDGE_TFTP_RRQ, "quick", NULL);
    must_hear(p, KEDGE_TFTP_DATA, 1);
    for (int i = 0; i < 1200; i++)
        send_to(p, &p->tid, "\0\7", 2); /* no packet of TFTP: dropped, counted */
    for (int turns = 0; turns < 3; turns++) {
        turn(b);
        assert_true(tftp_service_totals(b->service).dropped - taken <= 512);
        taken = tftp_service_totals(b->service).dropped;
    }
    assert_int_equal(taken, 1200);
    peer_free(p);
    bench_free(b);
}

/* Who listens at such an address alone still knows that many were asked. */
static void a_broadcast_address_answers_nobody(void **state)
{
    struct bench *b = bench_new(UPLOAD_REFUSE);
    struct peer *p = peer_new(b);
    int on = 1;

    (void)state;
    put_bytes(b, "root/file", 100);
    tftp_service_close(b->service);
    tftp_service_free(b->service);
    serve_at(b, UPLOAD_REFUSE, "127.255.255.255");
    assert_int_equal(setsockopt(p->fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on), 0);
    ask(p, KEDGE_TFTP_RRQ, "file", NULL);
    assert_false(hears(p, 50));
    assert_int_equal(tftp_service_totals(b->service).dropped, 1);
    peer_free(p);
    bench_free(b);
}

/* The loop was away for longer than a timeout. The ACK has come meanwhile, behind much else:
 * it is read before the block is sent again. */
static void what_waits_is_read_before_a_timer_sends_again(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b);

    (void)state;
    ask(p, KEDGE_TFTP_RRQ, "quick", NULL);
    must_hear(p, KEDGE_TFTP_DATA, 1);
    for (int i = 0; i < 1200; i++)
        send_to(p, &p->tid, "\0\7", 2);
    say(p, KEDGE_TFTP_ACK, 1, NULL);
    usleep(1200000); /* its first timeout is a second */
    must_hear(p, KEDGE_TFTP_DATA, 2);
    say(p, KEDGE_TFTP_ACK, 2, NULL);
    must_hear(p, KEDGE_TFTP_DATA, 3);
    peer_free(p);
    bench_free(b);
}

/* Of equal size and mtime, so that ctime alone can tell. */
static void a_file_altered_while_it_is_served_has_no_last_block(void **state)
{
    static const struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };
    struct bench *b = two_files();
    struct peer *p = peer_new(b);
    struct path quick = at(&b->tree, "root/quick");

    (void)state;
    assert_int_equal(utimensat(AT_FDCWD, quick.text, times, 0), 0);
    ask(p, KEDGE_TFTP_RRQ, "quick", NULL);
    must_hear(p, KEDGE_TFTP_DATA, 1);
    usleep(20000); /* longer than a tick of the clock that stamps files */
    assert_int_equal(utimensat(AT_FDCWD, quick.text, times, 0), 0);
    for (uint16_t block = 1; p->packet[1] == KEDGE_TFTP_DATA; block++) {
        assert_int_equal(p->len, 516);
        say(p, KEDGE_TFTP_ACK, block, NULL);
        assert_true(hears(p, 2000));
    }
    assert_int_equal(p->packet[1], KEDGE_TFTP_ERROR);
    assert_int_equal(tftp_service_totals(b->service).outcomes[KEDGE_TFTP_CHANGED], 1);
    peer_free(p);
    bench_free(b);
}

/* What was read is idle, and what was written is closed. */
static void a_file_is_let_go(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b);

    (void)state;
    assert_int_equal(fetch(p, "quick"), 3000);
    store(p, "new", "content");
    for (int i = 0; i < 2000 && tftp_service_busy(b->service) > 0; i++)
        turn(b);
    for (size_t i = 0; i < FILES; i++)
        assert_int_equal(b->slots[i].users, 0);
    peer_free(p);
    bench_free(b);
}

/* A server at every address answers from the one that was asked: clients heed no other. */
static void a_reply_leaves_from_the_address_asked(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b);
    struct net_address asked;

    (void)state;
    tftp_service_close(b->service);
    tftp_service_free(b->service);
    serve_at(b, UPLOAD_REFUSE, "0.0.0.0");
    assert_true(net_address_parse("127.0.0.5", net_address_port(&b->at), &asked));
    b->at = asked;
    send_to(p, &b->at, "\0\1name", 6); /* it has no end, and becomes no transfer */
    must_hear(p, KEDGE_TFTP_ERROR, KEDGE_TFTP_ILLEGAL);
    assert_true(net_address_same_host(&p->tid, &asked));
    ask(p, KEDGE_TFTP_RRQ, "quick", NULL);
    must_hear(p, KEDGE_TFTP_DATA, 1);
    assert_true(net_address_same_host(&p->tid, &asked));
    say(p, KEDGE_TFTP_ACK, 1, NULL);
    must_hear(p, KEDGE_TFTP_DATA, 2);
    assert_true(net_address_same_host(&p->tid, &asked));
    peer_free(p);
    bench_free(b);
}

/* Its transfers go on. */
static void one_that_stops_takes_no_request(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b), *late = peer_new(b);

    (void)state;
    ask(p, KEDGE_TFTP_RRQ, "quick", NULL);
    must_hear(p, KEDGE_TFTP_DATA, 1);
    tftp_service_stop(b->service);
    ask(late, KEDGE_TFTP_RRQ, "quick", NULL);
    assert_false(hears(late, 50));
    assert_int_equal(tftp_service_totals(b->service).outcomes[KEDGE_TFTP_REFUSED], 0);
    say(p, KEDGE_TFTP_ACK, 1, NULL);
    must_hear(p, KEDGE_TFTP_DATA, 2);
    peer_free(p);
    peer_free(late);
    bench_free(b);
}

static void two_services_in_one_process(void **state)
{
    struct bench *one = two_files(), *two = bench_new(UPLOAD_REFUSE);
    struct peer *p = peer_new(one), *q = peer_new(two);

    (void)state;
    put_bytes(two, "root/quick", 700);
    hold_next(one);
    ask(p, KEDGE_TFTP_RRQ, "slow", NULL);
    turn_until_held(one);
    assert_int_equal(fetch(q, "quick"), 700);
    ask(q, KEDGE_TFTP_RRQ, "slow", NULL);
    must_hear(q, KEDGE_TFTP_ERROR, KEDGE_TFTP_NOT_FOUND);
    ask(q, KEDGE_TFTP_WRQ, "new", NULL);
    must_hear(q, KEDGE_TFTP_ERROR, KEDGE_TFTP_ACCESS);
    let_go(one);
    must_hear(p, KEDGE_TFTP_DATA, 1);
    assert_int_equal(tftp_service_totals(two->service).outcomes[KEDGE_TFTP_OK], 1);
    assert_int_equal(tftp_service_totals(one->service).outcomes[KEDGE_TFTP_OK], 0);
    peer_free(p);
    peer_free(q);
    bench_free(two);
    bench_free(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_that_hangs_stops_nobody),
        cmocka_unit_test(a_read_that_hangs_stops_nobody),
        cmocka_unit_test(a_lent_file_comes_whole),
        cmocka_unit_test(a_lent_file_is_cut_short),
        cmocka_unit_test(a_transfer_ends_with_lent_bytes_in_the_queue),
        cmocka_unit_test(a_commit_that_hangs_stops_nobody),
        cmocka_unit_test(a_peer_goes_while_its_file_opens),
        cmocka_unit_test(a_peer_aborts_while_its_file_is_kept),
        cmocka_unit_test(the_service_closes_while_a_helper_is_held),
        cmocka_unit_test(a_stop_is_silence_to_readers),
        cmocka_unit_test(a_turn_takes_some_packets_of_a_socket_and_ends),
        cmocka_unit_test(a_broadcast_address_answers_nobody),
        cmocka_unit_test(what_waits_is_read_before_a_timer_sends_again),
        cmocka_unit_test(a_file_altered_while_it_is_served_has_no_last_block),
        cmocka_unit_test(a_file_is_let_go),
        cmocka_unit_test(a_reply_leaves_from_the_address_asked),
        cmocka_unit_test(one_that_stops_takes_no_request),
        cmocka_unit_test(two_services_in_one_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
