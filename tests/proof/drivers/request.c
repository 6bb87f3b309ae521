/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/request.c. */
/* With: base/bytes.c base/number.c tftp/options.c */
#include "mode_of.h"
#include "proof.h"

#include "tftp/request.c"

enum { BYTES = 12, ROOM = 4, NAME = 4 };

/* Spec: span_equal_nocase. Shows: mode_of. */
void prove_mode_of(void)
{
    ANY_SPAN(text, BYTES);

    (void)mode_of(text);
}

/* Spec: options_take, span_equal_nocase. Shows: kedge_tftp_parse_request. */
/* Slevel: 20000 */
void prove_parse_request(void)
{
    ANY_SPAN(datagram, BYTES);
    struct kedge_tftp_request q;

    if (kedge_tftp_parse_request(datagram, &q)) {
        //@ assert known: q.op == 1 || q.op == 2;
        readable(q.name);
    }
}

void prove_a_long_request(void)
{
    ANY_BYTES(bytes, KEDGE_TFTP_REQUEST_MAX + 1);
    struct kedge_tftp_request q;

    (void)kedge_tftp_parse_request(
        (struct kedge_span){ bytes, KEDGE_TFTP_REQUEST_MAX + 1 }, &q);
}

void prove_malformed(void)
{
    ANY_SPAN(datagram, BYTES);
    ANY_BYTES(bytes, KEDGE_TFTP_REQUEST_MAX + 1);

    if (datagram.len < 2)
        datagram = (struct kedge_span){ bytes, KEDGE_TFTP_REQUEST_MAX + 1 };
    (void)request_malformed(datagram);
}

static struct kedge_tftp_options any_options(void)
{
    struct kedge_tftp_options o = { (unsigned)any_u64(),
                                    (uint32_t)any_u64(),
                                    (uint32_t)any_u64(),
                                    (uint32_t)any_u64(),
                                    (uint32_t)any_u64(),
                                    (uint32_t)any_u64(),
                                    any_u64() };

    return o;
}

/* Spec: options_put, put_string */
void prove_write_request(void)
{
    EACH(small, ROOM);
    size_t room = any_bool() ? small : KEDGE_TFTP_CONTROL_MAX;
    ANY_BYTES(buf, room);
    ANY_SPAN(name, NAME);
    struct kedge_tftp_request q = { .op = any_bool() ? KEDGE_TFTP_RRQ : KEDGE_TFTP_WRQ,
                                    .mode = (enum kedge_tftp_mode)any_below(3),
                                    .name = name,
                                    .options = any_options() };
    size_t len = kedge_tftp_write_request(buf, room, &q);

    //@ assert within: len <= room;
}

/* Spec: options_put */
void prove_write_oack(void)
{
    EACH(small, ROOM);
    size_t room = any_bool() ? small : KEDGE_TFTP_CONTROL_MAX;
    ANY_BYTES(buf, room);
    struct kedge_tftp_options o = any_options();
    size_t len = kedge_tftp_write_oack(buf, room, &o);

    //@ assert within: len <= room;
}
