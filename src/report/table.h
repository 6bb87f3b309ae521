/* SPDX-License-Identifier: MIT */
/* A table of text, columns aligned, for endpoints, summaries and probe results. Cells are
 * added in reading order and kept in the caller's buffer until the table is printed, so
 * that every width is known. Cells are shown by text_printable; a character is one column. */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "base/bytes.h"

#include <stdio.h>

#define TABLE_COLUMNS_MAX 16

struct table {
    struct writer cells; /* each ends in NUL; bad: cells were left out */
    uint32_t columns;
    uint32_t at;    /* the column of the next cell */
    uint32_t right; /* a bit a column: aligned to the right */
    size_t widths[TABLE_COLUMNS_MAX];
};

/* 1 <= columns <= TABLE_COLUMNS_MAX. Bit c of `right` aligns column c to the right. */
void table_init(struct table *t, uint8_t *buffer, size_t room, uint32_t columns,
                uint32_t right);

void table_cell(struct table *t, const char *text);
void table_cell_span(struct table *t, struct kedge_span text);
void table_cell_u64(struct table *t, uint64_t v);

/* Print whole rows, two spaces between columns, none at the end of a line, `indent`
 * spaces in front. Cells that found no room are missing, and the last line says so. */
void table_print(const struct table *t, FILE *out, uint32_t indent);

/* The same; what(owner, row, out) prints what stands in front of each row, 0 is the first, and
 * behind the last, with the number of rows. */
void table_print_with(const struct table *t, FILE *out,
                      void (*what)(const void *owner, uint32_t row, FILE *out),
                      const void *owner);

/* What is said below a row: indented by two, and broken between words where a line would be
 * longer than so many columns; 0: any length. */
void table_note(struct kedge_span text, size_t columns, FILE *out);
void table_note_put(struct writer *w, struct kedge_span text, size_t columns);

/* What is said of all rows, below the table: the same, but not indented. */
void table_line(struct kedge_span text, size_t columns, FILE *out);

/* Make standard output leave line by line, into a pipe too. Before its first use. */
void stdout_by_line(void);

#endif
