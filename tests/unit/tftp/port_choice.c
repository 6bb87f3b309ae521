/* SPDX-License-Identifier: MIT */
/* Tests of which data port a transfer takes, and of what an attacker gets who forges requests
 * and ACKs in another's name and sees no answer. Bytes are those of IPv4. */
#include "server.h"

#include "base/number.h"
#include "tftp/port_choice.h"

enum { PORTS = 1024, IP_UDP = 28, ACK_BYTES = IP_UDP + 4 };

#define BIG "\0\1big\0octet\0blksize\0001428\0windowsize\00064\0tsize\0000\0"

static struct server *with_ports(uint32_t ports)
{
    return server_open((struct tftp_limits){
        .room = 64, .sockets = ports, .secret = { 0x0123456789, 0x9876543210 } });
}

static struct tftp_arrival of_host(unsigned host, uint16_t port)
{
    struct tftp_arrival in = from(port, SPAN(RRQ));

    in.peer.ip[13] = (uint8_t)(host >> 16);
    in.peer.ip[14] = (uint8_t)(host >> 8);
    in.peer.ip[15] = (uint8_t)host;
    return in;
}

/* How many of the ports are taken by so many transfers of each host. */
static unsigned ports_of(unsigned hosts, unsigned each)
{
    struct server *s = with_ports(PORTS);
    bool seen[PORTS] = { false };
    unsigned count = 0;

    for (unsigned i = 0; i < hosts * each; i++) {
        struct tftp_arrival in = of_host(i / each, 1000);
        uint32_t port = port_choose(&s->t, &in, false, 0, s->now);

        count += !seen[port];
        seen[port] = true;
    }
    server_close(s);
    return count;
}

static void rule_7_an_address_has_four_ports_and_all_have_all(void **state)
{
    (void)state;
    for (unsigned each = 4; each < 100; each *= 3)
        assert_in_range(ports_of(1, each), 3, 4);
    assert_true(ports_of(5000, 4) > PORTS - 5);
}

static void rule_6_the_last_port_is_never_taken_again(void **state)
{
    (void)state;
    for (uint32_t ports = 2; ports < 6; ports++) {
        struct server *s = with_ports(ports);
        struct tftp_arrival in = of_host(7, 1000);
        uint32_t last = 0;

        for (unsigned i = 0; i < 100; i++) {
            uint32_t next = port_choose(&s->t, &in, true, last, s->now);

            assert_true(next != last && next < ports);
            last = next;
        }
        server_close(s);
    }
}

/* After some minutes, for another server, another family's scope: other ports. */
static void rule_7_what_was_learnt_does_not_last(void **state)
{
    struct server *s = with_ports(PORTS);
    unsigned same = 0;

    (void)state;
    for (unsigned host = 0; host < 1000; host++) {
        struct tftp_arrival in = of_host(host, 1000);
        uint32_t now, other[3];

        s->t.turn = 0;
        now = port_choose(&s->t, &in, false, 0, 0);
        s->t.turn = 0;
        other[0] = port_choose(&s->t, &in, false, 0, 600 * KEDGE_SEC);
        s->t.turn = 0;
        s->t.limits.secret.a++;
        other[1] = port_choose(&s->t, &in, false, 0, 0);
        s->t.turn = 0;
        in.listener++;
        other[2] = port_choose(&s->t, &in, false, 0, 0);
        for (unsigned i = 0; i < 3; i++)
            same += other[i] == now;
    }
    assert_true(same < 20);
    server_close(s);
}

/* ---- Forgers ----------------------------------------------------------------------- */

struct account {
    uint64_t in;
    uint64_t out;
};

/* What a session wants to send until a time, by its own deadlines. */
static void let_it_send(struct server *s, struct tftp_session *session, kedge_nanos until,
                        struct account *a)
{
    struct kedge_tftp_sender *sender = &session->machine.sender;

    for (;;) {
        bool oack = sender->half.base == 0;
        uint64_t bytes = IP_UDP + (oack ? 40 : 4 + sender->half.terms.blksize);

        a->out += pump(s, session) * bytes;
        if (sender->half.deadline > until)
            break;
        s->now = max_u64(s->now, sender->half.deadline);
    }
    s->now = until;
}

static struct tftp_session *forge_request(struct server *s, struct tftp_arrival *in,
                                          struct account *a)
{
    static const struct kedge_tftp_limits big = { .blksize_max = 1468,
                                                  .windowsize_max = 64,
                                                  .size_known = true,
                                                  .size = 20 << 20,
                                                  .window_bytes = 96000 };
    struct tftp_session *session;

    *in = from(2000, SPAN(BIG));
    assert_int_equal(ask(s, *in), TFTP_OPEN);
    session = s->event.session;
    tftp_sessions_opened(&s->t, session, &big, s->now);
    a->in += IP_UDP + in->bytes.len;
    return session;
}

/* An ACK to each port: the attacker cannot know which of them heard. */
static void spray(struct server *s, const struct tftp_arrival *in, uint16_t number,
                  struct account *a)
{
    uint8_t bytes[4] = { 0, 4, (uint8_t)(number >> 8), (uint8_t)number };
    struct tftp_arrival ack = *in;

    ack.bytes = (struct kedge_span){ bytes, sizeof bytes };
    for (uint32_t socket = 0; socket < s->t.limits.sockets; socket++)
        (void)say(s, ack, socket);
    a->in += (uint64_t)s->t.limits.sockets * ACK_BYTES;
}

static void rule_7_forged_acks_that_stream_get_less_than_10_for_one(void **state)
{
    static const unsigned every_ms[] = { 1, 10, 100, 1000, 5000 };

    (void)state;
    for (size_t i = 0; i < COUNT(every_ms); i++) {
        struct server *s = with_ports(PORTS);
        struct account a = { 0, 0 };
        struct tftp_arrival in;
        struct tftp_session *session = forge_request(s, &in, &a);

        let_it_send(s, session, s->now, &a);
        for (unsigned n = 0;
             n < 100 && session->machine.sender.half.outcome == KEDGE_TFTP_RUNNING; n++) {
            let_it_send(s, session, s->now + MS(every_ms[i]), &a);
            spray(s, &in, (uint16_t)(64 * n), &a);
        }
        let_it_send(s, session, s->now + 60 * KEDGE_SEC, &a);
        assert_true(a.out > a.in / 4); /* they did hit */
        if (a.out > 10 * a.in)
            fail_msg("%u ms: x%.1f", every_ms[i], (double)a.out / (double)a.in);
        server_close(s);
    }
}

static void rule_7_one_forged_ack_and_silence_gets_less_than_10_for_one(void **state)
{
    struct server *s = with_ports(PORTS);
    struct account a = { 0, 0 };
    struct tftp_arrival in;
    struct tftp_session *session = forge_request(s, &in, &a);

    (void)state;
    let_it_send(s, session, s->now + MS(10), &a);
    spray(s, &in, 0, &a);
    let_it_send(s, session, s->now + 90 * KEDGE_SEC, &a);
    assert_int_equal(session->machine.sender.half.outcome, KEDGE_TFTP_TIMEOUT);
    assert_in_range(a.out, 2 * 64 * 1460, 10 * a.in);
    server_close(s);
}

/* One that guesses a port pays less for a try, and hits as much less often. */
static void rule_7_a_guessed_port_gets_less_than_10_for_one(void **state)
{
    struct account a = { 0, 0 };
    unsigned hits = 0;

    (void)state;
    for (unsigned n = 0; n < 8192; n++) {
        struct server *s = with_ports(PORTS);
        struct tftp_arrival in, ack;
        struct tftp_session *session;

        s->t.limits.secret.a = n;
        session = forge_request(s, &in, &a);
        let_it_send(s, session, s->now + MS(10), &a);
        ack = in;
        ack.bytes = SPAN("\0\4\0\0");
        a.in += ACK_BYTES;
        hits += say(s, ack, 77) == TFTP_PUMP;
        let_it_send(s, session, s->now + 90 * KEDGE_SEC, &a);
        server_close(s);
    }
    assert_in_range(hits, 1, 24); /* 8 are to be expected */
    assert_true(a.out < 10 * a.in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_7_an_address_has_four_ports_and_all_have_all),
        cmocka_unit_test(rule_6_the_last_port_is_never_taken_again),
        cmocka_unit_test(rule_7_what_was_learnt_does_not_last),
        cmocka_unit_test(rule_7_forged_acks_that_stream_get_less_than_10_for_one),
        cmocka_unit_test(rule_7_one_forged_ack_and_silence_gets_less_than_10_for_one),
        cmocka_unit_test(rule_7_a_guessed_port_gets_less_than_10_for_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
