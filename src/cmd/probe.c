/* SPDX-License-Identifier: MIT */
/* kedge probe: echo round trips to many targets of any kind, side by side. */
#include "probe/flood.h"
#include "probe/payload.h"
#include "results/why.h"
#include "cmd/key_option.h"
#include "cmd/probe_mtu.h"
#include "cmd/probe_display.h"
#include "cmd/printable.h"
#include "cmd/url.h"
#include "cmd/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define DEFAULT_SIZE 56
#define NO_SIZE UINT64_MAX /* none was asked for */

struct probe_options {
    uint64_t count, size, rate;
    kedge_nanos duration, interval, timeout;
    bool poisson, v4, v6, whole, mtu, flood;
    uint64_t dscp, ttl;
    const char *source, *interface, *key;
    struct display_options probe_display;
};

/* Of a host alone, as ping takes it, and of one with a port: what was meant. */
static struct printable with_scheme(const char *operand)
{
    struct printable s = { 0 };
    struct kedge_endpoint e;
    struct kedge_error error;
    bool port = strchr(operand, ':') && operand[strlen(operand) - 1] != ']';
    char url[KEDGE_ENDPOINT_TEXT];

    snprintf(url, sizeof url, "%s%s", port ? "udp://" : "icmp://", operand);
    if (!strstr(operand, "://") && strlen(url) < sizeof url - 1 &&
        kedge_endpoint_parse(url, &e, &error))
        snprintf(s.text, sizeof s.text, ", did you mean %.400s?",
                 printable(url, PRINTABLE_WORD).text);
    return s;
}

static enum exit_code add_one(struct probe *p, const char *operand)
{
    struct kedge_error error = { 0 };
    struct probe_refusal why;
    struct kedge_endpoint e;

    if (!url_parse(operand, &e, &error)) {
        fprintf(stderr, "kedge probe: %s%s\n", error.text, with_scheme(operand).text);
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

static bool report_bad_value(const char *value, const char *why)
{
    fprintf(stderr, "kedge probe: %s, not '%s'\n", why,
            printable(value, PRINTABLE_WORD).text);
    return false;
}

static enum kedge_family path_family(const struct probe_options *o,
                                     const struct net_path *path)
{
    bool v6 = o->v6 || (path->source.len > 0 && net_address_is_v6(&path->source));
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
        return report_bad_value(o->source, "--source takes an IP address");
    if (o->source && o->v4 != o->v6 && o->v6 != net_address_is_v6(&out->source))
        return report_bad_value(o->source,
                                "--source is not of the family that -4 or -6 asks for");
    if (o->interface && strlen(o->interface) >= sizeof out->interface)
        return report_bad_value(o->interface,
                                "--interface takes a name of at most 15 characters");
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
        .size = o->size == NO_SIZE ? DEFAULT_SIZE : o->size,
        .poisson = o->poisson,
        .flood = o->flood,
    };
    if (o->rate > 0)
        out->interval = KEDGE_SEC / o->rate;
    if (o->flood)
        out->interval = FLOOD_INTERVAL;
    if (!path_of(o, &out->path))
        return false;
    out->family = path_family(o, &out->path);
    return true;
}

/* Where no size was asked for it is the least that has room for the MAC. */
static enum exit_code read_key(const struct probe_options *o, struct store_key *key,
                               struct probe_plan *plan)
{
    if (!o->key)
        return EXIT_OK;
    if (o->size == NO_SIZE)
        plan->size = AUTHENTICATED_SIZE;
    if (plan->size < AUTHENTICATED_SIZE) {
        fprintf(stderr, "kedge probe: --key needs --size %d or more, not %llu\n",
                AUTHENTICATED_SIZE, (unsigned long long)plan->size);
        return EXIT_USAGE;
    }
    plan->key = key;
    return key_option("probe", o->key, key);
}

/* A socket for each target; less is only less. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
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

    raise_descriptors();
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
        return EXIT_SYSTEM;
    }
    missing = add_all(p, operands);
    code = missing;
    if (missing != EXIT_USAGE && probe_live_targets(p) > 0) {
        code = display_run(&probe_display, p);
        if (code == EXIT_OK && missing != EXIT_OK)
            code = EXIT_SOME_FAILED;
    }
    probe_close(p);
    return code;
}

static const struct probe_options defaults = {
    .count = 10,
    .size = NO_SIZE,
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
      .help = "probes per target; 0: until Ctrl-C (default 10)" },
    { .name = "interval",
      .letter = 'i',
      .kind = ARG_TIME,
      .value = "TIME",
      FIELD(interval),
      .low = KEDGE_USEC,
      .high = 86400 * KEDGE_SEC,
      .help = "between probes of a target (default 200ms)" },
    { .name = "rate",
      .kind = ARG_NUMBER,
      .value = "N",
      FIELD(rate),
      .low = 1,
      .high = 1000000,
      .not_with = "interval",
      .help = "probes per second and target; no interval then" },
    { .name = "duration",
      .kind = ARG_TIME,
      .value = "TIME",
      FIELD(duration),
      .low = KEDGE_USEC,
      .high = 366 * 86400 * KEDGE_SEC,
      .not_with = "count|mtu",
      .help = "how long to send, instead of --count" },
    { .name = "poisson",
      .kind = ARG_FLAG,
      FIELD(poisson),
      .help = "random intervals (Poisson) of that mean" },
    { .name = "flood",
      .kind = ARG_FLAG,
      FIELD(flood),
      .not_with = "interval|rate|poisson|mtu",
      .help = "send as fast as replies arrive; kedge servers only" },
    { .name = "size",
      .kind = ARG_SIZE,
      .value = "B",
      FIELD(size),
      .high = PAYLOAD_MAX,
      .help = "bytes of payload (default 56; with --key 72)" },
    { .name = "timeout",
      .kind = ARG_TIME,
      .value = "TIME",
      FIELD(timeout),
      .low = KEDGE_USEC,
      .high = 3600 * KEDGE_SEC,
      .help = "how long to wait for a reply (default 1s)" },
    { .name = "dscp",
      .kind = ARG_NUMBER,
      .value = "N",
      FIELD(dscp),
      .high = 63,
      .help = "DSCP value, 0 to 63 (default 0)" },
    { .name = "ttl",
      .kind = ARG_NUMBER,
      .value = "N",
      FIELD(ttl),
      .low = 1,
      .high = 255,
      .help = "IP TTL / hop limit (default 64)" },
    { .name = "df", .kind = ARG_FLAG, FIELD(whole), .help = "DF: do not fragment" },
    { .name = "source",
      .kind = ARG_TEXT,
      .value = "ADDR",
      FIELD(source),
      .help = "source address" },
    { .name = "key",
      .kind = ARG_TEXT,
      .value = "FILE",
      FIELD(key),
      .not_with = "mtu",
      .help = "accept replies only of a kedge server with the same key" },
    { .name = "interface",
      .kind = ARG_TEXT,
      .value = "NAME",
      FIELD(interface),
      .help = "outgoing interface" },
    { .name = "mtu",
      .kind = ARG_FLAG,
      FIELD(mtu),
      .not_with = "count|interval|rate|poisson|size|jsonl|html|prometheus|plot|fail-if",
      .help = "path MTU: find the largest payload that passes each way" },
    { .name = "json",
      .kind = ARG_FLAG,
      FIELD(probe_display.json),
      .not_with = "jsonl",
      .help = "print one JSON document" },
    { .name = "jsonl",
      .kind = ARG_FLAG,
      FIELD(probe_display.jsonl),
      .help = "print a line of JSON for each probe, as it goes" },
    { .name = "plot",
      .kind = ARG_FLAG,
      FIELD(probe_display.plot),
      .not_with = "json|jsonl",
      .help = "draw distribution and timeline below the table" },
    { .name = "html",
      .kind = ARG_TEXT,
      .value = "FILE",
      FIELD(probe_display.html),
      .help = "also write the results as an HTML page" },
    { .name = "prometheus",
      .kind = ARG_TEXT,
      .value = "FILE",
      FIELD(probe_display.prometheus),
      .help = "keep metrics for Prometheus in FILE, replaced atomically" },
    { .name = "prometheus-every",
      .kind = ARG_TIME,
      .value = "TIME",
      FIELD(probe_display.prometheus_every),
      .low = 100 * KEDGE_MSEC,
      .high = 86400 * KEDGE_SEC,
      .help = "how often they are written (default 5s)" },
    { .name = "fail-if",
      .kind = ARG_TEXTS,
      .value = "CONDITION",
      FIELD(probe_display.fail_if),
      .help = "exit 1 if CONDITION holds for a target, such as 'p99>5ms' or 'lost>1%'; "
              "may be repeated" },
    { .name = "verbose",
      .letter = 'v',
      .kind = ARG_FLAG,
      FIELD(probe_display.verbose),
      .not_with = "json|jsonl|mtu",
      .help = "also confidence intervals, parts of round trips and clocks" },
    { .name = "quiet",
      .letter = 'q',
      .kind = ARG_FLAG,
      FIELD(probe_display.quiet),
      .help = "no live rows on the terminal" },
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
        "unix-dgram:///PATH or unix-seqpacket:///PATH; all but icmp need an echo\n"
        "service there. Probes are sent on a fixed schedule, whether replies arrive or\n"
        "not. Ctrl-C ends the run with the full summary.\n"
        "With --fail-if the conditions decide between exit status 0 and 1, not losses.\n"
        "Exit status: 0 all answered, 1 some, 2 none, 8 name not resolved,\n"
        "13 no permission, 14 this system cannot, 64 usage.\n",
    .args = args,
    .arg_count = sizeof args / sizeof *args,
    .operands_min = 1,
    .operands_max = SIZE_MAX, /* probe_add() names the one too many */
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = probe_verb,
};
