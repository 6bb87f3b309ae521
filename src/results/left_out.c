/* SPDX-License-Identifier: MIT */
/* The line on samples that were left out. */
#include "results/left_out.h"

#include "results/endpoint_text.h"
#include "results/figures.h"

void left_out_note(const struct probe_view *v, FILE *out)
{
    size_t count;
    const struct figure *all = figures(&count);
    char text[KEDGE_ENDPOINT_TEXT];
    const char *before = "";

    for (size_t i = 0; i < count; i++) {
        uint64_t n = all[i].left ? figure_number(v, all[i].key) : 0;

        if (n == 0)
            continue;
        if (!*before)
            fprintf(out, "%s: no memory: percentiles are without ",
                    endpoint_shown(v->endpoint, text));
        fprintf(out, "%s%llu %s", before, (unsigned long long)n, all[i].left);
        before = ", ";
    }
    if (*before)
        fputc('\n', out);
}
