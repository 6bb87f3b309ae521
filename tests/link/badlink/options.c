/* SPDX-License-Identifier: MIT */
/* The command line of badlink. */
#include "options.h"

#include "units.h"

#include <ctype.h>
#include <linux/if.h>
#include <stdlib.h>
#include <string.h>

static const struct params default_params = {
    .burst = { 0, 0, 1, 0 },
    .corrupt_bits = 1,
    .reorder_by = 5000000,
    .queue_ns = 50000000,
    .mtu = 1500,
};

static void set_defaults(struct badlink *b)
{
    *b = (struct badlink){
        .sides = { { .ns = "badlink-a", .addr = "10.77.0.1/24", .ns_fd = -1, .tun = -1 },
                   { .ns = "badlink-b",
                     .addr = "10.77.0.2/24",
                     .ns_fd = -1,
                     .tun = -1 } },
        .seed = 1,
        .duration = FOREVER,
        .ready_fd = -1,
        .device = "bl0",
    };
    for (unsigned d = 0; d < 2; d++)
        b->links[d] = (struct link){ .name = d ? "ba" : "ab",
                                     .number = d,
                                     .from = &b->sides[d],
                                     .to = &b->sides[!d],
                                     .params = default_params };
}

#define FIELD(name) offsetof(struct params, name)

/* The options of a direction whose value is one number; without units it is a flag. */
static const struct link_option {
    const char *name;
    enum units units;
    size_t field;
    bool real; /* the field is a double, not an int64_t */
} link_options[] = {
    { "delay", UNITS_TIME, FIELD(delay), false },
    { "jitter", UNITS_TIME, FIELD(jitter), false },
    { "jitter-normal", UNITS_NONE, FIELD(normal), false },
    { "jitter-reorder", UNITS_NONE, FIELD(jitter_reorder), false },
    { "loss", UNITS_CHANCE, FIELD(loss), true },
    { "dup", UNITS_CHANCE, FIELD(dup), true },
    { "reorder", UNITS_CHANCE, FIELD(reorder), true },
    { "reorder-by", UNITS_TIME, FIELD(reorder_by), false },
    { "corrupt", UNITS_CHANCE, FIELD(corrupt), true },
    { "corrupt-bits", UNITS_COUNT, FIELD(corrupt_bits), false },
    { "rate", UNITS_RATE, FIELD(rate), true },
    { "overhead", UNITS_COUNT, FIELD(overhead), false },
    { "mtu", UNITS_COUNT, FIELD(mtu), false },
    { "drop-over", UNITS_COUNT, FIELD(drop_over), false },
};

static int set_field(struct params *p, const struct link_option *o, const char *value)
{
    char *field = (char *)p + o->field;
    int64_t whole = 1;
    double x;

    if (o->units == UNITS_NONE) {
        memcpy(field, &whole, sizeof whole);
        return 1;
    }
    if (!value || !quantity(value, o->units, &x))
        die("--%s: bad value '%s'", o->name, value ? value : "");
    whole = (int64_t)x;
    if (o->real)
        memcpy(field, &x, sizeof x);
    else
        memcpy(field, &whole, sizeof whole);
    return 2;
}

static void set_queue(struct params *p, const char *value)
{
    double x;

    p->queue_bytes = 0;
    if (quantity(value, UNITS_TIME, &x))
        p->queue_ns = (int64_t)x;
    else if (quantity(value, UNITS_SIZE, &x) && x > 0)
        p->queue_bytes = (int64_t)x;
    else
        die("--queue: bad value '%s'", value);
}

static void set_burst(struct params *p, const char *value)
{
    char *copy = strdup(value), *save = NULL;
    int i = 0;

    for (char *t = strtok_r(copy, ",", &save); t; t = strtok_r(NULL, ",", &save))
        if (i == 4 || !quantity(t, UNITS_CHANCE, &p->burst[i++]))
            die("--burst: bad value '%s'", value);
    if (i < 2)
        die("--burst wants P,R[,LOSS_BAD[,LOSS_GOOD]]");
    free(copy);
}

static void set_corrupt_mode(struct params *p, const char *value)
{
    static const char *const modes[] = { "raw", "payload", "fixed" };

    for (int i = 0; i < 3; i++)
        if (!strcmp(value, modes[i])) {
            p->corrupt_mode = i;
            return;
        }
    die("--corrupt-mode: raw, payload or fixed");
}

/* Set option `name` of p; value is NULL if no word follows. How many words it took: 0 for
 * an unknown option, 1 for a flag, 2 with its value. */
static int set_link_option(struct params *p, const char *name, const char *value)
{
    static const struct {
        const char *name;
        void (*set)(struct params *, const char *);
    } odd[] = { { "queue", set_queue },
                { "burst", set_burst },
                { "corrupt-mode", set_corrupt_mode } };

    for (size_t i = 0; i < sizeof link_options / sizeof *link_options; i++)
        if (!strcmp(name, link_options[i].name))
            return set_field(p, &link_options[i], value);
    for (size_t i = 0; value && i < sizeof odd / sizeof *odd; i++)
        if (!strcmp(name, odd[i].name)) {
            odd[i].set(p, value);
            return 2;
        }
    return 0;
}

static bool set_flag(struct badlink *b, const char *name)
{
    const struct {
        const char *name;
        bool *to;
    } flags[] = { { "die-with-parent", &b->die_with_parent },
                  { "kill-on-exit", &b->kill_on_exit },
                  { "rt", &b->realtime } };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (!strcmp(name, flags[i].name)) {
            *flags[i].to = true;
            return true;
        }
    return false;
}

static bool set_text(struct badlink *b, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **to;
    } texts[] = {
        { "a-ns", &b->sides[0].ns },     { "b-ns", &b->sides[1].ns },
        { "a-addr", &b->sides[0].addr }, { "b-addr", &b->sides[1].addr },
        { "a6", &b->sides[0].addr6 },    { "b6", &b->sides[1].addr6 },
        { "dev", &b->device },           { "stats", &b->stats_path },
        { "trace", &b->trace_path },
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!strcmp(name, texts[i].name)) {
            *texts[i].to = value;
            return true;
        }
    return false;
}

static void set_seed(struct badlink *b, const char *value)
{
    char *end;

    b->seed = strtoull(value, &end, 0);
    if (!isdigit((unsigned char)*value) || *end)
        die("--seed: bad value '%s'", value);
}

static bool set_number(struct badlink *b, const char *name, const char *value)
{
    const struct {
        const char *name;
        enum units units;
        int64_t *to;
    } numbers[] = { { "duration", UNITS_TIME, &b->duration },
                    { "spin", UNITS_TIME, &b->spin },
                    { "ready-fd", UNITS_COUNT, &b->ready_fd } };
    double x;

    if (!strcmp(name, "seed")) {
        set_seed(b, value);
        return true;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!strcmp(name, numbers[i].name)) {
            if (!quantity(value, numbers[i].units, &x))
                die("--%s: bad value '%s'", name, value);
            *numbers[i].to = (int64_t)x;
            return true;
        }
    return false;
}

/* As set_link_option() does. */
static int set_global_option(struct badlink *b, const char *name, const char *value)
{
    if (set_flag(b, name))
        return 1;
    return value && (set_text(b, name, value) || set_number(b, name, value)) ? 2 : 0;
}

static void usage(FILE *to)
{
    fputs(
        "usage: badlink [options]       joins two network namespaces by a bad link\n"
        " ends:  --a-ns NAME --b-ns NAME       namespaces (names, or paths); made if "
        "absent\n"
        "        --a-addr A/L --b-addr A/L     default 10.77.0.1/24 and 10.77.0.2/24\n"
        "        --a6 A/L --b6 A/L             IPv6 addresses (default: IPv6 off)\n"
        "        --dev NAME                    device name in both namespaces (bl0)\n"
        " link:  each as --X for both directions, --ab-X or --ba-X for one\n"
        "        --delay T --jitter T          one way; [--jitter-normal] "
        "[--jitter-reorder]\n"
        "        --loss P                      random loss\n"
        "        --burst P,R[,BAD[,GOOD]]      Gilbert-Elliott: good->bad, bad->good, "
        "losses\n"
        "        --dup P   --reorder P [--reorder-by T]\n"
        "        --corrupt P [--corrupt-mode raw|payload|fixed] [--corrupt-bits N]\n"
        "        --rate R [--queue T|SIZE] [--overhead BYTES]\n"
        "        --mtu N   --drop-over N       device MTU; silently drop longer packets\n"
        " run:   --seed N --duration T --stats FILE --trace FILE --spin T --rt\n"
        "        --ready-fd N --die-with-parent --kill-on-exit\n"
        " T: 25ms 100us 2s   P: 1% or 0.01   R: 100mbit 64kbit 1gbit   SIZE: 64kb "
        "1500b\n",
        to);
}

/* One option, in the first pass (which sets both directions) or the second (one). */
static int set_option(struct badlink *b, int pass, const char *name, const char *value)
{
    struct params unused = default_params;
    int used;

    if (!strncmp(name, "--ab-", 5) || !strncmp(name, "--ba-", 5))
        return set_link_option(pass ? &b->links[name[2] == 'b'].params : &unused,
                               name + 5, value);
    if (strncmp(name, "--", 2) != 0)
        return 0;
    used = set_link_option(pass ? &unused : &b->links[0].params, name + 2, value);
    if (!used)
        return set_global_option(b, name + 2, value);
    set_link_option(pass ? &unused : &b->links[1].params, name + 2, value);
    return used;
}

/* How many words the option at words[0] took. */
static int parse_option(struct badlink *b, int pass, char **words)
{
    const char *equals = strchr(words[0], '=');
    const char *value = equals ? equals + 1 : words[1];
    char name[64];
    int used;

    if (!strcmp(words[0], "--help") || !strcmp(words[0], "-h")) {
        usage(stdout);
        exit(0);
    }
    snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - words[0]) : 63, words[0]);
    used = set_option(b, pass, name, value);
    if (!used || (equals && used == 1)) {
        fprintf(stderr, "badlink: bad option %s\n", words[0]);
        usage(stderr);
        exit(2);
    }
    return equals ? 1 : used;
}

void options_parse(struct badlink *b, int argc, char **argv)
{
    set_defaults(b);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 1; i < argc;)
            i += parse_option(b, pass, argv + i);
    for (int d = 0; d < 2; d++) {
        int64_t mtu = b->links[d].params.mtu;

        b->links[d].seed = b->seed;
        if (mtu < (b->links[d].from->addr6 ? 1280 : 68) || mtu > 65535)
            die("--mtu: 68 (1280 with IPv6) to 65535");
    }
    if (strlen(b->device) >= IFNAMSIZ)
        die("--dev: name too long");
}
