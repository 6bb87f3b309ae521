/* SPDX-License-Identifier: MIT */
/* What a datagram on a data socket gets: its transfer, or nothing, or ERROR 5. */
#include "tftp/sessions.h"

#include "base/number.h"
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

static void feed(struct tftp_sessions *t, struct tftp_session *s,
                 const struct tftp_arrival *in, kedge_nanos now, struct tftp_event *out)
{
    struct kedge_tftp_packet packet;

    if (!kedge_tftp_parse(in->bytes, &packet)) {
        drop_datagram(t, out, TFTP_DROP_MALFORMED);
        return;
    }
    kedge_tftp_machine_read(&s->machine, &packet, now, &out->store);
    if (session_validated(s))
        s->progress_at = now;
    out->verdict = TFTP_PUMP;
    out->session = s;
}

void tftp_sessions_data(struct tftp_sessions *t, const struct tftp_arrival *in,
                        kedge_nanos now, struct tftp_event *out)
{
    struct tftp_session *s = tftp_sessions_find(t, in->listener, &in->peer);

    if (t->limits.single_port && (is_request(in->bytes) || !s)) {
        tftp_sessions_request(t, in, now, out);
        return;
    }
    *out = (struct tftp_event){ .verdict = TFTP_DROPPED };
    if (!s)
        refuse_foreign(t, in, now, out);
    else if (s->socket != in->socket || s->state != TFTP_LIVE)
        drop_datagram(t, out, TFTP_DROP_UNKNOWN);
    else
        feed(t, s, in, now, out);
}
