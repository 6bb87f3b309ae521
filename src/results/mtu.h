/* SPDX-License-Identifier: MIT */
/* What `--mtu` found, for people and for programs. */
#ifndef RESULTS_MTU_H
#define RESULTS_MTU_H

#include "mtu/mtu.h"
#include "results/run.h"

#include <stdio.h>

/* A sentence each way. */
void mtu_show_text(const struct mtu_result *r, FILE *out);

/* The document; count results. False: no memory. */
KEDGE_MUST_CHECK bool mtu_show_json(const struct probe_about *about,
                                    const struct mtu_result *all, size_t count,
                                    FILE *out);

#endif
