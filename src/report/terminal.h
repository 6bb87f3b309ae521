/* SPDX-License-Identifier: MIT */
/* The size of a terminal, and whether it shows UTF-8. */
#ifndef REPORT_TERMINAL_H
#define REPORT_TERMINAL_H

#include "kedge/base.h"

struct terminal_size {
    uint32_t columns, rows;
};

/* 80 by 24 of what is no terminal, or does not tell. */
struct terminal_size terminal_size(int fd);

/* Whether the locale of the environment is one of UTF-8. */
bool terminal_utf8(void);

#endif
