/* SPDX-License-Identifier: MIT */
/* What is granted: never more than was asked, nor than the limits. */
/* Functions: power_below, window_limit, grant_tsize, kedge_tftp_grant */
#include "power_below.h"

#define HAS(o, what) (((o).has & KEDGE_TFTP_HAS_##what) != 0)

/*@ requires granted: \valid(granted);
  @ requires request: \valid_read(request);
  @ requires limits: \valid_read(limits);
  @ requires apart: \separated(granted, request, limits);
  @ assigns granted->tsize, granted->has; */
static void grant_tsize(struct kedge_tftp_options *granted,
                        const struct kedge_tftp_request *request,
                        const struct kedge_tftp_limits *limits);

/*@ requires request: \valid_read(request);
  @ requires limits: \valid_read(limits);
  @ requires window: 1 <= limits->windowsize_max;
  @ assigns \nothing;
  @ ensures range: 1 <= \result <= KEDGE_TFTP_WINDOW_GRANT_MAX; */
static uint64_t window_limit(const struct kedge_tftp_request *request,
                             const struct kedge_tftp_limits *limits, uint32_t blksize);

/*@ requires request: \valid_read(request);
  @ requires limits: \valid_read(limits);
  @ requires apart: \separated(request, limits);
  @ requires blksize: KEDGE_TFTP_BLKSIZE_MIN <= limits->blksize_max;
  @ requires window: 1 <= limits->windowsize_max;
  @ assigns \nothing;
  @ ensures blksize: \result.blksize <= limits->blksize_max;
  @ ensures asked: request->options.blksize >= KEDGE_TFTP_BLKSIZE_MIN ==>
  @     KEDGE_TFTP_BLKSIZE_MIN <= \result.blksize <= request->options.blksize;
  @ ensures window: \result.windowsize <= request->options.windowsize ||
  @     request->options.windowsize == 0; */
struct kedge_tftp_options kedge_tftp_grant(const struct kedge_tftp_request *request,
                                           const struct kedge_tftp_limits *limits);

#include "tftp/grant.c"
