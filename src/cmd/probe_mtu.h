/* SPDX-License-Identifier: MIT */
/* `kedge probe --mtu`. */
#ifndef CMD_PROBE_MTU_H
#define CMD_PROBE_MTU_H

#include "probe/probe.h"
#include "cmd/args.h"

/* Find what passes to each operand in turn, and print it. */
enum exit_code probe_mtu(const struct probe_plan *plan, const struct operands *operands,
                         bool json);

#endif
