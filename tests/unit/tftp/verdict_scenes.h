/* SPDX-License-Identifier: MIT */
/* Scenes of verdicts: how one is played, and what clients do. With `fault` it is the scene,
 * without it its twin. */
#ifndef TESTS_UNIT_TFTP_VERDICT_SCENES_H
#define TESTS_UNIT_TFTP_VERDICT_SCENES_H

#include "auto_port.h"
#include "tftp/verdict.h"

#define BLKSIZE_RRQ "\0\1f\0octet\0blksize\0001024\0"
#define BLKSIZE_512_RRQ "\0\1f\0octet\0blksize\000512\0"
#define OTHER_RRQ "\0\1g\0octet\0"

static const struct kedge_span error_0 = BYTES("\0\5\0\0\0");
static const struct kedge_span error_3 = BYTES("\0\5\0\3\0");
static const struct kedge_span error_5 = BYTES("\0\5\0\5\0");
static const struct kedge_span error_8 = BYTES("\0\5\0\10\0");

/* What was seen of a session, before it is gone. */
static inline struct verdict_facts seen(const struct server *s,
                                        const struct tftp_session *session)
{
    struct verdict_facts f;

    verdict_facts_of(&s->t, session, &f);
    return f;
}

static inline enum verdict verdict_on(struct server *s,
                                      const struct tftp_session *session)
{
    struct verdict_facts f = seen(s, session);

    server_close(s);
    return verdict_of(&f);
}

static inline void turn(struct server *s, kedge_nanos now)
{
    struct tftp_session *due;

    s->now = now;
    while ((due = tftp_sessions_due(&s->t, now)))
        (void)pump(s, due);
}

/* Its peer says nothing more. */
static inline void fall_silent(struct server *s, const struct tftp_session *session)
{
    while (tftp_session_outcome(session) == KEDGE_TFTP_RUNNING)
        turn(s, tftp_sessions_deadline(&s->t));
}

static inline void hear(struct server *s, struct tftp_session *session,
                        struct kedge_span bytes, uint32_t socket)
{
    s->now += MS(10);
    (void)say(s, from(session->peer.port, bytes), socket);
    (void)pump(s, session);
}

static inline void hear_ack(struct server *s, struct tftp_session *session,
                            uint64_t block, uint32_t socket)
{
    uint8_t packet[] = { 0, 4, (uint8_t)(block >> 8), (uint8_t)block };

    hear(s, session, (struct kedge_span){ packet, sizeof packet }, socket);
}

/* Blocks [first, end) are acknowledged at its own port. */
static inline void hear_acks(struct server *s, struct tftp_session *session,
                             uint64_t first, uint64_t end)
{
    for (uint64_t block = first; block < end; block++)
        hear_ack(s, session, block, session->socket);
}

/* DATA, whole. */
static inline void hear_block(struct server *s, struct tftp_session *session,
                              uint8_t block)
{
    uint8_t packet[516] = { 0, 3, 0, block };

    hear(s, session, (struct kedge_span){ packet, sizeof packet }, session->socket);
}

static inline struct server *plain(void)
{
    return server_open((struct tftp_limits){ 0 });
}

static inline struct tftp_session *started_with(struct server *s,
                                                struct kedge_span request, uint64_t size)
{
    struct kedge_tftp_limits limits = file;

    limits.size = size;
    assert_int_equal(ask(s, from(1, request)), TFTP_OPEN);
    tftp_sessions_opened(&s->t, s->event.session, &limits, s->now);
    assert_int_equal(pump(s, s->event.session), 1);
    return s->event.session;
}

/* ---- the client's own word ---- */

static inline enum verdict ends_by_error(struct kedge_span request,
                                         struct kedge_span error)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, request));

    hear(s, session, error, session->socket);
    return verdict_on(s, session);
}

static inline enum verdict asks_for_the_size(bool fault)
{
    return ends_by_error(fault ? SPAN(RRQ_OPTIONS) : SPAN(BLKSIZE_RRQ), error_8);
}

static inline enum verdict refuses_options(bool fault)
{
    return ends_by_error(fault ? SPAN(BLKSIZE_RRQ) : SPAN(RRQ), error_8);
}

static inline enum verdict knows_another_transfer(bool fault)
{
    return ends_by_error(SPAN(RRQ), fault ? error_5 : error_0);
}

static inline enum verdict has_no_room(bool fault)
{
    return ends_by_error(SPAN(RRQ), fault ? error_3 : error_0);
}

static inline enum verdict aborts(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started_with(s, SPAN(RRQ), 600);

    hear_ack(s, session, 1, session->socket);
    if (fault)
        hear(s, session, SPAN("\0\5\0\1\0"), session->socket);
    else
        hear_ack(s, session, 2, session->socket);
    return verdict_on(s, session);
}

/* ---- a client that asks anew ---- */

static inline enum verdict asks_anew(struct kedge_span request, uint64_t blocks)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, request));

    hear_acks(s, session, 1, blocks);
    s->now += KEDGE_SEC;
    assert_int_equal(ask(s, from(1, SPAN(OTHER_RRQ))), TFTP_OPEN);
    assert_ptr_equal(s->event.replaced, session);
    return verdict_on(s, session);
}

static inline enum verdict restarts(bool fault)
{
    return asks_anew(SPAN(RRQ), fault ? 5 : 1);
}

static inline enum verdict gives_options_up(bool fault)
{
    return asks_anew(fault ? SPAN(RRQ_OPTIONS) : SPAN(RRQ), 1);
}

static inline enum verdict wants_another_file(bool fault)
{
    return asks_anew(SPAN(RRQ), fault ? 1 : 2);
}

static inline enum verdict gives_way(bool fault)
{
    struct server *s = server_open((struct tftp_limits){ .room = 1 });
    struct tftp_session *session = started(s, from(1, SPAN(RRQ)));

    turn(s, s->now + 20 * KEDGE_SEC);
    if (fault) {
        assert_int_equal(ask(s, at(3, 1, 1, SPAN(RRQ))), TFTP_OPEN);
        assert_ptr_equal(s->event.replaced, session);
    }
    fall_silent(s, session);
    return verdict_on(s, session);
}

/* ---- blocks ---- */

static inline enum verdict stops_at_the_wrap(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started_with(s, SPAN(RRQ), 70000 * 512);

    hear_acks(s, session, 1, fault ? 65536 : 65535);
    fall_silent(s, session);
    return verdict_on(s, session);
}

static inline enum verdict stops_at_the_signed_wrap(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started_with(s, SPAN(RRQ), 70000 * 512);

    hear_acks(s, session, 1, fault ? 32768 : 32767);
    hear(s, session, error_0, session->socket);
    return verdict_on(s, session);
}

static inline enum verdict large_blocks_vanish(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session =
        started(s, from(1, fault ? SPAN(RRQ_OPTIONS) : SPAN(BLKSIZE_512_RRQ)));

    hear_ack(s, session, 0, session->socket);
    fall_silent(s, session);
    return verdict_on(s, session);
}

/* As large blocks vanish, but it goes on after the first. */
static inline enum verdict large_blocks_come(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, SPAN(RRQ_OPTIONS)));

    hear_acks(s, session, 0, fault ? 2 : 1);
    fall_silent(s, session);
    return verdict_on(s, session);
}

static inline enum verdict stops_twice(bool fault)
{
    struct server *s = plain();
    struct verdict_stops stops = { 0 };
    struct verdict_facts f = { 0 };

    for (unsigned i = 0; i < 2; i++) {
        struct tftp_session *session = started(s, from((uint16_t)(7 + i), SPAN(RRQ)));

        hear_acks(s, session, 1, fault ? 9 : 9 + i);
        fall_silent(s, session);
        f = seen(s, session);
        f.stopped_before = verdict_stopped_again(&stops, &s->t, session, f.block);
        tftp_sessions_release(&s->t, session, s->now);
    }
    server_close(s);
    return verdict_of(&f);
}

/* Its timer repeats what it has said last. */
static inline enum verdict repeats_its_ack(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, SPAN(RRQ)));

    hear_acks(s, session, 1, 6);
    for (unsigned i = 0; fault && i < 5; i++) {
        turn(s, s->now + 2 * KEDGE_SEC);
        hear_ack(s, session, 5, session->socket);
    }
    fall_silent(s, session);
    return verdict_on(s, session);
}

static inline enum verdict repeats_its_data(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, SPAN(WRQ)));

    hear_block(s, session, 1);
    for (unsigned i = 0; fault && i < 5; i++) {
        turn(s, s->now + 2 * KEDGE_SEC);
        hear_block(s, session, 1);
    }
    fall_silent(s, session);
    return verdict_on(s, session);
}

static inline enum verdict counts_from_zero(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, SPAN(WRQ)));

    hear_block(s, session, fault ? 0 : 1);
    fall_silent(s, session);
    return verdict_on(s, session);
}

static inline enum verdict uploads_and_falls_silent(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, SPAN(WRQ)));

    if (fault)
        hear_block(s, session, 1);
    fall_silent(s, session);
    return verdict_on(s, session);
}

static inline enum verdict falls_silent_in_the_middle(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started_with(s, SPAN(RRQ), 600);

    hear_ack(s, session, 1, session->socket);
    if (!fault)
        hear_ack(s, session, 2, session->socket);
    fall_silent(s, session);
    return verdict_on(s, session);
}

static inline enum verdict falls_silent_in_a_long_file(bool fault)
{
    struct server *s = plain();
    struct tftp_session *session = started(s, from(1, SPAN(RRQ)));

    hear_acks(s, session, 1, fault ? 20 : 1);
    fall_silent(s, session);
    return verdict_on(s, session);
}

#endif
