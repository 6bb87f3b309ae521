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
};

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

static unsigned run_seeds(const struct options *o)
{
    struct tally tally = { .worlds = 0 };
    unsigned failures = 0;

    for (uint64_t i = 0; i < o->seeds && failures < 5; i++) {
        char failure[FAILURE_MAX];

        if (run_seed(o->seed + i, o->trace, &tally, failure))
            continue;
        failures++;
        printf("FAILED: seed %llu, %s\n  again: sim --seeds 1 --seed %llu --trace\n",
               (unsigned long long)(o->seed + i), failure,
               (unsigned long long)(o->seed + i));
    }
    printf("%llu runs, %llu transfers (%llu whole), %.1f virtual hours, %llu datagrams\n",
           (unsigned long long)tally.worlds, (unsigned long long)tally.transfers,
           (unsigned long long)tally.good, (double)tally.time / 3600e9,
           (unsigned long long)tally.datagrams);
    print_outcomes("clients", tally.outcomes);
    print_outcomes("server", tally.server);
    return failures;
}

static unsigned play(const struct options *o, const struct scenario *scenarios,
                     size_t count)
{
    unsigned failures = 0;
    unsigned played = 0;

    for (size_t i = 0; i < count; i++) {
        char failure[FAILURE_MAX];

        if (o->scenario && !strstr(scenarios[i].name, o->scenario))
            continue;
        played++;
        if (scene_play(&scenarios[i], o->trace, failure))
            continue;
        failures++;
        printf("FAILED: %s, %s\n  again: sim --scenario %s --trace\n", scenarios[i].name,
               failure, scenarios[i].name);
    }
    printf("%u scenarios\n", played);
    return failures;
}

int main(int argc, char **argv)
{
    struct options o = { .seeds = 1000, .seed = (uint64_t)time(NULL) };
    unsigned failures;

    if (!read_options(argc, argv, &o)) {
        fprintf(stderr,
                "usage: sim [--seeds N] [--seed S] [--scenario NAME] [--trace]\n");
        return 64;
    }
    failures = play(&o, get_scenarios, get_scenario_count) +
               play(&o, put_scenarios, put_scenario_count);
    if (o.scenario)
        return failures ? 1 : 0;
    printf("sim --seeds %llu --seed %llu\n", (unsigned long long)o.seeds,
           (unsigned long long)o.seed);
    failures += run_seeds(&o);
    return failures ? 1 : 0;
}
