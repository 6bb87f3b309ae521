/* SPDX-License-Identifier: MIT */
/* Clients: kedge serves, and misbehaves as networks and servers do. */
#include "check/steps.h"

/* clang-format off: a script reads as a table. */
static const struct check_row rows[] = {
    { .id = "client-reads",
      .level = CHECK_MUST,
      .section = "RFC 1350 5",
      .title = "a file is read whole",
      .rule = "Blocks arrive in order, the last one is shorter.",
      .why = "Without this nothing else counts.",
      .lesson = "write as many bytes as came, and acknowledge each block",
      CHECK_SCRIPT(STEP(CHECK_ASKED, .side = CHECK_LISTENER), WRITE()) },
};
/* clang-format on */

const struct check_rows check_client_rows = { rows, sizeof rows / sizeof *rows };
