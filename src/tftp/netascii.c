/* SPDX-License-Identifier: MIT */
/* netascii (RFC 1350 by way of RFC 764), a byte at a time: any cut is a good cut. */
#include "kedge/tftp.h"

size_t kedge_netascii_encode(struct kedge_netascii *n, struct kedge_span in, uint8_t *out,
                             size_t room, size_t *used)
{
    size_t len = 0;
    size_t at = 0;

    while (len < room && (n->holds || at < in.len)) {
        uint8_t c = n->holds ? n->held : in.ptr[at++];

        if (n->holds) {
            n->holds = false;
        } else if (c == '\n' || c == '\r') {
            n->held = c == '\n' ? '\n' : 0;
            n->holds = true;
            c = '\r';
        }
        out[len++] = c;
    }
    *used = at;
    return len;
}

size_t kedge_netascii_decode(struct kedge_netascii *n, struct kedge_span in, uint8_t *out,
                             size_t room, size_t *used)
{
    size_t len = 0;
    size_t at = 0;

    while (len < room && at < in.len) {
        uint8_t c = in.ptr[at];
        bool after_cr = n->holds;

        n->holds = false;
        if (after_cr && c != '\n' && c != 0) {
            out[len++] = '\r'; /* a bare CR, which no sender should send, is kept */
            continue;
        }
        at++;
        if (after_cr)
            out[len++] = c == 0 ? '\r' : '\n';
        else if (c == '\r')
            n->holds = true;
        else
            out[len++] = c;
    }
    *used = at;
    return len;
}

size_t kedge_netascii_finish(struct kedge_netascii *n, uint8_t *out, size_t room)
{
    if (!n->holds || room == 0)
        return 0;
    n->holds = false;
    out[0] = '\r';
    return 1;
}
