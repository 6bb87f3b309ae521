/* SPDX-License-Identifier: MIT */
/* Tests of what leaves from the request port: forgers, clients that moved there, those of a
 * single port. */
#include "server.h"

#include "tftp/request_rate.h"

enum { RATE = 1000000, BLOCK = 1468 + 32, WINDOW = 64, FORGERS = 20, SECONDS = 10 };

#define BIG_RRQ "\0\1f\0octet\0blksize\0001468\0windowsize\00064\0"

static const struct kedge_tftp_limits big = {
    .blksize_max = 1468, .windowsize_max = WINDOW, .size_known = true, .size = 1 << 30
};

static struct server *bounded(uint32_t rate)
{
    return server_open(
        (struct tftp_limits){ .auto_port = true, .request_rate = rate, .room = 64 });
}

static uint64_t bytes_of(struct server *s, struct tftp_session *session)
{
    return (uint64_t)pump(s, session) * BLOCK;
}

static struct tftp_session *opened(struct server *s, struct tftp_arrival in)
{
    struct tftp_session *session;

    assert_int_equal(ask(s, in), TFTP_OPEN);
    session = s->event.session;
    tftp_sessions_opened(&s->t, session, &big, s->now);
    (void)pump(s, session);
    return session;
}

/* Asked twice, as one does who hears nothing: it leaves from the request port now. */
static struct tftp_session *moved(struct server *s, struct tftp_arrival in)
{
    struct tftp_session *session = opened(s, in);

    s->now += MS(20);
    assert_int_equal(ask(s, in), TFTP_PUMP);
    (void)pump(s, session);
    assert_int_not_equal(session->from, TFTP_FROM_DATA);
    return session;
}

/* Acknowledges a block at a socket. What that brings, in bytes. */
static uint64_t acknowledge_at(struct server *s, struct tftp_session *session,
                               uint32_t socket, uint16_t block)
{
    uint8_t bytes[4] = { 0, 4, (uint8_t)(block >> 8), (uint8_t)block };
    struct tftp_arrival ack =
        from(session->peer.port, (struct kedge_span){ bytes, sizeof bytes });

    if (say(s, ack, socket) != TFTP_PUMP)
        return 0;
    return bytes_of(s, session);
}

static uint64_t acknowledge(struct server *s, struct tftp_session *session,
                            uint16_t block)
{
    return acknowledge_at(s, session, TFTP_REQUEST_SOCKET, block);
}

/* Each acknowledges the window that it has not seen, each millisecond: no answer is needed
 * to know the numbers. Deadlines are met as they come. */
static uint64_t forge(struct server *s, struct tftp_session **sessions)
{
    uint16_t block[FORGERS] = { 0 };
    uint64_t out = 0;

    for (unsigned ms = 0; ms < SECONDS * 1000; ms++) {
        s->now += MS(1);
        for (unsigned i = 0; i < FORGERS; i++) {
            uint64_t got = acknowledge(s, sessions[i], block[i]);

            block[i] = (uint16_t)(block[i] + (got ? WINDOW : 0));
            out += got;
        }
        for (unsigned i = 0; i < FORGERS; i++)
            if (tftp_sessions_deadline(&s->t) <= s->now)
                out += bytes_of(s, tftp_sessions_due(&s->t, s->now));
    }
    return out;
}

static void rule_7_all_forgers_get_a_million_bytes_a_second(void **state)
{
    (void)state;
    for (unsigned bound = 0; bound < 2; bound++) {
        struct server *s = bounded(bound ? RATE : 0);
        struct tftp_session *sessions[FORGERS];
        uint64_t most = (uint64_t)RATE * SECONDS + WINDOW * BLOCK;
        uint64_t out;

        for (uint16_t i = 0; i < FORGERS; i++)
            sessions[i] = moved(s, from((uint16_t)(i + 1), SPAN(BIG_RRQ)));
        out = forge(s, sessions);
        assert_true(bound ? out <= most && out > most / 2 : out > 10 * most);
        server_close(s);
    }
}

static void who_has_to_wait_is_due_when_it_may_send(void **state)
{
    struct server *s = bounded(RATE);
    struct tftp_session *session = moved(s, from(1, SPAN(BIG_RRQ)));
    kedge_nanos opens;

    (void)state;
    assert_int_equal(acknowledge(s, session, 0), WINDOW * BLOCK);
    opens = s->now + MS(96);
    s->now += MS(5);
    assert_int_equal(acknowledge(s, session, WINDOW), 0);
    assert_true(tftp_sessions_deadline(&s->t) == opens);
    s->now = opens - 1;
    assert_null(tftp_sessions_due(&s->t, s->now));
    s->now = opens;
    assert_ptr_equal(tftp_sessions_due(&s->t, s->now), session);
    assert_int_equal(bytes_of(s, session), WINDOW * BLOCK);
    server_close(s);
}

/* A data port is a secret, and an end needs no permission. */
static void others_do_not_wait(void **state)
{
    struct server *s = bounded(RATE);
    struct tftp_session *session = moved(s, from(1, SPAN(BIG_RRQ)));
    struct tftp_arrival elsewhere = from(2, SPAN(RRQ_OPTIONS));
    struct tftp_session *other;

    (void)state;
    elsewhere.peer.ip[12] = 10;
    assert_int_equal(acknowledge(s, session, 0), WINDOW * BLOCK);
    assert_false(tftp_sessions_may_send(&s->t, session, s->now));
    other = validated(s, elsewhere);
    assert_int_equal(other->from, TFTP_FROM_DATA);
    assert_true(tftp_sessions_may_send(&s->t, other, s->now));
    assert_int_equal(other->machine.sender.next, 2); /* and it did */
    kedge_tftp_machine_end(&session->machine, KEDGE_TFTP_FAILED, 0);
    assert_true(tftp_sessions_may_send(&s->t, session, s->now));
    assert_int_equal(pump(s, session), 1);
    server_close(s);
}

/* An ACK is no longer than the DATA that it answers. */
static void an_upload_does_not_wait(void **state)
{
    struct server *s = bounded(RATE);
    struct tftp_session *session = moved(s, from(1, SPAN(BIG_RRQ)));
    struct tftp_session *upload = moved(s, from(2, SPAN(WRQ)));

    (void)state;
    assert_int_equal(acknowledge(s, session, 0), WINDOW * BLOCK);
    assert_false(tftp_sessions_may_send(&s->t, session, s->now));
    assert_int_equal(say(s, from(2, SPAN("\0\3\0\1x")), TFTP_REQUEST_SOCKET), TFTP_PUMP);
    assert_int_equal(upload->from, TFTP_FROM_REQUEST);
    assert_true(tftp_sessions_may_send(&s->t, upload, s->now));
    server_close(s);
}

/* With one port every session leaves from the request port. Who is known to be near is not
 * held, nor counted again; who is held is counted once. */
static void a_single_port_holds_who_is_not_attached(void **state)
{
    struct server *s = server_open(
        (struct tftp_limits){ .single_port = true, .request_rate = RATE, .sockets = 1 });
    struct tftp_session *far = opened(s, from(1, SPAN(BIG_RRQ)));
    struct tftp_session *near = opened(s, from(2, SPAN(BIG_RRQ)));

    (void)state;
    near->attached = true;
    assert_int_equal(acknowledge_at(s, near, 0, 0), WINDOW * BLOCK);
    assert_true(tftp_sessions_may_send(&s->t, far, s->now));
    assert_int_equal(acknowledge_at(s, far, 0, 0), WINDOW * BLOCK);
    assert_false(tftp_sessions_may_send(&s->t, far, s->now));
    assert_true(tftp_sessions_may_send(&s->t, near, s->now));
    assert_int_equal(acknowledge_at(s, far, 0, WINDOW), 0);
    assert_int_equal(acknowledge_at(s, near, 0, WINDOW), WINDOW * BLOCK);
    tftp_sessions_settle(&s->t, far);
    assert_int_equal(s->t.slowed, 1);
    server_close(s);
}

/* Its timer rang long before it may send: that is no lateness of this host. */
static void who_is_held_is_not_late(void **state)
{
    struct server *s = bounded(RATE);
    struct tftp_session *session = moved(s, from(1, SPAN(BIG_RRQ)));

    (void)state;
    (void)acknowledge_at(s, session, TFTP_REQUEST_SOCKET, 0);
    session->machine.sender.pace.waits = true;
    s->t.paid_until = session->machine.half.deadline;
    tftp_sessions_settle(&s->t, session);
    assert_true(session->machine.sender.pace.waits);
    s->t.paid_until = session->machine.half.deadline + 1;
    tftp_sessions_settle(&s->t, session);
    assert_false(session->machine.sender.pace.waits);
    server_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_held_is_not_late),
        cmocka_unit_test(rule_7_all_forgers_get_a_million_bytes_a_second),
        cmocka_unit_test(who_has_to_wait_is_due_when_it_may_send),
        cmocka_unit_test(others_do_not_wait),
        cmocka_unit_test(an_upload_does_not_wait),
        cmocka_unit_test(a_single_port_holds_who_is_not_attached),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
