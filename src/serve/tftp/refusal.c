/* SPDX-License-Identifier: MIT */
/* The ERROR that a peer is sent for a failure: codes that its firmware understands. */
#include "serve/tftp/refusal.h"

int refusal_code(enum kedge_tftp_op op, enum store_error error)
{
    switch (error) {
    case STORE_NOT_FOUND:
    case STORE_BAD_NAME:
        return KEDGE_TFTP_NOT_FOUND;
    case STORE_BUSY: /* better in a moment: it asks again; any ERROR would end its boot */
        return -1;
    case STORE_DENIED:
        return KEDGE_TFTP_ACCESS;
    case STORE_EXISTS:
        return KEDGE_TFTP_EXISTS;
    case STORE_FULL:
    case STORE_TOO_LARGE:
        return KEDGE_TFTP_FULL;
    default: /* reads: 1 or 2 only, for U-Boot begins again for ever on others */
        return op == KEDGE_TFTP_RRQ ? KEDGE_TFTP_ACCESS : KEDGE_TFTP_UNDEFINED;
    }
}

const char *refusal_text(int code)
{
    switch (code) {
    case KEDGE_TFTP_NOT_FOUND:
        return "File not found";
    case KEDGE_TFTP_ACCESS:
        return "Access violation";
    case KEDGE_TFTP_FULL:
        return "Disk full or file too large";
    case KEDGE_TFTP_EXISTS:
        return "File already exists";
    default:
        return "Failed";
    }
}
