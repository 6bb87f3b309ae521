/* SPDX-License-Identifier: MIT */
/* What a program asks of kedge_get() and kedge_put(), looked at before anything is sent or
 * opened. It does not say whether there is such a server or file. */
#ifndef TRANSFER_REQUEST_CHECK_H
#define TRANSFER_REQUEST_CHECK_H

#include "transfer/file.h"

/* BAD_REQUEST and why, where no request can be made of it; else DONE. */
KEDGE_MUST_CHECK struct transfer_error
transfer_request_check(const struct kedge_endpoint *remote,
                       const struct kedge_transfer_options *options);

#endif
