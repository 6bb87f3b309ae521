/* SPDX-License-Identifier: MIT */
/* The line on samples that were left out. */
#include "results/left_out.h"

#include "results/figures.h"
#include "report/table.h"

void left_out_note(const struct probe_view *v, size_t columns, FILE *out)
{
    size_t count;
    const struct figure *all = figures(&count);
    uint8_t space[512];
    struct writer w = { .ptr = space, .room = sizeof space };

    for (size_t i = 0; i < count; i++) {
        uint64_t n = all[i].left ? figure_number(v, all[i].key) : 0;

        if (n == 0)
            continue;
        put(&w, span_of(w.len > 0 ? ", " : "no memory: percentiles are without "));
        put_decimal(&w, n);
        put_u8(&w, ' ');
        put(&w, span_of(all[i].left));
    }
    if (w.len > 0)
        table_note(written(&w), columns, out);
}
