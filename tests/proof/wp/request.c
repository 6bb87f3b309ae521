/* SPDX-License-Identifier: MIT */
/* Requests of any length. */
/* Functions: kedge_tftp_parse_request */
#include "mode_of.h"

#include "tftp/request.c"
