/* SPDX-License-Identifier: MIT */
/* RRQ and WRQ (RFC 1350), with their options (RFC 2347), and the OACK that answers. */
#include "tftp/request.h"

#include "base/bytes.h"
#include "kedge/tftp.h"
#include "tftp/options.h"

static enum kedge_tftp_mode mode_of(struct kedge_span text)
{
    if (span_equal_nocase(text, "octet") || span_equal_nocase(text, "binary"))
        return KEDGE_TFTP_OCTET; /* lwIP's client may say "binary" */
    if (span_equal_nocase(text, "netascii"))
        return KEDGE_TFTP_NETASCII;
    return KEDGE_TFTP_OTHER_MODE;
}

bool kedge_tftp_parse_request(struct kedge_span datagram, struct kedge_tftp_request *out)
{
    struct reader r = { .left = datagram };
    uint16_t op = take_u16(&r);
    struct kedge_span name, mode;

    if (r.bad || datagram.len > KEDGE_TFTP_REQUEST_MAX)
        return false;
    if (op != KEDGE_TFTP_RRQ && op != KEDGE_TFTP_WRQ)
        return false;
    name = take_string(&r);
    mode = take_string(&r);
    if (r.bad)
        return false;
    *out = (struct kedge_tftp_request){ .op = (enum kedge_tftp_op)op,
                                        .mode = mode_of(mode) };
    (void)options_take(&r, &out->options);
    out->name = name;
    return true;
}

const char *request_malformed(struct kedge_span datagram)
{
    struct reader r = { .left = datagram };

    (void)take_u16(&r);
    (void)take_string(&r);
    if (datagram.len > KEDGE_TFTP_REQUEST_MAX)
        return "malformed: too long";
    return r.bad ? "malformed: name" : "malformed: mode";
}

size_t kedge_tftp_write_request(uint8_t *buf, size_t room,
                                const struct kedge_tftp_request *request)
{
    struct writer w = { .ptr = buf, .room = room };

    put_u16(&w, (uint16_t)request->op);
    put_string(&w, request->name);
    put_string(&w, span_of(request->mode == KEDGE_TFTP_NETASCII ? "netascii" : "octet"));
    options_put(&w, &request->options);
    return w.bad ? 0 : w.len;
}

size_t kedge_tftp_write_oack(uint8_t *buf, size_t room,
                             const struct kedge_tftp_options *granted)
{
    struct writer w = { .ptr = buf, .room = room };

    put_u16(&w, KEDGE_TFTP_OACK);
    options_put(&w, granted);
    return w.bad ? 0 : w.len;
}
