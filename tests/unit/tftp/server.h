/* SPDX-License-Identifier: MIT */
/* A server's table of sessions for tests: peers by number, datagrams by hand. */
#ifndef TESTS_UNIT_TFTP_SERVER_H
#define TESTS_UNIT_TFTP_SERVER_H

#include "help.h"
#include "tftp/sessions.h"

struct server {
    struct tftp_sessions t;
    struct tftp_event event; /* of the last datagram */
    kedge_nanos now;
    void *memory;
};

#define RRQ "\0\1f\0octet\0"
#define WRQ "\0\2f\0octet\0"
#define RRQ_OPTIONS "\0\1f\0octet\0blksize\0001024\0tsize\0000\0"

static const struct kedge_tftp_limits file = {
    .blksize_max = 1468, .windowsize_max = 64, .size_known = true, .size = 100000
};

static inline struct server *server_open(struct tftp_limits limits)
{
    struct server *s = calloc(1, sizeof *s);

    limits.room = limits.room ? limits.room : 8;
    limits.sockets = limits.sockets ? limits.sockets : 4;
    limits.unvalidated_max = limits.unvalidated_max ? limits.unvalidated_max : 1024;
    limits.uploads_max = limits.uploads_max ? limits.uploads_max : 1024;
    limits.key = 0x1234567890abcdef;
    s->now = KEDGE_SEC;
    s->memory = calloc(1, tftp_sessions_memory(&limits));
    tftp_sessions_init(&s->t, &limits, s->memory);
    return s;
}

/* Closing asserts what holds of every server: slots and budget are all given back. */
static inline void server_close(struct server *s)
{
    for (uint32_t i = 0; i < s->t.limits.room + TFTP_SPARE; i++)
        if (s->t.all[i].state != TFTP_FREE)
            tftp_sessions_release(&s->t, &s->t.all[i], s->now);
    assert_int_equal(s->t.used, 0);
    for (unsigned i = 0; i < s->t.past; i++)
        assert_int_equal(s->t.network[i].unvalidated + s->t.network[i].transfers +
                             s->t.network[i].uploads,
                         0);
    assert_int_equal(s->t.unvalidated.oldest + s->t.ready.oldest, 0);
    assert_true(tftp_sessions_deadline(&s->t) == KEDGE_NEVER);
    free(s->memory);
    free(s);
}

/* A datagram from 192.0.2.1, at this port, to 192.0.2.9. */
static inline struct tftp_arrival from(uint16_t port, struct kedge_span bytes)
{
    return (struct tftp_arrival){
        .peer = { { [10] = 255, 255, 192, 0, 2, 1 }, 0, port },
        .local = { [10] = 255, 255, 192, 0, 2, 9 },
        .bytes = bytes,
    };
}

static inline enum tftp_verdict ask(struct server *s, struct tftp_arrival in)
{
    uint8_t *copy = exact(in.bytes.ptr, in.bytes.len);

    in.bytes.ptr = copy;
    tftp_sessions_request(&s->t, &in, s->now, &s->event);
    s->event.request.name = (struct kedge_span){ 0 };
    free(copy);
    return s->event.verdict;
}

static inline enum tftp_verdict say(struct server *s, struct tftp_arrival in,
                                    uint32_t socket)
{
    uint8_t *copy = exact(in.bytes.ptr, in.bytes.len);

    in.bytes.ptr = copy;
    in.socket = socket;
    tftp_sessions_data(&s->t, &in, s->now, &s->event);
    free(copy);
    return s->event.verdict;
}

/* Do a session's actions, as its owner would. Returns how many datagrams leave. */
static inline unsigned pump(struct server *s, struct tftp_session *session)
{
    struct kedge_tftp_action a;
    unsigned sent = 0;

    while (tftp_sessions_may_send(&s->t, session, s->now)) {
        a = kedge_tftp_machine_write(&session->machine, s->now);
        if (a.todo == KEDGE_TFTP_BLOCKS) {
            kedge_tftp_sender_sent(&session->machine.sender, a.first, a.end, s->now);
            tftp_sessions_sent(&s->t, session, (uint32_t)(a.end - a.first), s->now);
            sent += (unsigned)(a.end - a.first);
        } else if (a.todo == KEDGE_TFTP_REPLY || a.todo == KEDGE_TFTP_REFUSE) {
            sent++;
        } else if (a.todo != KEDGE_TFTP_COMMIT) {
            break;
        }
    }
    tftp_sessions_settle(&s->t, session);
    return sent;
}

/* Ask, open, and send the first reply. */
static inline struct tftp_session *started(struct server *s, struct tftp_arrival in)
{
    struct tftp_session *session;

    assert_int_equal(ask(s, in), TFTP_OPEN);
    session = s->event.session;
    tftp_sessions_opened(&s->t, session, &file, s->now);
    assert_int_equal(pump(s, session), 1);
    return session;
}

/* The same, and the peer has answered. */
static inline struct tftp_session *validated(struct server *s, struct tftp_arrival in)
{
    struct tftp_session *session = started(s, in);

    s->now += MS(10);
    in.bytes = session->op == KEDGE_TFTP_WRQ ? SPAN("\0\3\0\1x")
               : session->granted.has        ? SPAN("\0\4\0\0")
                                             : SPAN("\0\4\0\1");
    assert_int_equal(say(s, in, session->socket), TFTP_PUMP);
    (void)pump(s, session);
    return session;
}

#endif
