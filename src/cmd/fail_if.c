/* SPDX-License-Identifier: MIT */
/* The option --fail-if: conditions parsed, judged and reported on standard error. */
#include "cmd/fail_if.h"

#include "results/compare.h"
#include "results/endpoint_text.h"
#include "cmd/printable.h"

#include <stdio.h>

bool checks_parse(struct checks *out, const char *verb, const struct arg_list *given,
                  bool compares)
{
    struct kedge_error error;

    *out = (struct checks){ .verb = verb };
    for (uint32_t i = 0; i < given->count; i++) {
        if (!check_parse(&out->items[i], given->items[i], compares, &error)) {
            fprintf(stderr, "kedge %s: --fail-if '%s': %s\n", verb,
                    printable(given->items[i], PRINTABLE_WORD).text, error.text);
            return false;
        }
        out->count++;
    }
    return true;
}

static bool holds(const struct checks *c, const struct probe_view *v,
                  const struct probe_view *before)
{
    char text[KEDGE_ENDPOINT_TEXT];
    struct check_why why;
    bool all = true;

    for (uint32_t i = 0; i < c->count; i++) {
        if (!check_fails(&c->items[i], v, before, &why))
            continue;
        fprintf(stderr, "kedge %s: %s: %s: fails if %s\n", c->verb,
                endpoint_shown(v->endpoint, text), why.text, c->items[i].text);
        all = false;
    }
    return all;
}

bool checks_hold(const struct checks *c, const struct probe_result *after,
                 const struct probe_result *before)
{
    bool all = true;

    for (uint32_t i = 0; i < after->count; i++)
        all &= holds(c, &after->views[i],
                     before ? probe_counterpart(before, after, i) : NULL);
    return all;
}
