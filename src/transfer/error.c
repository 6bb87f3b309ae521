/* SPDX-License-Identifier: MIT */
/* Errors of files, as the end of a transfer and as an ERROR for the peer. */
#include "transfer/file.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

struct transfer_error transfer_no_error(void)
{
    return (struct transfer_error){ .cause = KEDGE_TRANSFER_DONE, .why = "" };
}

static const struct {
    enum store_error error;
    enum kedge_transfer_cause cause;
    uint16_t code;
} known[] = {
    { STORE_NOT_FOUND, KEDGE_TRANSFER_LOCAL_FILE, KEDGE_TFTP_NOT_FOUND },
    { STORE_BAD_NAME, KEDGE_TRANSFER_LOCAL_FILE, KEDGE_TFTP_NOT_FOUND },
    { STORE_DENIED, KEDGE_TRANSFER_LOCAL_FILE, KEDGE_TFTP_ACCESS },
    { STORE_EXISTS, KEDGE_TRANSFER_LOCAL_FILE, KEDGE_TFTP_EXISTS },
    { STORE_FULL, KEDGE_TRANSFER_DISK_FULL, KEDGE_TFTP_FULL },
    { STORE_TOO_LARGE, KEDGE_TRANSFER_LOCAL_FILE, KEDGE_TFTP_FULL },
    { STORE_WRONG_SIZE, KEDGE_TRANSFER_WRONG_SIZE, KEDGE_TFTP_UNDEFINED },
    { STORE_CHANGED, KEDGE_TRANSFER_CHANGED, KEDGE_TFTP_UNDEFINED },
};

struct transfer_error transfer_error_of(struct store_result result)
{
    struct transfer_error error = { KEDGE_TRANSFER_LOCAL_FILE, result.err, result.why,
                                    KEDGE_TFTP_UNDEFINED };

    if (result.error == STORE_OK)
        return transfer_no_error();
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].error != result.error)
            continue;
        error.cause = known[i].cause;
        error.error = known[i].code;
    }
    return error;
}

struct transfer_error fetch_wrong_size(void)
{
    return (struct transfer_error){ .cause = KEDGE_TRANSFER_WRONG_SIZE,
                                    .why = "its size differs from the announced one" };
}

struct transfer_error fetch_wrong_blocks(void)
{
    return (struct transfer_error){
        .cause = KEDGE_TRANSFER_WRONG_SIZE,
        .why = "the server's blocks are not of the size that it granted"
    };
}

struct transfer_error fetch_block_0(void)
{
    return (struct transfer_error){ .cause = KEDGE_TRANSFER_BAD_REPLY,
                                    .why = "the server numbers its blocks from 0" };
}

struct transfer_error fetch_changed(void)
{
    return (struct transfer_error){ .cause = KEDGE_TRANSFER_CHANGED,
                                    .why = "the file changed while it was sent" };
}

struct transfer_error fetch_no_memory(void)
{
    return transfer_error_of(store_errno(ENOMEM));
}

static void put_sum(struct writer *w, const uint8_t sum[SHA256_DIGEST_SIZE])
{
    for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++) {
        put_u8(w, (uint8_t) "0123456789abcdef"[sum[i] >> 4]);
        put_u8(w, (uint8_t) "0123456789abcdef"[sum[i] & 15]);
    }
}

struct transfer_error fetch_check_sum(const struct sha256_ctx *hashed,
                                      const uint8_t *wanted, char text[FETCH_SUM_TEXT])
{
    struct sha256_ctx end = *hashed;
    uint8_t sum[SHA256_DIGEST_SIZE];
    struct writer w = { .ptr = (uint8_t *)text, .room = FETCH_SUM_TEXT };

    if (!wanted)
        return transfer_no_error();
    sha256_digest(&end, sizeof sum, sum);
    if (memcmp(sum, wanted, sizeof sum) == 0)
        return transfer_no_error();
    put(&w, span_of("SHA-256 is "));
    put_sum(&w, sum);
    put(&w, span_of(", expected "));
    put_sum(&w, wanted);
    put_u8(&w, 0);
    return (struct transfer_error){ .cause = KEDGE_TRANSFER_WRONG_SUM, .why = text };
}
