/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/request_port.c. */
/* With: base/bytes.c base/number.c base/deadlines.c tftp/rtt.c tftp/bursts.c
 *       tftp/pace.c tftp/sender.c tftp/receiver.c tftp/machine.c
 *       tftp/packet.c tftp/admission.c tftp/sessions.c tftp/table.c
 *       tftp/port_choice.c base/hash.c tftp/port_memory.c */
#include "arrival.h"
#include "power_below.h"

#include "tftp/grant.c"

#include "tftp/port_memory.h"

/* What it notes of the peer, port_memory.note has, from any table. */
static void noted(struct tftp_sessions *t, const struct tftp_session *s, kedge_nanos now)
{
}

#define port_memory_answered noted

#include "tftp/request_port.c"

static void a_request(struct kedge_span bytes)
{
    struct tftp_sessions t;
    struct tftp_event out;
    struct tftp_arrival in = any_arrival(bytes);

    any_table(&t);
    tftp_sessions_request(&t, &in, any_u64(), &out);
    event_is_sound(&t, &out);
    each_link_is_a_place(&t);
}

/* Of less than FEW bytes; the other lengths are an analysis of their own. */
/* Spec: kedge_tftp_parse_request, kedge_tftp_write_error, hash_bytes, session_validated, session_advanced,
 * deadlines_set, kedge_tftp_sender_again, kedge_tftp_receiver_again. */
void prove_a_short_request(void)
{
    EACH(room, FEW - 1);
    ANY_BYTES(bytes, room);

    a_request((struct kedge_span){ bytes, room });
}

/* Spec: kedge_tftp_parse_request, kedge_tftp_write_error, hash_bytes, session_validated, session_advanced,
 * deadlines_set, kedge_tftp_sender_again, kedge_tftp_receiver_again. */
void prove_request(void)
{
    EACH(many, 1);
    size_t room = many ? MANY : FEW;
    ANY_BYTES(bytes, room);
    struct kedge_span span = { bytes, room };

    if (many)
        span.len = any_from_to(FEW, MANY);
    a_request(span);
}

/* Spec: kedge_tftp_sender_again, kedge_tftp_receiver_again, hash_bytes. */
void prove_blocked(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    (void)tftp_sessions_blocked(&t, s, any_u64());
    each_link_is_a_place(&t);
}

/* Spec: power_below. */
void prove_opened(void)
{
    struct tftp_sessions t;
    struct kedge_tftp_limits limits = { (uint32_t)any_from_to(8, KEDGE_TFTP_BLKSIZE_MAX),
                                        (uint32_t)any_from_to(1, UINT32_MAX), any_bool(),
                                        any_u64() };
    struct tftp_session s;
    EACH(has, 127);

    t.limits.timeout = any_u64();
    t.limits.auto_port = any_bool();
    any_session(&s);
    s.state = TFTP_OPENING;
    s.asked.has = (unsigned)has;
    tftp_sessions_opened(&t, &s, &limits, any_u64());
    session_is_sound(&s);
}

/* Spec: kedge_tftp_write_error. */
void prove_refused(void)
{
    struct tftp_session s;
    uint8_t reply[64];
    EACH(len, sizeof reply);
    ANY_TEXT(text, 4);

    any_session(&s);
    any_live(&s);
    s.request_len = (uint16_t)len;
    size_t said = tftp_session_refused(&s, (uint16_t)any_u64(), text, reply);

    //@ assert within: said <= sizeof(reply);
}
