/* SPDX-License-Identifier: MIT */
/* Datagrams of TFTP in words (RFC 1350, 2347), and which datagrams those are. */
#include "trace/packet.h"

#include "kedge/tftp.h"
#include "net/address.h"
#include "report/text.h"

#define NAME_MOST 80 /* bytes shown of a name or a message */
#define WORD_MOST 24 /* of an option or its value */

/* ---- which datagrams ---- */

static bool same_address(const struct kedge_address *a, const struct kedge_address *b)
{
    struct net_address one, other;

    return net_address_from(a, &one) && net_address_from(b, &other) &&
           net_address_equal(&one, &other);
}

static bool is_known(const struct trace_memory *m, const struct kedge_address *other)
{
    for (size_t i = 0; i < TRACE_PEERS; i++)
        if (same_address(&m->peers[i], other))
            return true;
    return false;
}

static void remember(struct trace_memory *m, const struct kedge_address *other)
{
    if (other->len > 0 && !is_known(m, other))
        m->peers[m->next_peer++ % TRACE_PEERS] = *other;
}

/* A request says so itself: it names a mode of RFC 1350. */
static bool is_request(struct kedge_span head)
{
    struct reader r = { .left = head };
    uint16_t op = take_u16(&r);
    struct kedge_span name = take_string(&r), mode = take_string(&r);

    return !r.bad && (op == KEDGE_TFTP_RRQ || op == KEDGE_TFTP_WRQ) && name.len > 0 &&
           (span_equal_nocase(mode, "octet") || span_equal_nocase(mode, "netascii") ||
            span_equal_nocase(mode, "mail"));
}

/* ---- in words ---- */

/* " blksize 1428, tsize 0" */
static void put_options(struct writer *w, struct reader *r)
{
    for (const char *comma = ""; r->left.len > 0 && !w->bad; comma = ",") {
        struct kedge_span name = take_string(r), value = take_string(r);

        if (r->bad || name.len == 0)
            return;
        put(w, span_of(comma));
        put_u8(w, ' ');
        text_printable(w, name, WORD_MOST);
        put_u8(w, ' ');
        text_printable(w, value, WORD_MOST);
    }
}

static void put_request(struct writer *w, struct kedge_span head)
{
    struct reader r = { .left = head };
    bool reads = take_u16(&r) == KEDGE_TFTP_RRQ;

    put(w, span_of(reads ? "RRQ " : "WRQ "));
    text_quoted(w, take_string(&r), NAME_MOST);
    put_u8(w, ' ');
    text_printable(w, take_string(&r), WORD_MOST);
    if (r.left.len > 0)
        put_u8(w, ',');
    put_options(w, &r);
}

static void put_numbered(struct writer *w, const char *name, uint16_t number)
{
    put(w, span_of(name));
    put_decimal(w, number);
}

static bool put_packet(struct writer *w, const struct packet_seen *p)
{
    struct kedge_tftp_packet packet;
    struct reader options;

    if (!kedge_tftp_parse(p->head, &packet))
        return false;
    switch (packet.op) {
    case KEDGE_TFTP_DATA:
        put_numbered(w, "DATA ", packet.number);
        put(w, span_of(", "));
        put_decimal(w, p->size - KEDGE_TFTP_HEADER);
        put(w, span_of(p->size - KEDGE_TFTP_HEADER == 1 ? " byte" : " bytes"));
        return true;
    case KEDGE_TFTP_ACK:
        put_numbered(w, "ACK ", packet.number);
        return true;
    case KEDGE_TFTP_ERROR:
        put_numbered(w, "ERROR ", packet.number);
        put(w, span_of(", "));
        if (packet.body.len > 0 && packet.body.ptr[packet.body.len - 1] == 0)
            packet.body.len--;
        text_quoted(w, packet.body, NAME_MOST);
        return true;
    default:
        options = (struct reader){ .left = packet.body };
        put(w, span_of("OACK"));
        put_options(w, &options);
        return true;
    }
}

bool packet_words(struct trace_memory *m, struct trace_socket *s,
                  const struct packet_seen *p, struct writer *w)
{
    if (is_request(p->head)) {
        s->tftp = true;
        remember(m, &p->other);
        put_request(w, p->head);
        return true;
    }
    if (!s->tftp && !is_known(m, &p->other))
        return false;
    if (!put_packet(w, p))
        return false;
    s->tftp = true;
    return true;
}
