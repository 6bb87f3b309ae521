/* SPDX-License-Identifier: MIT */
/* What kedge_tftp_grant supposes of power_below. */
#ifndef POWER_BELOW_H
#define POWER_BELOW_H

#include "contracts.h"

/*@ requires v > 0;
  @ assigns \nothing;
  @ ensures below: 1 <= \result <= v < 2 * \result;
  @ ensures least: v >= 8 ==> \result >= 8; */
static uint32_t power_below(uint32_t v);

#endif
