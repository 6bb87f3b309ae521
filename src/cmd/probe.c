/* kedge probe: echo round trips to many targets of any kind, side by side. */
#include "probe/flood.h"
#include "probe/payload.h"
#include "results/why.h"
#include "cmd/key_option.h"
#include "cmd/probe_mtu.h"
#include "cmd/probe_display.h"
#include "cmd/printable.h"
#include "cmd/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#define DEFAULT_SIZE 56

struct probe_options {
    uint64_t count, size, rate;
    kedge_nanos duration, interval, timeout;
    bool poisson, v4, v6, whole, mtu, flood;
    uint64_t dscp, ttl;
    const char *source, *interface, *key;
    struct display_options probe_display;
};

static enum exit_code add_one(struct probe *p, const char *operand)
{
    struct kedge_error error = { 0 };
    struct probe_refusal why;
    struct kedge_endpoint e;

    if (!kedge_endpoint_parse(operand, &e, &error)) {
        fprintf(stderr, "kedge probe: %s\n", error.text);
        return EXIT_USAGE;
    }
    if (probe_add(p, &e, &why))
        return EXIT_OK;
    fprintf(stderr, "kedge probe: %s\n", why_refused(&e, &why).text);
    return why.kind == CAUSE_ERROR ? exit_code_of(&why.error) : EXIT_USAGE;
}

static enum exit_code add_all(struct probe *p, const struct operands *operands)
{
    enum exit_code first = EXIT_OK;

    for (size_t i = 0; i < operands->count; i++) {
        enum exit_code code = add_one(p, operands->items[i]);

        if (code == EXIT_USAGE)
            return EXIT_USAGE;
        first = first == EXIT_OK ? code : first;
    }
    return first;
}

static bool report_error(const char *value, const char *why)
{
    fprintf(stderr, "kedge probe: %s, not '%s'\n", why,
            printable(value, PRINTABLE_WORD).text);
    return false;
}

static enum kedge_family family_of(const struct probe_options *o,
                                   const struct net_path *path)
{
    bool v6 = o->v6 || (path->source.len > 0 && path->source.u.any.sa_family == AF_INET6);
    bool v4 = o->v4 || (path->source.len > 0 && path->source.u.any.sa_family == AF_INET);

    return v4 ? KEDGE_IPV4 : v6 ? KEDGE_IPV6 : KEDGE_ANY_FAMILY;
}

static bool path_of(const struct probe_options *o, struct net_path *out)
{
    *out = (struct net_path){ .has_dscp = o->dscp != ARG_WORD,
                              .dscp = (uint8_t)(o->dscp & 63),
                              .ttl = (uint8_t)o->ttl,
                              .whole = o->whole };
    if (o->source && !net_address_parse(o->source, 0, &out->source))
        return report_error(o->source, "--source takes an IP address");
    if (o->source && o->v4 != o->v6 && o->v6 != (out->source.u.any.sa_family == AF_INET6))
        return report_error(o->source, "--source and -4 or -6 contradict each other");
    if (o->interface && strlen(o->interface) >= sizeof out->interface)
        return report_error(o->interface,
                            "--interface takes a name of 15 letters at most");
    if (o->interface)
        snprintf(out->interface, sizeof out->interface, "%s", o->interface);
    return true;
}

static bool plan_of(const struct probe_options *o, struct probe_plan *out)
{
    *out = (struct probe_plan){
        .count = o->duration > 0 ? 0 : o->count,
        .duration = o->duration > 0 ? o->duration : KEDGE_NEVER,
        .interval = o->interval,
        .timeout = o->timeout,
        .size = o->size,
        .poisson = o->poisson,
        .flood = o->flood,
    };
    if (o->rate > 0)
        out->interval = KEDGE_SEC / o->rate;
    if (o->flood)
        out->interval = FLOOD_INTERVAL;
    if (!path_of(o, &out->path))
        return false;
    out->family = family_of(o, &out->path);
    return true;
}

/* The size of a probe that has room for a seal, where no other was asked for. */
static enum exit_code read_key(const struct probe_options *o, struct store_key *key,
                               struct probe_plan *plan)
{
    if (!o->key)
        return EXIT_OK;
    if (plan->size == DEFAULT_SIZE)
        plan->size = AUTHENTICATED_SIZE;
    if (plan->size < AUTHENTICATED_SIZE) {
        fprintf(stderr, "kedge probe: with --key, --size takes %d or more\n",
                AUTHENTICATED_SIZE);
        return EXIT_USAGE;
    }
    plan->key = key;
    return key_option("probe", o->key, key);
}

static enum exit_code probe_verb(const void *options, const struct operands *operands)
{
    const struct probe_options *o = options;
    struct probe_plan plan;
    struct store_key key;
    struct probe *p = NULL;
    struct probe_display probe_display;
    enum exit_code missing, code;
    int err;

    /* Probes leave at their times: by default timers may be 50 us late. */
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    if (!plan_of(o, &plan))
        return EXIT_USAGE;
    code = read_key(o, &key, &plan);
    if (code != EXIT_OK)
        return code;
    if (o->mtu)
        return probe_mtu(&plan, operands, o->probe_display.json);
    if (!display_plan(&probe_display, &o->probe_display, &plan))
        return EXIT_USAGE;
    err = probe_open(&p, &plan);
    if (err) {
        fprintf(stderr, "kedge probe: %s\n", strerror(-err));
        return EXIT_ALL_FAILED;
    }
    missing = add_all(p, operands);
    code = missing;
    if (missing != EXIT_USAGE && probe_targets(p) > 0) {
        code = display_run(&probe_display, p);
        if (code == EXIT_OK && missing != EXIT_OK)
            code = EXIT_SOME_FAILED;
    }
    probe_close(p);
    return code;
}

static const struct probe_options defaults = {
    .count = 10,
    .size = DEFAULT_SIZE,
    .interval = KEDGE_SEC / 5,
    .timeout = KEDGE_SEC,
    .dscp = ARG_WORD,
    .probe_display.prometheus_every = 5 * KEDGE_SEC,
};

#define FIELD(name) .into = offsetof(struct probe_options, name)

static const struct arg args[] = {
    { .name = "count",
      .letter = 'c',
      .kind = ARG_NUMBER,
      .value = "N",
      FIELD(count),
      .help = "probes for each target; 0: until Ctrl-C (10)" },
    { .name = "interval",
      .letter = 'i',
      .kind = ARG_TIME,
      .value = "TIME",
      FIELD(interval),
      .low = KEDGE_USEC,
      .high = 86400 * KEDGE_SEC,
      .help = "between two probes of a target (200ms)" },
    { .name = "rate",
      .kind = ARG_NUMBER,
      .value = "N",
      FIELD(rate),
      .low = 1,
      .high = 1000000,
      .not_with = "interval",
      .help = "probes a second for each target, in place of an interval" },
    { .name = "duration",
      .kind = ARG_TIME,
      .value = "TIME",
      FIELD(duration),
      .low = KEDGE_USEC,
      .high = 366 * 86400 * KEDGE_SEC,
      .not_with = "count|mtu",
      .help = "send for so long, in place of a count" },
    { .name = "poisson",
      .kind = ARG_FLAG,
      FIELD(poisson),
      .help = "random times, with the interval as their mean" },
    { .name = "flood",
      .kind = ARG_FLAG,
      FIELD(flood),
      .not_with = "interval|rate|poisson|mtu",
      .help = "as fast as answers come; of a kedge server that gives its token" },
    { .name = "size",
      .kind = ARG_SIZE,
      .value = "B",
      FIELD(size),
      .high = PAYLOAD_MAX,
      .help = "bytes of payload (56)" },
    { .name = "timeout",
      .kind = ARG_TIME,
      .value = "TIME",
      FIELD(timeout),
      .low = KEDGE_USEC,
      .high = 3600 * KEDGE_SEC,
      .help = "a reply after it is late (1s)" },
    { .name = "dscp",
      .kind = ARG_NUMBER,
      .value = "N",
      FIELD(dscp),
      .high = 63,
      .help = "the mark that packets carry (0)" },
    { .name = "ttl",
      .kind = ARG_NUMBER,
      .value = "N",
      FIELD(ttl),
      .low = 1,
      .high = 255,
      .help = "routers that a packet may pass, and one more (64)" },
    { .name = "df",
      .kind = ARG_FLAG,
      FIELD(whole),
      .help = "let no router cut a packet into fragments" },
    { .name = "source",
      .kind = ARG_TEXT,
      .value = "ADDR",
      FIELD(source),
      .help = "leave from this address" },
    { .name = "key",
      .kind = ARG_TEXT,
      .value = "FILE",
      FIELD(key),
      .not_with = "mtu",
      .help = "take answers only of a kedge server that shares this key" },
    { .name = "interface",
      .kind = ARG_TEXT,
      .value = "NAME",
      FIELD(interface),
      .help = "leave by this interface alone" },
    { .name = "mtu",
      .kind = ARG_FLAG,
      FIELD(mtu),
      .not_with = "count|interval|rate|poisson|size|jsonl|html|prometheus|plot|fail-if",
      .help = "find the largest payload that passes, there and back" },
    { .name = "json",
      .kind = ARG_FLAG,
      FIELD(probe_display.json),
      .not_with = "jsonl",
      .help = "print one JSON document" },
    { .name = "jsonl",
      .kind = ARG_FLAG,
      FIELD(probe_display.jsonl),
      .help = "print a line of JSON a probe, as it goes" },
    { .name = "plot",
      .kind = ARG_FLAG,
      FIELD(probe_display.plot),
      .not_with = "json|jsonl",
      .help = "draw the distribution and the time line below the table" },
    { .name = "html",
      .kind = ARG_TEXT,
      .value = "FILE",
      FIELD(probe_display.html),
      .help = "write the results as a page besides" },
    { .name = "prometheus",
      .kind = ARG_TEXT,
      .value = "FILE",
      FIELD(probe_display.prometheus),
      .help = "keep metrics for Prometheus there, replaced whole each time" },
    { .name = "prometheus-every",
      .kind = ARG_TIME,
      .value = "TIME",
      FIELD(probe_display.prometheus_every),
      .low = 100 * KEDGE_MSEC,
      .high = 86400 * KEDGE_SEC,
      .help = "between two such times (5s)" },
    { .name = "fail-if",
      .kind = ARG_TEXTS,
      .value = "CONDITION",
      FIELD(probe_display.fail_if),
      .help = "exit with 1 if it holds for a target, such as 'p99>5ms' or 'lost>1%'; "
              "may be repeated" },
    { .name = "quiet",
      .letter = 'q',
      .kind = ARG_FLAG,
      FIELD(probe_display.quiet),
      .help = "no rows on the terminal while it runs" },
    { .name = "trace", .kind = ARG_GONE, .help = "kedge trace kedge probe ..." },
    { .letter = '4',
      .kind = ARG_FLAG,
      FIELD(v4),
      .not_with = "6",
      .help = "use IPv4 only" },
    { .letter = '6', .kind = ARG_FLAG, FIELD(v6), .help = "use IPv6 only" },
};

const struct verb verb_probe = {
    .name = "probe",
    .operands = "ENDPOINT...",
    .summary = "measure echo round trips to many targets, side by side",
    .notes =
        "ENDPOINT is icmp://HOST, udp://HOST:PORT, tcp://HOST:PORT, unix:///PATH,\n"
        "unix-dgram:///PATH or unix-seqpacket:///PATH; all but icmp want an echo\n"
        "service there. Probes leave on one absolute schedule, whatever the answers\n"
        "do. Ctrl-C ends it with the full summary.\n"
        "With --fail-if the conditions decide whether a run in which something was\n"
        "lost is good (0) or not (1).\n"
        "Exit status: 0 all answered, 1 some, 2 none, 8 name not resolved,\n"
        "13 no permission, 64 usage.\n",
    .args = args,
    .arg_count = sizeof args / sizeof *args,
    .operands_min = 1,
    .operands_max = PROBE_TARGETS_MAX,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = probe_verb,
};
