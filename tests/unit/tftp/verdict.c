/* SPDX-License-Identifier: MIT */
/* Tests of tftp/verdict.h: a scene for each verdict, played by packets through the sessions,
 * and its twin, where the fault is missing and so is the verdict. */
#include "verdict_scenes.h"

/* ---- what the network does ---- */

enum icmp_scene { STAYS, GOES, GOES_UNHEARD };

/* ICMP ends it, or silence does; what the message said is its owner's to add. */
static enum verdict icmp_says(enum verdict_icmp what, enum icmp_scene scene)
{
    struct server *s = plain();
    struct tftp_session *session = started_with(s, SPAN(RRQ), 20 * 512);
    bool gone = scene != STAYS;
    struct verdict_facts f;

    if (scene == GOES)
        hear_ack(s, session, 1, session->socket);
    if (gone) {
        kedge_tftp_machine_gone(&session->machine, s->now);
        (void)pump(s, session);
    }
    fall_silent(s, session);
    f = seen(s, session);
    f.icmp = what;
    f.stopped_before = gone; /* who is gone says so itself */
    server_close(s);
    return verdict_of(&f);
}

static enum verdict its_port_is_closed(bool fault)
{
    return icmp_says(fault ? ICMP_SAYS_CLOSED : ICMP_SAYS_REJECTED, GOES);
}

static enum verdict its_port_was_closed_from_the_start(bool fault)
{
    return icmp_says(ICMP_SAYS_CLOSED, fault ? GOES_UNHEARD : GOES);
}

static enum verdict a_router_rejects(bool fault)
{
    return icmp_says(fault ? ICMP_SAYS_REJECTED : ICMP_SAYS_CLOSED, GOES);
}

static enum verdict a_router_prohibits(bool fault)
{
    return icmp_says(fault ? ICMP_SAYS_PROHIBITED : ICMP_SAYS_NOTHING, STAYS);
}

static enum verdict a_router_turns_in_circles(bool fault)
{
    return icmp_says(fault ? ICMP_SAYS_EXPIRED : ICMP_SAYS_NOTHING, STAYS);
}

static enum verdict a_router_has_no_route(bool fault)
{
    return icmp_says(fault ? ICMP_SAYS_UNREACHABLE : ICMP_SAYS_NOTHING, STAYS);
}

static enum verdict speaks_another_language(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, SPAN(RRQ)));

    for (unsigned i = 0; fault && i < 300; i++)
        (void)say(s, from(1, SPAN("\0\11what")), session->socket);
    assert_int_equal(session->strange, fault ? 255 : 0);
    fall_silent(s, session);
    return verdict_on(s, session);
}

static enum verdict answers_another_port(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, SPAN(RRQ)));

    if (fault)
        hear_ack(s, session, 1, (session->socket + 1) % 4);
    fall_silent(s, session);
    return verdict_on(s, session);
}

static enum verdict answers_the_request_port(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, SPAN(RRQ)));

    if (fault)
        assert_int_equal(ask(s, from(1, SPAN("\0\4\0\1"))), TFTP_DROPPED);
    assert_int_equal(ask(s, from(2, SPAN("\0\4\0\1"))), TFTP_DROPPED); /* a stranger */
    fall_silent(s, session);
    return verdict_on(s, session);
}

static enum verdict asks_in_vain(struct tftp_limits limits, struct kedge_span request,
                                 unsigned repeats)
{
    struct server *s = server_open(limits);
    struct tftp_session *session = started(s, from(1, request));

    for (unsigned i = 0; i < repeats; i++) {
        turn(s, s->now + KEDGE_SEC);
        (void)again(s, from(1, request));
    }
    fall_silent(s, session);
    return verdict_on(s, session);
}

static enum verdict hears_no_data_port(bool fault)
{
    return asks_in_vain((struct tftp_limits){ 0 }, SPAN(RRQ), fault ? 2 : 0);
}

static enum verdict hears_no_data_port_for_an_upload(bool fault)
{
    return asks_in_vain((struct tftp_limits){ 0 }, SPAN(WRQ), fault ? 2 : 0);
}

static enum verdict takes_no_options(bool fault)
{
    return asks_in_vain((struct tftp_limits){ .auto_port = true },
                        fault ? SPAN(RRQ_OPTIONS) : SPAN(RRQ), 2);
}

static enum verdict hears_neither_port(bool fault)
{
    return asks_in_vain((struct tftp_limits){ .auto_port = true }, SPAN(RRQ),
                        fault ? 1 : 0);
}

static enum verdict hears_nothing_at_one_port(bool fault)
{
    return asks_in_vain(
        (struct tftp_limits){ .single_port = fault, .auto_port = !fault, .sockets = 1 },
        SPAN(RRQ), 1);
}

static enum verdict asks_once(bool fault)
{
    return asks_in_vain((struct tftp_limits){ 0 }, SPAN(RRQ), fault ? 0 : 1);
}

/* ---- it ended well, and yet ---- */

static enum verdict comes_to_its_end(bool lost, unsigned times)
{
    struct server *s = plain();
    struct tftp_session *session = started_with(s, SPAN(RRQ), 20 * 512);

    for (unsigned i = 1; i < times; i++)
        (void)again(s, from(1, SPAN(RRQ)));
    for (uint64_t block = 1; block <= 21; block++) {
        if (lost && block < 21)
            turn(s, tftp_sessions_deadline(&s->t));
        for (unsigned i = 0; i < times; i++)
            hear_ack(s, session, block, session->socket);
    }
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_OK);
    return verdict_on(s, session);
}

static enum verdict packets_come_twice(bool fault)
{
    return comes_to_its_end(false, fault ? 2 : 1);
}

static enum verdict packets_are_lost(bool fault)
{
    return comes_to_its_end(fault, 1);
}

static enum verdict found_at_the_request_port(bool fault)
{
    struct server *s = auto_server();
    struct tftp_session *session = moved(s, from(1, SPAN(RRQ)));
    uint32_t socket = fault ? TFTP_REQUEST_SOCKET : session->socket;

    hear_ack(s, session, 1, socket);
    hear_ack(s, session, 2, socket);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_OK);
    return verdict_on(s, session);
}

/* A client that is known is answered there at once: that is no fault, but a cure. */
static enum verdict known_at_the_request_port(bool fault)
{
    struct server *s = auto_server();
    struct tftp_session *session = moved(s, from(1, SPAN(RRQ)));

    complete(s, session, TFTP_REQUEST_SOCKET);
    session = small_one(s, from(2, SPAN(RRQ)));
    assert_int_equal(session->from, TFTP_FROM_REQUEST);
    hear_ack(s, session, 1, TFTP_REQUEST_SOCKET);
    if (!fault)
        hear_ack(s, session, 2, TFTP_REQUEST_SOCKET);
    fall_silent(s, session);
    return verdict_on(s, session);
}

static enum verdict own_host_bars(bool fault)
{
    struct server *s = auto_server();
    struct tftp_session *session = small_one(s, from(1, SPAN(RRQ)));
    uint32_t socket = fault ? TFTP_REQUEST_SOCKET : session->socket;

    if (fault)
        assert_true(tftp_sessions_blocked(&s->t, session, s->now));
    (void)pump(s, session);
    hear_ack(s, session, 1, socket);
    hear_ack(s, session, 2, socket);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_OK);
    return verdict_on(s, session);
}

/* Nothing that was seen says why. */
static enum verdict ends_for_no_reason(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started_with(s, SPAN(RRQ), 100);

    if (fault)
        kedge_tftp_machine_end(&session->machine, KEDGE_TFTP_FAILED, -1);
    else
        hear_ack(s, session, 1, session->socket);
    return verdict_on(s, session);
}

static enum verdict is_gone_and_no_icmp_was_seen(bool fault)
{
    return icmp_says(fault ? ICMP_SAYS_NOTHING : ICMP_SAYS_CLOSED, GOES);
}

static const struct {
    enum verdict want;
    enum verdict (*play)(bool fault);
    enum verdict twin;
} scenes[] = {
    { VERDICT_TABLE_FULL, gives_way, VERDICT_NO_ANSWER },
    { VERDICT_SIZE_PROBE, asks_for_the_size, VERDICT_OPTIONS_REFUSED },
    { VERDICT_BLOCKS_FROM_ZERO, counts_from_zero, VERDICT_UPLOAD_SILENT },
    { VERDICT_BLOCK_NUMBER_WRAP, stops_at_the_wrap, VERDICT_CLIENT_SILENT },
    { VERDICT_BLOCK_NUMBER_WRAP, stops_at_the_signed_wrap, VERDICT_CLIENT_ABORTED },
    { VERDICT_PATH_MTU, large_blocks_vanish, VERDICT_CLIENT_SILENT },
    { VERDICT_CLIENT_SILENT, large_blocks_come, VERDICT_PATH_MTU },
    { VERDICT_STOPPED_TWICE, stops_twice, VERDICT_CLIENT_SILENT },
    { VERDICT_OPTIONS_REFUSED, refuses_options, VERDICT_CLIENT_ABORTED },
    { VERDICT_UNKNOWN_TRANSFER, knows_another_transfer, VERDICT_CLIENT_ABORTED },
    { VERDICT_CLIENT_FULL, has_no_room, VERDICT_CLIENT_ABORTED },
    { VERDICT_CLIENT_ABORTED, aborts, VERDICT_NONE },
    { VERDICT_CLIENT_RESTARTED, restarts, VERDICT_REQUEST_ABANDONED },
    { VERDICT_OPTIONS_ABANDONED, gives_options_up, VERDICT_REQUEST_ABANDONED },
    { VERDICT_REQUEST_ABANDONED, wants_another_file, VERDICT_CLIENT_RESTARTED },
    { VERDICT_PORT_REJECTED, a_router_rejects, VERDICT_CLIENT_GONE },
    { VERDICT_ANSWER_REFUSED, its_port_was_closed_from_the_start, VERDICT_CLIENT_GONE },
    { VERDICT_CLIENT_GONE, its_port_is_closed, VERDICT_PORT_REJECTED },
    { VERDICT_PROHIBITED, a_router_prohibits, VERDICT_NO_ANSWER },
    { VERDICT_HOP_LIMIT, a_router_turns_in_circles, VERDICT_NO_ANSWER },
    { VERDICT_UNREACHABLE, a_router_has_no_route, VERDICT_NO_ANSWER },
    { VERDICT_NOT_UNDERSTOOD, speaks_another_language, VERDICT_NO_ANSWER },
    { VERDICT_WRONG_PORT, answers_another_port, VERDICT_NO_ANSWER },
    { VERDICT_WRONG_PORT, answers_the_request_port, VERDICT_NO_ANSWER },
    { VERDICT_DATA_PORT_SILENT, hears_no_data_port, VERDICT_NO_ANSWER },
    { VERDICT_DATA_PORT_SILENT, hears_no_data_port_for_an_upload, VERDICT_NO_ANSWER },
    { VERDICT_OPTIONS_UNANSWERED, takes_no_options, VERDICT_BOTH_PORTS_SILENT },
    { VERDICT_BOTH_PORTS_SILENT, hears_neither_port, VERDICT_NO_ANSWER },
    { VERDICT_ANSWERS_LOST, hears_nothing_at_one_port, VERDICT_BOTH_PORTS_SILENT },
    { VERDICT_NO_ANSWER, asks_once, VERDICT_DATA_PORT_SILENT },
    { VERDICT_BLOCK_NOT_HEARD, repeats_its_ack, VERDICT_CLIENT_SILENT },
    { VERDICT_ACKS_NOT_HEARD, repeats_its_data, VERDICT_UPLOAD_SILENT },
    { VERDICT_CLIENT_SILENT, falls_silent_in_a_long_file, VERDICT_NO_ANSWER },
    { VERDICT_UPLOAD_SILENT, uploads_and_falls_silent, VERDICT_NO_ANSWER },
    { VERDICT_LAST_ACK_MISSING, falls_silent_in_the_middle, VERDICT_NONE },
    { VERDICT_LAST_ACK_MISSING, known_at_the_request_port, VERDICT_NONE },
    { VERDICT_OWN_FIREWALL, own_host_bars, VERDICT_NONE },
    { VERDICT_DATA_PORT_BLOCKED, found_at_the_request_port, VERDICT_NONE },
    { VERDICT_PACKETS_DOUBLED, packets_come_twice, VERDICT_NONE },
    { VERDICT_PACKETS_LOST, packets_are_lost, VERDICT_NONE },
    { VERDICT_UNKNOWN, ends_for_no_reason, VERDICT_NONE },
    { VERDICT_UNKNOWN, is_gone_and_no_icmp_was_seen, VERDICT_CLIENT_GONE },
};

static void check(size_t scene, bool fault, enum verdict want)
{
    enum verdict got = scenes[scene].play(fault);

    if (got != want)
        fail_msg("scene %zu (%s), %s: %s, not %s", scene, verdict_id(scenes[scene].want),
                 fault ? "the fault" : "its twin", verdict_id(got), verdict_id(want));
}

static void each_scene_has_its_verdict_and_its_twin_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(scenes); i++) {
        check(i, true, scenes[i].want);
        assert_int_not_equal(scenes[i].twin, scenes[i].want);
        check(i, false, scenes[i].twin);
    }
}

/* A fault of the server's own goes before all that was seen of the peer. */
static const struct {
    enum verdict_fault fault;
    enum verdict get, put;
} faults[] = {
    { FAULT_MALFORMED, VERDICT_MALFORMED_REQUEST, VERDICT_MALFORMED_REQUEST },
    { FAULT_MODE, VERDICT_UNKNOWN_MODE, VERDICT_UNKNOWN_MODE },
    { FAULT_STOPPING, VERDICT_SERVER_STOPPING, VERDICT_SERVER_STOPPING },
    { FAULT_POLICY, VERDICT_POLICY_REFUSED, VERDICT_UPLOADS_REFUSED },
    { FAULT_NOT_FOUND, VERDICT_FILE_NOT_FOUND, VERDICT_NO_DIRECTORY },
    { FAULT_BAD_NAME, VERDICT_BAD_NAME, VERDICT_BAD_NAME },
    { FAULT_DENIED, VERDICT_NOT_PERMITTED, VERDICT_NOT_PERMITTED },
    { FAULT_EXISTS, VERDICT_FILE_EXISTS, VERDICT_FILE_EXISTS },
    { FAULT_DISK_FULL, VERDICT_DISK_FULL, VERDICT_DISK_FULL },
    { FAULT_TOO_LARGE, VERDICT_TOO_LARGE, VERDICT_TOO_LARGE },
    { FAULT_WRONG_SIZE, VERDICT_WRONG_SIZE, VERDICT_WRONG_SIZE },
    { FAULT_CHANGED, VERDICT_FILE_CHANGED, VERDICT_FILE_CHANGED },
    { FAULT_BUSY, VERDICT_SERVER_BUSY, VERDICT_SERVER_BUSY },
    { FAULT_GONE, VERDICT_ROOT_GONE, VERDICT_ROOT_GONE },
    { FAULT_STORAGE, VERDICT_STORAGE_FAILED, VERDICT_STORAGE_FAILED },
};

static enum verdict with_fault(enum verdict_fault fault, struct kedge_span request)
{
    struct server *s = plain();
    struct tftp_session *session;
    uint8_t reply[64];
    struct verdict_facts f;

    assert_int_equal(ask(s, from(1, request)), TFTP_OPEN);
    session = s->event.session;
    assert_true(tftp_session_refused(session, KEDGE_TFTP_ACCESS, "", reply) > 0);
    f = seen(s, session);
    f.fault = fault;
    server_close(s);
    return verdict_of(&f);
}

static void each_fault_of_the_server_has_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        assert_int_equal(with_fault(faults[i].fault, SPAN(RRQ)), faults[i].get);
        assert_int_equal(with_fault(faults[i].fault, SPAN(WRQ)), faults[i].put);
    }
    assert_int_equal(with_fault(FAULT_NONE, SPAN(RRQ)), VERDICT_UNKNOWN);
}

/* Evidence that is only just enough, beside what is not. */
static const struct {
    enum verdict want;
    struct verdict_facts facts;
} close_ones[] = {
    /* GRUB closes by ERROR 0 each time it has read the head of a file. */
    { VERDICT_STOPPED_TWICE,
      { .outcome = KEDGE_TFTP_ABORTED, .code = 4, .block = 9, .stopped_before = true } },
    { VERDICT_CLIENT_ABORTED,
      { .outcome = KEDGE_TFTP_ABORTED, .code = 0, .block = 9, .stopped_before = true } },
    /* The only block of a file is not of the granted size. */
    { VERDICT_PATH_MTU,
      { .block = 1, .last = 2, .blksize = 1468, .repeats = 2, .validated = true } },
    { VERDICT_CLIENT_SILENT,
      { .block = 1, .last = 1, .blksize = 1468, .repeats = 2, .validated = true } },
    { VERDICT_NOT_UNDERSTOOD, { .block = 9, .strange = 3, .validated = true } },
    { VERDICT_CLIENT_SILENT, { .block = 9, .strange = 2, .validated = true } },
    { VERDICT_NOT_UNDERSTOOD, { .answers = 1, .strange = 1 } },
    { VERDICT_NO_ANSWER, { .answers = 1 } },
    /* It spoke, and the same as before. */
    { VERDICT_BLOCK_NOT_HEARD,
      { .block = 9, .spoke = KEDGE_SEC, .duplicates = 1, .validated = true } },
    { VERDICT_CLIENT_SILENT, { .block = 9, .spoke = KEDGE_SEC, .validated = true } },
    /* A copy comes at once, and is no word of the client. */
    { VERDICT_CLIENT_SILENT,
      { .block = 9, .spoke = KEDGE_SEC - 1, .duplicates = 1, .validated = true } },
    { VERDICT_ACKS_NOT_HEARD,
      { .block = 9,
        .spoke = KEDGE_SEC,
        .duplicates = 1,
        .validated = true,
        .op = KEDGE_TFTP_WRQ } },
    { VERDICT_UPLOAD_SILENT,
      { .block = 9, .spoke = KEDGE_SEC, .validated = true, .op = KEDGE_TFTP_WRQ } },
    /* What an upload sends again are ACKs. */
    { VERDICT_PACKETS_LOST, { .outcome = KEDGE_TFTP_OK, .blocks = 80, .resent = 8 } },
    { VERDICT_NONE,
      { .outcome = KEDGE_TFTP_OK, .blocks = 80, .resent = 8, .op = KEDGE_TFTP_WRQ } },
    { VERDICT_PACKETS_DOUBLED,
      { .outcome = KEDGE_TFTP_OK, .blocks = 80, .duplicates = 40 } },
    { VERDICT_NONE,
      { .outcome = KEDGE_TFTP_OK, .blocks = 80, .duplicates = 40, .resent = 1 } },
    { VERDICT_PACKETS_DOUBLED,
      { .outcome = KEDGE_TFTP_OK,
        .blocks = 80,
        .duplicates = 40,
        .resent = 1,
        .requests = 2 } },
    { VERDICT_NONE,
      { .outcome = KEDGE_TFTP_OK,
        .blocks = 80,
        .duplicates = 40,
        .resent = 2,
        .requests = 5 } },
};

static void no_verdict_is_without_its_evidence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(close_ones); i++) {
        struct verdict_facts f = close_ones[i].facts;

        f.op = f.op ? f.op : KEDGE_TFTP_RRQ;
        f.outcome = f.outcome ? f.outcome : KEDGE_TFTP_TIMEOUT;
        if (verdict_of(&f) != close_ones[i].want)
            fail_msg("case %zu: %s, not %s", i, verdict_id(verdict_of(&f)),
                     verdict_id(close_ones[i].want));
    }
}

static void a_stop_is_of_an_address_and_a_file(void **state)
{
    struct server *s = plain();
    struct tftp_session *one = started(s, at(2, 1, 1, SPAN(RRQ)));
    struct tftp_session *other_host = started(s, at(2, 2, 1, SPAN(RRQ)));
    struct tftp_session *other_file = started(s, at(2, 1, 2, SPAN(OTHER_RRQ)));
    struct verdict_stops stops = { 0 };

    (void)state;
    assert_false(verdict_stopped_again(&stops, &s->t, one, 7));
    assert_false(verdict_stopped_again(&stops, &s->t, other_host, 7));
    assert_true(verdict_stopped_again(&stops, &s->t, one, 7));
    assert_false(verdict_stopped_again(&stops, &s->t, one, 8));
    assert_false(verdict_stopped_again(&stops, &s->t, other_file, 8));
    server_close(s);
}

/* Programs read them: each is there, and one word of its own. */
static void each_verdict_has_an_id(void **state)
{
    (void)state;
    assert_string_equal(verdict_id(VERDICT_NONE), "-");
    assert_string_equal(verdict_id(VERDICT_UNKNOWN), "unknown");
    for (unsigned v = VERDICT_NONE + 1; v < VERDICTS; v++) {
        const char *id = verdict_id((enum verdict)v);

        assert_non_null(id);
        assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz-"), strlen(id));
        for (unsigned other = 0; other < v; other++)
            assert_string_not_equal(id, verdict_id((enum verdict)other));
    }
}

/* No row without a scene. */
static void each_verdict_is_tested(void **state)
{
    bool tested[VERDICTS] = { [VERDICT_NONE] = true };

    (void)state;
    for (size_t i = 0; i < COUNT(scenes); i++)
        tested[scenes[i].want] = true;
    for (size_t i = 0; i < COUNT(faults); i++)
        tested[faults[i].get] = tested[faults[i].put] = true;
    for (unsigned v = 0; v < VERDICTS; v++)
        if (!tested[v])
            fail_msg("%s has no scene", verdict_id((enum verdict)v));
}

static void the_numbers_are_those_of_the_transfer(void **state)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, SPAN(RRQ_OPTIONS)));
    struct verdict_facts f;

    (void)state;
    (void)again(s, from(1, SPAN(RRQ_OPTIONS)));
    f = seen(s, session);
    assert_int_equal(f.answers, 2);
    assert_int_equal(f.requests, 2);
    hear_acks(s, session, 0, 5);
    turn(s, tftp_sessions_deadline(&s->t));
    f = seen(s, session);
    assert_int_equal(f.block, 5);
    assert_int_equal(f.blocks, 5);
    assert_int_equal(f.last, 98);
    assert_int_equal(f.blksize, 1024);
    assert_int_equal(f.repeats, 1);
    assert_int_equal(f.resent, 2);
    server_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_scene_has_its_verdict_and_its_twin_another),
        cmocka_unit_test(each_fault_of_the_server_has_its_verdict),
        cmocka_unit_test(no_verdict_is_without_its_evidence),
        cmocka_unit_test(each_verdict_has_an_id),
        cmocka_unit_test(each_verdict_is_tested),
        cmocka_unit_test(a_stop_is_of_an_address_and_a_file),
        cmocka_unit_test(the_numbers_are_those_of_the_transfer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
