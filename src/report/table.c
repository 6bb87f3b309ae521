/* SPDX-License-Identifier: MIT */
/* A table of text with aligned columns. */
#include "report/table.h"

#include "base/number.h"
#include "report/text.h"

#include <string.h>

#define CELL_MAX 512
#define NOTE_ROOM 8192
#define NOTE_INDENT 2

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

static void nothing(const void *owner, uint32_t row, FILE *out)
{
    (void)owner;
    (void)row;
    (void)out;
}

struct rows {
    uint32_t indent;
    void (*what)(const void *owner, uint32_t row, FILE *out);
    const void *owner;
};

static void print_rows(const struct table *t, FILE *out, const struct rows *rows)
{
    struct reader r = { .left = written(&t->cells) };
    uint32_t column = 0, row = 0;
    size_t owed = rows->indent;

    while (r.left.len > 0) {
        if (column == 0)
            rows->what(rows->owner, row++, out);
        owed = print_cell(t, column, take_string(&r), owed, out);
        column = (column + 1) % t->columns;
        if (column == 0) {
            fputc('\n', out);
            owed = rows->indent;
        }
    }
    if (column != 0)
        fputc('\n', out);
    rows->what(rows->owner, row, out);
    if (t->cells.bad)
        fprintf(out, "%*s(more rows than there was room for)\n", (int)rows->indent, "");
}

void table_print(const struct table *t, FILE *out, uint32_t indent)
{
    print_rows(t, out, &(struct rows){ indent, nothing, NULL });
}

void table_print_with(const struct table *t, FILE *out,
                      void (*what)(const void *owner, uint32_t row, FILE *out),
                      const void *owner)
{
    print_rows(t, out, &(struct rows){ 0, what, owner });
}

static void put_spaces(struct writer *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_u8(w, ' ');
}

static size_t word_len(struct kedge_span text)
{
    const uint8_t *space = memchr(text.ptr, ' ', text.len);

    return space ? (size_t)(space - text.ptr) : text.len;
}

/* The first line is indented by so much, and what follows it by two more. */
static void put_broken(struct writer *w, struct kedge_span text, size_t columns,
                       size_t indent)
{
    size_t at = indent;

    put_spaces(w, indent);
    while (text.len > 0) {
        struct kedge_span word = { text.ptr, word_len(text) };
        size_t width = text_width(word), eaten = min_u64(word.len + 1, text.len);

        if (columns > 0 && at > indent + 2 && at + 1 + width > columns) {
            put_u8(w, '\n');
            put_spaces(w, indent + 2);
            at = indent + 2;
        } else if (at != indent) {
            put_u8(w, ' ');
            at++;
        }
        put(w, word);
        at += width;
        text = (struct kedge_span){ text.ptr + eaten, text.len - eaten };
    }
    put_u8(w, '\n');
}

static void print_broken(struct kedge_span text, size_t columns, size_t indent, FILE *out)
{
    uint8_t space[NOTE_ROOM];
    struct writer w = { .ptr = space, .room = sizeof space };

    put_broken(&w, text, columns, indent);
    fwrite(w.ptr, 1, w.len, out);
}

void table_note_put(struct writer *w, struct kedge_span text, size_t columns)
{
    put_broken(w, text, columns, NOTE_INDENT);
}

void table_note(struct kedge_span text, size_t columns, FILE *out)
{
    print_broken(text, columns, NOTE_INDENT, out);
}

void table_line(struct kedge_span text, size_t columns, FILE *out)
{
    print_broken(text, columns, 0, out);
}

void stdout_by_line(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
}
