/* SPDX-License-Identifier: MIT */
/* What a datagram on a data socket gets: its transfer, or nothing, or ERROR 5. */
#include "tftp/sessions.h"

#include "base/number.h"
#include "tftp/port_memory.h"
#include "tftp/table.h"

static bool is_request(struct kedge_span bytes)
{
    return bytes.len >= 2 && bytes.ptr[0] == 0 &&
           (bytes.ptr[1] == KEDGE_TFTP_RRQ || bytes.ptr[1] == KEDGE_TFTP_WRQ);
}

/* ERROR 5 tells a client of a server that was restarted. It is never sent where it could
 * end a good transfer, or come from the request port; and a peer is told once, for one that
 * answers it with an ACK or DATA would never stop. */
static void refuse_foreign(struct tftp_sessions *t, const struct tftp_arrival *in,
                           kedge_nanos now, struct tftp_event *out)
{
    struct kedge_tftp_packet packet;

    drop_datagram(t, out, TFTP_DROP_UNKNOWN);
    if (t->limits.single_port || in->to_broadcast ||
        !kedge_tftp_parse(in->bytes, &packet))
        return;
    if (packet.op != KEDGE_TFTP_DATA && packet.op != KEDGE_TFTP_ACK)
        return;
    if (!table_tell(t, in, now))
        return;
    out->reply_len = kedge_tftp_write_error(
        out->reply, min_u64(sizeof out->reply, KEDGE_TFTP_ERROR_MIN),
        KEDGE_TFTP_UNKNOWN_TID, "");
    out->verdict = TFTP_ANSWER;
}

static bool on_request_port(const struct tftp_arrival *in)
{
    return in->socket == TFTP_REQUEST_SOCKET;
}

/* Where both ports have answered, a client that has chosen one tells the other so, by ERROR 5.
 * It is no word about the transfer. */
static bool is_of_the_other_port(const struct tftp_session *s,
                                 const struct kedge_tftp_packet *packet)
{
    return s->from == TFTP_FROM_EITHER && packet->op == KEDGE_TFTP_ERROR &&
           packet->number == KEDGE_TFTP_UNKNOWN_TID;
}

/* The first of both ports that hears the peer has the transfer. Whatever comes to a data port
 * counts, for nobody else knows it. At the request port only what fits does. */
static void note_heard(struct tftp_sessions *t, struct tftp_session *s, bool requests)
{
    bool fits = session_validated(s) || tftp_session_outcome(s) != KEDGE_TFTP_RUNNING;

    if (!requests && !s->heard)
        port_memory_settled(t, s);
    s->heard |= !requests;
    if (s->from == TFTP_FROM_EITHER && (!requests || fits))
        s->from = requests ? TFTP_FROM_REQUEST : TFTP_FROM_DATA;
}

static void feed(struct tftp_sessions *t, struct tftp_session *s,
                 const struct tftp_arrival *in, kedge_nanos now, struct tftp_event *out)
{
    struct kedge_tftp_packet packet;

    if (!kedge_tftp_parse(in->bytes, &packet)) {
        drop_datagram(t, out, TFTP_DROP_MALFORMED);
        count_up(&s->strange);
        return;
    }
    if (is_of_the_other_port(s, &packet)) {
        drop_datagram(t, out, TFTP_DROP_UNKNOWN);
        return;
    }
    kedge_tftp_machine_read(&s->machine, &packet, now, &out->store);
    note_heard(t, s, on_request_port(in));
    if (session_validated(s))
        s->progress_at = now;
    out->verdict = TFTP_PUMP;
    out->session = s;
}

/* Whether it hears what comes there. */
static bool hears(const struct tftp_session *s, const struct tftp_arrival *in)
{
    if (on_request_port(in))
        return s->from != TFTP_FROM_DATA;
    return s->socket == in->socket && s->from != TFTP_FROM_REQUEST;
}

static void drop_of_peer(struct tftp_sessions *t, struct tftp_session *s,
                         const struct tftp_arrival *in, struct tftp_event *out)
{
    drop_datagram(t, out, TFTP_DROP_UNKNOWN);
    if (!hears(s, in))
        count_up(&s->elsewhere);
}

void tftp_sessions_data(struct tftp_sessions *t, const struct tftp_arrival *in,
                        kedge_nanos now, struct tftp_event *out)
{
    struct tftp_session *s = tftp_sessions_find(t, in->listener, &in->peer);
    bool requests = t->limits.single_port || on_request_port(in);

    if (requests && (is_request(in->bytes) || !s || !hears(s, in))) {
        tftp_sessions_request(t, in, now, out);
        return;
    }
    *out = (struct tftp_event){ .verdict = TFTP_DROPPED };
    if (!s)
        refuse_foreign(t, in, now, out);
    else if (hears(s, in) && s->state == TFTP_LIVE)
        feed(t, s, in, now, out);
    else
        drop_of_peer(t, s, in, out);
}
