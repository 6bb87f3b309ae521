/* SPDX-License-Identifier: MIT */
/* A table of text with aligned columns. */
#include "report/table.h"

#include "base/number.h"
#include "report/text.h"

#include <string.h>

#define CELL_MAX 512

void table_init(struct table *t, uint8_t *buffer, size_t room, uint32_t columns,
                uint32_t right)
{
    KEDGE_ASSERT(columns >= 1 && columns <= TABLE_COLUMNS_MAX);
    *t = (struct table){ .cells = { .ptr = buffer, .room = room },
                         .columns = columns,
                         .right = right };
}

void table_cell_span(struct table *t, struct kedge_span text)
{
    uint8_t printable[CELL_MAX];
    struct writer w = { .ptr = printable, .room = sizeof printable };

    text_printable(&w, text, sizeof printable);
    put_string(&t->cells, written(&w));
    if (!t->cells.bad)
        t->widths[t->at] = max_u64(t->widths[t->at], text_width(written(&w)));
    t->at = (t->at + 1) % t->columns;
}

void table_cell(struct table *t, const char *text)
{
    table_cell_span(t, span_of(text));
}

void table_cell_u64(struct table *t, uint64_t v)
{
    uint8_t digits[20];
    struct writer w = { .ptr = digits, .room = sizeof digits };

    put_decimal(&w, v);
    table_cell_span(t, written(&w));
}

/* Spaces are owed, not written, so that none ends a line. */
static size_t print_cell(const struct table *t, uint32_t column, struct kedge_span cell,
                         size_t owed, FILE *out)
{
    size_t fill = t->widths[column] - text_width(cell);
    bool right = t->right >> column & 1;

    if (right)
        owed += fill;
    if (cell.len > 0) {
        fprintf(out, "%*s%.*s", (int)owed, "", (int)cell.len, (const char *)cell.ptr);
        owed = 0;
    }
    return owed + (right ? 0 : fill) + 2;
}

void table_print(const struct table *t, FILE *out, uint32_t indent)
{
    struct reader r = { .left = written(&t->cells) };
    uint32_t column = 0;
    size_t owed = indent;

    while (r.left.len > 0) {
        owed = print_cell(t, column, take_string(&r), owed, out);
        column = (column + 1) % t->columns;
        if (column == 0) {
            fputc('\n', out);
            owed = indent;
        }
    }
    if (column != 0)
        fputc('\n', out);
    if (t->cells.bad)
        fprintf(out, "%*s(more rows than there was room for)\n", (int)indent, "");
}

void stdout_by_line(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
}
