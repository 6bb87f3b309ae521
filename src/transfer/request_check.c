/* SPDX-License-Identifier: MIT */
/* What cannot be asked of a server: another service, no name, options out of their bounds. */
#include "transfer/request_check.h"

static const kedge_nanos timeout_min = 10 * KEDGE_MSEC;
static const kedge_nanos timeout_max = 255 * KEDGE_SEC;

static bool is_within(uint64_t value, uint64_t low, uint64_t high)
{
    return value == 0 || (value >= low && value <= high);
}

static const char *fault_of_endpoint(const struct kedge_endpoint *remote)
{
    if (remote->service != KEDGE_TFTP || remote->transport != KEDGE_UDP)
        return "not a tftp:// endpoint";
    if (remote->name_len == 0)
        return "no file is named";
    if (remote->port == 0)
        return "no server listens at port 0";
    return NULL;
}

static const char *fault_of_options(const struct kedge_transfer_options *o)
{
    if (!is_within(o->blksize, KEDGE_TFTP_BLKSIZE_MIN, KEDGE_TFTP_BLKSIZE_MAX))
        return "blksize is 8 to 65464 bytes (RFC 2348)";
    if (!is_within(o->windowsize, 1, UINT16_MAX))
        return "windowsize is 1 to 65535 blocks (RFC 7440)";
    if (!is_within(o->timeout, timeout_min, timeout_max))
        return "timeout is 10 ms to 255 s";
    return NULL;
}

struct transfer_error transfer_request_check(const struct kedge_endpoint *remote,
                                             const struct kedge_transfer_options *options)
{
    const char *why = fault_of_endpoint(remote);

    if (!why)
        why = fault_of_options(options);
    return why ? (struct transfer_error){ KEDGE_TRANSFER_BAD_REQUEST, 0, why, 0 }
               : transfer_no_error();
}
