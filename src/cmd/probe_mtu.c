#include "cmd/probe_mtu.h"

#include "results/mtu.h"
#include "net/timestamps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct find {
    const struct probe_plan *plan;
    struct kedge_endpoint *endpoints;
    struct mtu_result *results;
    size_t count;
    bool json, stopped;
    enum exit_code code; /* of those that could not be asked */
};

static void report_error(struct find *f, const struct kedge_endpoint *e,
                         const struct kedge_error *error)
{
    char text[KEDGE_ENDPOINT_TEXT];

    if (!e || strstr(error->text, "://"))
        fprintf(stderr, "kedge probe: %s\n", error->text);
    else
        fprintf(stderr, "kedge probe: %s: %s\n", kedge_endpoint_print(e, text),
                *error->text ? error->text : strerror(error->code));
    f->code = exit_code_of(error);
}

static bool is_askable(const struct kedge_endpoint *e, struct kedge_error *error)
{
    if (e->service == KEDGE_SOCKET &&
        (e->transport == KEDGE_ICMP || e->transport == KEDGE_UDP))
        return true;
    *error = (struct kedge_error){ .cause = KEDGE_BAD_ENDPOINT,
                                   .text = "--mtu is for udp and icmp alone" };
    return false;
}

static void find_one(struct find *f, const char *operand)
{
    struct kedge_endpoint *e = &f->endpoints[f->count];
    struct mtu_result *r = &f->results[f->count];
    struct kedge_error error = { 0 };

    if (!kedge_endpoint_parse(operand, e, &error))
        report_error(f, NULL, &error);
    else if (!is_askable(e, &error))
        report_error(f, e, &error);
    else if (!mtu_find(e, f->plan, r, &f->stopped))
        report_error(f, e, &r->error);
    else
        f->count++;
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
            (r->back.end != MTU_HOLE && (r->back.end != MTU_UNKNOWN || r->back_why_not));
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

        find_one(f, operands->items[i]);
        if (f->code == EXIT_USAGE)
            return EXIT_USAGE;
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
    about = probe_about_of(p, KEDGE_VERSION, stamps_clock() / KEDGE_MSEC);
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
