/* SPDX-License-Identifier: MIT */
/* sim [--seeds N] [--seed S] [--scenario NAME] [--trace]: every scenario (or those whose name
 * has NAME in it, and nothing else), then N random runs of the simulated world, the first of
 * seed S. Prints what was run; and of a failure, how to see it again. */
#include "runs.h"
#include "scenes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"

struct options {
    uint64_t seeds;
    uint64_t seed;
    const char *scenario;
    bool trace;
    bool tap;
};

struct results {
    unsigned count;
    unsigned failures;
    bool tap;
};

enum { FAILURES_SHOWN = 5 };

static const char *const outcome_names[OUTCOMES] = { "running",  "ok",      "unconfirmed",
                                                     "changed",  "probe",   "aborted",
                                                     "timeout",  "refused", "gone",
                                                     "replaced", "failed" };

static bool take_number(const char *text, uint64_t *out)
{
    return text && decimal((struct kedge_span){ (const uint8_t *)text, strlen(text) },
                           UINT64_MAX, out);
}

static bool read_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--trace") == 0)
            o->trace = true;
        else if (strcmp(argv[i], "--tap") == 0)
            o->tap = true;
        else if (strcmp(argv[i], "--seeds") == 0 && take_number(value, &o->seeds))
            i++;
        else if (strcmp(argv[i], "--scenario") == 0 && value)
            o->scenario = argv[++i];
        else if (strcmp(argv[i], "--seed") == 0 && take_number(value, &o->seed))
            i++;
        else
            return false;
    }
    return true;
}

static void print_outcomes(const char *who, const unsigned counts[OUTCOMES])
{
    printf("%s:", who);
    for (unsigned i = 0; i < OUTCOMES; i++)
        if (counts[i])
            printf(" %s %u", outcome_names[i], counts[i]);
    printf("\n");
}

/* One result: as TAP for the test runner, else only what failed, and how to see it again. */
static void report(struct results *r, const char *name, const char *failure)
{
    r->count++;
    r->failures += failure[0] != 0;
    if (r->tap)
        printf("%sok %u - %s%s%s\n", failure[0] ? "not " : "", r->count, name,
               failure[0] ? " # " : "", failure);
    else if (failure[0])
        printf("FAILED: %s\n  again: sim %s --trace\n", failure, name);
}

static void play(const struct options *o, const struct scenario *scenarios, size_t count,
                 struct results *r)
{
    for (size_t i = 0; i < count; i++) {
        char failure[FAILURE_MAX];
        char again[FAILURE_MAX];

        if (o->scenario && !strstr(scenarios[i].name, o->scenario))
            continue;
        if (scene_play(&scenarios[i], o->trace, failure))
            failure[0] = 0;
        snprintf(again, sizeof again, "--scenario %s", scenarios[i].name);
        report(r, again, failure);
    }
}

static void run_seeds(const struct options *o, struct results *r)
{
    struct tally tally = { .worlds = 0 };
    unsigned before = r->failures;

    for (uint64_t i = 0; i < o->seeds && r->failures < before + FAILURES_SHOWN; i++) {
        char failure[FAILURE_MAX];
        char again[FAILURE_MAX];

        if (run_seed(o->seed + i, o->trace, &tally, failure))
            continue;
        snprintf(again, sizeof again, "--seeds 1 --seed %llu",
                 (unsigned long long)(o->seed + i));
        report(r, again, failure);
    }
    if (r->failures == before)
        report(r, "random runs", "");
    printf(
        "%s%llu runs, %llu transfers (%llu whole), %.1f virtual hours, %llu datagrams\n",
        r->tap ? "# " : "", (unsigned long long)tally.worlds,
        (unsigned long long)tally.transfers, (unsigned long long)tally.good,
        (double)tally.time / 3600e9, (unsigned long long)tally.datagrams);
    print_outcomes(r->tap ? "# clients" : "clients", tally.outcomes);
    print_outcomes(r->tap ? "# server" : "server", tally.server);
}

int main(int argc, char **argv)
{
    struct options o = { .seeds = 1000, .seed = (uint64_t)time(NULL) };
    struct results r = { .count = 0 };

    if (!read_options(argc, argv, &o)) {
        fprintf(stderr, "usage: sim [--seeds N] [--seed S] [--scenario NAME] [--trace] "
                        "[--tap]\n");
        return 64;
    }
    r.tap = o.tap;
    if (o.scenario || !o.trace) {
        play(&o, board_scenarios, board_scenario_count, &r);
        play(&o, loader_scenarios, loader_scenario_count, &r);
        play(&o, host_scenarios, host_scenario_count, &r);
        play(&o, link_scenarios, link_scenario_count, &r);
        play(&o, put_scenarios, put_scenario_count, &r);
        play(&o, nat_scenarios, nat_scenario_count, &r);
        play(&o, verdict_scenarios, verdict_scenario_count, &r);
        play(&o, forged_scenarios, forged_scenario_count, &r);
        play(&o, late_scenarios, late_scenario_count, &r);
    }
    if (!o.scenario) {
        printf("%s%u scenarios; --seeds %llu --seed %llu\n", o.tap ? "# " : "", r.count,
               (unsigned long long)o.seeds, (unsigned long long)o.seed);
        fflush(stdout);
        run_seeds(&o, &r);
    }
    if (o.tap)
        printf("1..%u\n", r.count);
    return r.failures ? 1 : 0;
}
