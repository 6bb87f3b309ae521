/* SPDX-License-Identifier: MIT */
/* What the drawings of plot.h share: a column of labels on the left, bars that fill parts of
 * a character, a logarithmic scale, and a line of labels below. */
#ifndef REPORT_PLOT_LINES_H
#define REPORT_PLOT_LINES_H

#include "report/plot.h"

#define PLOT_LABEL 10 /* columns on the left, the axis among them */
#define PLOT_AREA_MOST (PLOT_WIDTH_MOST - PLOT_LABEL)

/* Columns that are drawn on. */
uint32_t plot_area(const struct plot *p);

/* The left of a line: a label (may be empty), and the axis. */
void plot_lead(const struct plot *p, const char *label);
void plot_lead_ms(const struct plot *p, kedge_nanos v);

/* One character of a bar: its row counts from the bottom, and a row is 8 high. What is not
 * nothing has a mark in the lowest row. */
void plot_bar(const struct plot *p, double height, uint32_t row);

/* The axis below. */
void plot_base(const struct plot *p);

/* A line of labels below, each as near to its place as those before leave room. */
struct plot_marks {
    char text[PLOT_WIDTH_MOST + 1];
    uint32_t used, most;
};
void plot_marks_init(struct plot_marks *m, const struct plot *p);
void plot_mark(struct plot_marks *m, uint32_t column, const char *text);
void plot_mark_right(struct plot_marks *m, const char *text); /* the last one */
void plot_marks_print(const struct plot_marks *m, const struct plot *p);

/* v with its unit's digits: 0.051. */
const char *plot_ms(char out[32], kedge_nanos v);

struct plot_scale {
    double low, span; /* logarithms */
};
struct plot_scale plot_scale_of(kedge_nanos low, kedge_nanos high);
double plot_place(const struct plot_scale *s, kedge_nanos v); /* 0 to 1 */
kedge_nanos plot_value(const struct plot_scale *s, double place);

#endif
