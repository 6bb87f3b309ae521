/* SPDX-License-Identifier: MIT */
/* The option --mtu of kedge probe: each target's search, and its results. */
#include "cmd/probe_mtu.h"

#include "results/endpoint_text.h"
#include "os/clock.h"
#include "results/mtu.h"
#include "results/why.h"
#include "net/timestamps.h"

#include <stdio.h>
#include <stdlib.h>

struct find {
    const struct probe_plan *plan;
    struct kedge_endpoint *endpoints;
    struct mtu_result *results;
    size_t count;
    bool json, stopped;
    enum exit_code code; /* of those that could not be asked */
};

static bool is_askable(const struct kedge_endpoint *e)
{
    return e->service == KEDGE_SOCKET &&
           (e->transport == KEDGE_ICMP || e->transport == KEDGE_UDP);
}

static enum exit_code mtu_refused(const struct kedge_endpoint *e,
                                  const struct probe_refusal *why)
{
    fprintf(stderr, "kedge probe: %s\n", why_refused(e, why).text);
    return why->kind == CAUSE_ERROR ? exit_code_of(&why->error) : EXIT_USAGE;
}

static enum exit_code find_one(struct find *f, const char *operand)
{
    struct kedge_endpoint *e = &f->endpoints[f->count];
    struct mtu_result *r = &f->results[f->count];
    struct kedge_error error = { 0 };
    char text[KEDGE_ENDPOINT_TEXT];

    if (!kedge_endpoint_parse(operand, e, &error)) {
        fprintf(stderr, "kedge probe: %s\n", error.text);
        return EXIT_USAGE;
    }
    if (!is_askable(e)) {
        fprintf(stderr, "kedge probe: %s: --mtu is for udp:// and icmp:// only\n",
                endpoint_shown(e, text));
        return EXIT_USAGE;
    }
    if (!mtu_find(e, f->plan, r, &f->stopped))
        return mtu_refused(e, &r->refusal);
    f->count++;
    return EXIT_OK;
}

/* 0: all that the links take passes, or a router says what does. */
static enum exit_code outcome(const struct find *f)
{
    size_t answered = 0, good = 0;

    for (size_t i = 0; i < f->count; i++) {
        const struct mtu_result *r = &f->results[i];

        answered += r->answered;
        good +=
            r->there.end < MTU_HOLE &&
            (r->back.end != MTU_HOLE && (r->back.end != MTU_UNKNOWN || r->back_unknown));
    }
    if (f->count == 0)
        return f->code;
    if (answered == 0)
        return EXIT_ALL_FAILED;
    return good == f->count && f->code == EXIT_OK ? EXIT_OK : EXIT_SOME_FAILED;
}

static enum exit_code find_all(struct find *f, const struct operands *operands)
{
    for (size_t i = 0; i < operands->count && !f->stopped; i++) {
        size_t before = f->count;
        enum exit_code code = find_one(f, operands->items[i]);

        if (code == EXIT_USAGE)
            return EXIT_USAGE;
        f->code = code == EXIT_OK ? f->code : code;
        if (f->count > before && !f->json)
            mtu_show_text(&f->results[before], stdout);
    }
    return outcome(f);
}

static bool show_json(const struct find *f)
{
    struct probe_plan plan = *f->plan;
    struct probe *p = NULL;
    struct probe_about about;
    bool ok;

    plan.count = 0;
    if (probe_open(&p, &plan) < 0)
        return false;
    about = probe_about_of(p, KEDGE_VERSION, clock_wall() / KEDGE_MSEC);
    ok = mtu_show_json(&about, f->results, f->count, stdout);
    probe_close(p);
    return ok;
}

enum exit_code probe_mtu(const struct probe_plan *plan, const struct operands *operands,
                         bool json)
{
    struct find f = { .plan = plan,
                      .json = json,
                      .endpoints = calloc(operands->count, sizeof *f.endpoints),
                      .results = calloc(operands->count, sizeof *f.results) };
    enum exit_code code = EXIT_SOME_FAILED;

    if (f.endpoints && f.results) {
        code = find_all(&f, operands);
        if (json && f.count > 0 && !show_json(&f))
            code = EXIT_SOME_FAILED;
    } else {
        fputs("kedge probe: no memory\n", stderr);
    }
    free(f.endpoints);
    free(f.results);
    return code;
}
