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

/* What is noted of the peer, and known of it: port_memory.note and .prefers have it, of any
 * table. */
static void noted(struct tftp_sessions *t, const struct tftp_session *s, kedge_nanos now)
{
}

static void settled(struct tftp_sessions *t, const struct tftp_session *s)
{
}

static bool known(struct tftp_sessions *t, const struct tftp_session *s, kedge_nanos now)
{
    return any_bool();
}

#define port_memory_answered noted
#define port_memory_silent noted
#define port_memory_settled settled
#define port_memory_prefers known

/* One that is there, or none: admission.gives_way has it, of any table. */
static struct tftp_session *giving_way(struct tftp_sessions *t,
                                       const struct tftp_peer *peer, kedge_nanos now)
{
    size_t place = (size_t)any_from_to(0, SLOTS);

    t->hand = (uint32_t)any_u64();
    Frama_C_builtin_split(place, SLOTS + 1);
    return place < SLOTS && t->all[place].state != TFTP_FREE ? &t->all[place] : NULL;
}

#include "tftp/admission.h"

#define admission_gives_way giving_way

#include "tftp/request.h"

/* One of its texts: request.malformed has it, of any datagram. */
static const char *a_text(struct kedge_span datagram)
{
    return any_bool() ? "malformed: too long" : "malformed: mode";
}

#define request_malformed a_text

#include "tftp/request_port.c"

/* Spec: kedge_tftp_parse_request, kedge_tftp_write_error, hash_bytes, session_validated, session_advanced,
 * deadlines_set, kedge_tftp_sender_again, kedge_tftp_receiver_again. */
void prove_request(void)
{
    struct tftp_sessions t;
    struct tftp_event out;
    ANY_DATAGRAM(bytes);
    struct tftp_arrival in = any_arrival(bytes);

    any_table(&t);
    tftp_sessions_request(&t, &in, any_u64(), &out);
    event_is_sound(&t, &out);
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: kedge_tftp_sender_again, kedge_tftp_receiver_again, hash_bytes. */
void prove_blocked(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    (void)tftp_sessions_blocked(&t, s, any_u64());
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: power_below. */
void prove_opened(void)
{
    struct tftp_sessions t;
    struct kedge_tftp_limits limits = {
        .blksize_max = (uint32_t)any_from_to(8, KEDGE_TFTP_BLKSIZE_MAX),
        .windowsize_max = (uint32_t)any_from_to(1, UINT32_MAX),
        .size_known = any_bool(),
        .size = any_u64(),
        .timeout = any_u64(),
    };
    struct tftp_session s;
    EACH(has, 127);

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
