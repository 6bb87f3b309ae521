/* SPDX-License-Identifier: MIT */
/* The ERROR that a peer is sent for a failure: codes that its firmware understands. */
#include "serve/tftp/refusal.h"

#include <string.h>

int refusal_code(enum kedge_tftp_op op, enum store_error error)
{
    switch (error) {
    case STORE_NOT_FOUND:
    case STORE_BAD_NAME:
        return KEDGE_TFTP_NOT_FOUND;
    case STORE_GONE: /* until an admin acts; who asks again by then is served */
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

static const struct {
    int code;
    const char *text, *fewer;
} texts[] = {
    { KEDGE_TFTP_NOT_FOUND, "File not found", "not found" },
    { KEDGE_TFTP_ACCESS, "Access violation", "denied" },
    { KEDGE_TFTP_FULL, "Disk full or file too large", "full" },
    { KEDGE_TFTP_EXISTS, "File already exists", "exists" },
    { KEDGE_TFTP_UNDEFINED, "Failed", "failed" },
};

static size_t text_of(int code)
{
    size_t i = 0;

    while (texts[i].code != code && texts[i].code != KEDGE_TFTP_UNDEFINED)
        i++;
    return i;
}

const char *refusal_text(int code)
{
    return texts[text_of(code)].text;
}

static const char *fitting(const char *text, const char *fewer, size_t room)
{
    if (strlen(text) <= room)
        return text;
    return strlen(fewer) <= room ? fewer : "";
}

const char *refusal_words(enum kedge_tftp_op op, enum store_error error, size_t room)
{
    size_t i = text_of(refusal_code(op, error));

    if (op == KEDGE_TFTP_WRQ && error == STORE_NOT_FOUND)
        return fitting("no directory", "", room);
    if (op == KEDGE_TFTP_WRQ && error == STORE_BAD_NAME)
        return fitting("bad file name", "bad name", room);
    return fitting(texts[i].text, texts[i].fewer, room);
}
