/* SPDX-License-Identifier: MIT */
/* One screen of `kedge top`, as lines: pure, so that a test has a table of screens. What comes
 * from clients is escaped, and no line is wider than the screen. */
#ifndef CMD_TOP_DRAW_H
#define CMD_TOP_DRAW_H

#include "cmd/top_state.h"

enum top_sort { TOP_BY_AGE, TOP_BY_RATE, TOP_BY_BYTES, TOP_BY_LOSSES, TOP_BY_CLIENT };

struct top_look {
    size_t columns, rows;
    enum top_sort sort;
    const char *note; /* in place of the keys, at the bottom; NULL: none */
};

#define TOP_LINE 2048       /* bytes of a line at most */
#define TOP_SCREEN_ROWS 200 /* lines at most */
#define TOP_SCREEN (TOP_SCREEN_ROWS * TOP_LINE)

/* Rows in the wanted order. */
void top_sort(struct top_state *s, enum top_sort sort);

/* Write at most look->rows lines; each ends in `newline`. */
void top_draw(struct writer *w, const struct top_state *s, const struct top_look *look,
              const char *newline);

#endif
