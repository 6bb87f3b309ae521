/* SPDX-License-Identifier: MIT */
/* Datagrams in words and in hex. */
#include "check/packet.h"

#include "base/number.h"
#include "kedge/tftp.h"
#include "report/text.h"

#include <string.h>

enum { LINE = 16, SHOWN_MOST = 64, TEXT_MOST = 120 };

static uint16_t field(struct kedge_span d, size_t at)
{
    struct reader r = { .left = d };

    (void)take(&r, at);
    return take_u16(&r);
}

uint16_t check_opcode(struct kedge_span datagram)
{
    return field(datagram, 0);
}

uint16_t check_number(struct kedge_span datagram)
{
    return field(datagram, 2);
}

bool check_option(struct kedge_span list, const char *name, struct kedge_span *value)
{
    struct reader r = { .left = list };

    while (!r.bad && r.left.len > 0) {
        struct kedge_span key = take_string(&r);
        struct kedge_span v = take_string(&r);

        if (!r.bad && span_equal_nocase(key, name)) {
            *value = v;
            return true;
        }
    }
    return false;
}

bool check_request(struct kedge_span datagram, struct kedge_span *name,
                   struct kedge_span *mode, struct kedge_span *options)
{
    struct reader r = { .left = datagram };
    uint16_t op = take_u16(&r);

    *name = take_string(&r);
    *mode = take_string(&r);
    *options = r.left;
    return !r.bad && (op == KEDGE_TFTP_RRQ || op == KEDGE_TFTP_WRQ);
}

static void put_options(struct writer *w, struct kedge_span list)
{
    struct reader r = { .left = list };

    while (!r.bad && r.left.len > 0) {
        struct kedge_span key = take_string(&r);
        struct kedge_span v = take_string(&r);

        put_u8(w, ' ');
        if (r.bad) {
            put(w, span_of("and a piece without its NUL"));
            return;
        }
        text_printable(w, key, 40);
        put_u8(w, '=');
        text_printable(w, v, 40);
    }
}

static void put_request(struct writer *w, struct kedge_span d)
{
    struct kedge_span name, mode, options;

    put(w, span_of(check_opcode(d) == KEDGE_TFTP_RRQ ? "RRQ " : "WRQ "));
    if (!check_request(d, &name, &mode, &options)) {
        put(w, span_of("without the NULs behind its name and mode"));
        return;
    }
    text_quoted(w, name, 80);
    put_u8(w, ' ');
    text_printable(w, mode, 20);
    put_options(w, options);
}

static void put_error(struct writer *w, struct kedge_span d)
{
    struct kedge_span text = { d.ptr + 4, d.len > 4 ? d.len - 4 : 0 };

    if (text.len > 0 && text.ptr[text.len - 1] == 0)
        text.len--;
    put(w, span_of("ERROR "));
    put_decimal(w, check_number(d));
    put_u8(w, ' ');
    text_quoted(w, text, TEXT_MOST);
}

static void put_words(struct writer *w, struct kedge_span d, uint32_t whole)
{
    uint16_t op = check_opcode(d);

    if (op == KEDGE_TFTP_RRQ || op == KEDGE_TFTP_WRQ) {
        put_request(w, d);
    } else if (op == KEDGE_TFTP_OACK) {
        put(w, span_of("OACK"));
        put_options(w, (struct kedge_span){ d.ptr + 2, d.len - 2 });
    } else if (op == KEDGE_TFTP_ERROR && d.len >= 4) {
        put_error(w, d);
    } else if ((op == KEDGE_TFTP_DATA || op == KEDGE_TFTP_ACK) && d.len >= 4) {
        put(w, span_of(op == KEDGE_TFTP_DATA ? "DATA " : "ACK "));
        put_decimal(w, check_number(d));
        if (op == KEDGE_TFTP_DATA || whole > 4) {
            put(w, span_of(", "));
            put_decimal(w, op == KEDGE_TFTP_DATA ? whole - 4 : whole);
            put(w, span_of(" bytes"));
        }
    } else {
        put_decimal(w, whole);
        put(w,
            span_of(d.len < 2 ? " bytes, too few for an opcode" : " bytes with opcode "));
        if (d.len >= 2)
            put_decimal(w, op);
    }
}

struct check_words check_in_words(const struct check_packet *p)
{
    struct check_words out = { { 0 } };
    struct writer w = { .ptr = (uint8_t *)out.text, .room = sizeof out.text - 1 };

    put_words(&w, (struct kedge_span){ p->head, p->head_len }, p->len);
    return out;
}

static void hex_line(FILE *out, const struct check_packet *p, size_t at, int indent)
{
    fprintf(out, "%*s%04zx ", indent, "", at);
    for (size_t i = at; i < at + LINE; i++)
        if (i < p->head_len)
            fprintf(out, " %02x", p->head[i]);
        else
            fputs("   ", out);
    fputs("  ", out);
    for (size_t i = at; i < at + LINE && i < p->head_len; i++)
        fputc(p->head[i] >= 0x20 && p->head[i] < 0x7f ? p->head[i] : '.', out);
    fputc('\n', out);
}

static void mark_line(FILE *out, size_t at, size_t mark, size_t mark_len, int indent)
{
    size_t end = mark + mark_len;

    if (mark_len == 0 || mark >= at + LINE || end <= at)
        return;
    fprintf(out, "%*s     ", indent, "");
    for (size_t i = at; i < at + LINE && i < end; i++)
        fputs(i >= mark ? " ^^" : "   ", out);
    fputc('\n', out);
}

void check_hex(FILE *out, const struct check_packet *p, size_t mark, size_t mark_len,
               int indent)
{
    size_t most = (size_t)min_u64(p->head_len, SHOWN_MOST);

    for (size_t at = 0; at < most; at += LINE) {
        hex_line(out, p, at, indent);
        mark_line(out, at, mark, mark_len, indent);
    }
    if (p->len > most)
        fprintf(out, "%*s      ... %zu bytes more\n", indent, "", (size_t)p->len - most);
}
