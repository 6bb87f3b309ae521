/* SPDX-License-Identifier: MIT */
/* Clients of a server with auto_port for tests: who moves to the request port, and who does
 * not. */
#ifndef TESTS_UNIT_TFTP_AUTO_PORT_H
#define TESTS_UNIT_TFTP_AUTO_PORT_H

#include "server.h"

/* Of two blocks. */
static const struct kedge_tftp_limits small = {
    .blksize_max = 1468, .windowsize_max = 64, .size_known = true, .size = 600
};

static inline struct server *auto_server(void)
{
    return server_open((struct tftp_limits){ .auto_port = true, .room = 64 });
}

/* The same client from another address of its network, or of another one. */
static inline struct tftp_arrival at(uint8_t network, uint8_t host, uint16_t port,
                                     struct kedge_span bytes)
{
    struct tftp_arrival in = from(port, bytes);

    in.peer.ip[14] = network;
    in.peer.ip[15] = host;
    return in;
}

static inline enum tftp_from from_of(struct server *s, struct tftp_arrival in)
{
    return started(s, in)->from;
}

/* Its peer asks again, once; how many datagrams that brings. */
static inline unsigned again(struct server *s, struct tftp_arrival in)
{
    assert_int_equal(ask(s, in), TFTP_PUMP);
    return pump(s, s->event.session);
}

/* Asked and opened; the first answer has left. */
static inline struct tftp_session *small_one(struct server *s, struct tftp_arrival in)
{
    assert_int_equal(ask(s, in), TFTP_OPEN);
    tftp_sessions_opened(&s->t, s->event.session, &small, s->now);
    assert_int_equal(pump(s, s->event.session), 1);
    return s->event.session;
}

/* Now: the clock is read when the session is there, which may have taken its time. */
static inline void ends(struct server *s, struct tftp_session *session)
{
    tftp_sessions_release(&s->t, session, s->now);
}

/* Asked, opened, and asked again: the data port was silent. */
static inline struct tftp_session *moved(struct server *s, struct tftp_arrival in)
{
    struct tftp_session *session = small_one(s, in);

    assert_int_equal(session->from, TFTP_FROM_DATA);
    s->now += KEDGE_SEC / 2;
    assert_int_equal(again(s, in), 1);
    assert_int_equal(session->from, TFTP_FROM_EITHER);
    return session;
}

/* All two blocks are acknowledged there, and the session is released. */
static inline void complete(struct server *s, struct tftp_session *session,
                            uint32_t socket)
{
    struct tftp_arrival in = from(session->peer.port, SPAN("\0\4\0\1"));

    in.peer = session->peer;
    s->now += MS(10);
    assert_int_equal(say(s, in, socket), TFTP_PUMP);
    (void)pump(s, session);
    in.bytes = SPAN("\0\4\0\2");
    s->now += MS(10);
    assert_int_equal(say(s, in, socket), TFTP_PUMP);
    (void)pump(s, session);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_OK);
    tftp_sessions_release(&s->t, session, s->now);
}

#endif
