/* SPDX-License-Identifier: MIT */
/* Prints what the table of figures says, for documents and for the one test of words:
 * `words keys`, `words metrics` (tables of Markdown), `words man` (a list for man pages),
 * `words notes` (each note, of a target that has them all). */
#include "results/figures.h"
#include "results/notes.h"
#include "probe/warmup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_object(const struct figure *f)
{
    return f->kind == VALUE_OBJECT || f->kind == VALUE_TIMES;
}

static bool is_member_of(const struct figure *f, const struct figure *object)
{
    size_t len = strlen(object->key);

    return strncmp(f->key, object->key, len) == 0 && f->key[len] == '.' &&
           !strchr(f->key + len + 1, '.');
}

/* ---- Markdown ---- */

static void print_keys(void)
{
    size_t count;
    const struct figure *all = figures(&count);

    puts("| key | unit | meaning |\n|---|---|---|");
    for (size_t i = 0; i < count; i++) {
        const struct figure *f = &all[i];

        if (!(f->uses & FIGURE_HIDDEN))
            printf("| `%s` | %s | %s |\n", f->key, f->unit, f->help);
    }
}

static const char *type_of(const struct figure *f)
{
    size_t len = strlen(f->metric.family);

    if (f->kind == VALUE_TIMES)
        return "histogram";
    return strcmp(f->metric.family + len - strlen("_total"), "_total") == 0 ? "counter"
                                                                            : "gauge";
}

static bool is_of(const struct figure *f, const char *family)
{
    return f->metric.family && strcmp(f->metric.family, family) == 0;
}

static void print_labels(const struct figure *all, size_t count, const char *family)
{
    const char *before = "";

    for (size_t i = 0; i < count; i++) {
        if (!is_of(&all[i], family) || !all[i].metric.label)
            continue;
        if (!*before)
            printf("`%s`: ", all[i].metric.label);
        printf("%s`%s`", before, all[i].metric.value);
        before = ", ";
    }
}

static void print_metrics(void)
{
    size_t count;
    const struct figure *all = figures(&count);

    puts("| metric | type | label | meaning |\n|---|---|---|---|");
    for (size_t i = 0; i < count; i++) {
        const struct figure *f = &all[i];
        bool first = f->metric.family;

        for (size_t k = 0; k < i && first; k++)
            first = !is_of(&all[k], f->metric.family);
        if (!first)
            continue;
        printf("| `%s` | %s | ", f->metric.family, type_of(f));
        print_labels(all, count, f->metric.family);
        printf(" | %s |\n", f->metric.help ? f->metric.help : f->help);
    }
}

/* ---- roff ---- */

static void print_members(const struct figure *object)
{
    size_t count;
    const struct figure *all = figures(&count);
    const char *before = "Members: ";

    for (size_t i = 0; i < count; i++) {
        if (!is_member_of(&all[i], object) || all[i].uses & FIGURE_HIDDEN)
            continue;
        printf("%s\\fB%s\\fR", before, strrchr(all[i].key, '.') + 1);
        before = ", ";
    }
    if (*before == ',')
        puts(".");
}

static void print_man(void)
{
    size_t count;
    const struct figure *all = figures(&count);

    for (size_t i = 0; i < count; i++) {
        const struct figure *f = &all[i];

        if (f->uses & FIGURE_HIDDEN || strchr(f->key, '.'))
            continue;
        printf(".TP\n.B %s\n%s\n", f->key, f->help);
        if (is_object(f))
            print_members(f);
    }
}

/* ---- a target of which everything is to be said ---- */

#define MS KEDGE_MSEC

static void fill(struct histogram *h, kedge_nanos low, kedge_nanos high)
{
    for (int i = 0; i < 2000; i++)
        histogram_record(h, i < 1990 ? low : high);
}

static const struct kedge_endpoint endpoint = { .transport = KEDGE_UDP,
                                                .host = "192.0.2.1",
                                                .port = 7 };
static const struct probe_stats stats = { .sent = 2400,
                                          .received = 2000,
                                          .lost = 300,
                                          .late = 20,
                                          .duplicated = 2,
                                          .reordered = 3,
                                          .corrupted = 4,
                                          .refused = 100,
                                          .unsent = 50,
                                          .stray = 1,
                                          .left_late = 60,
                                          .held_up = 70,
                                          .reorder_extent = 2 };
static const struct stalls stalls = { .count = 2,
                                      .longest = { 105 * MS, 405 * MS, 300 } };
static const struct own_lateness lateness = {
    .times = 3, .worst = 2 * MS, .steps = 1, .step = -3600 * (int64_t)KEDGE_SEC
};
static const struct probe_corruption corruption = { 2, 1, 1, { 3, 7, 11, 56 } };
static const struct probe_marks marks = { 64, 46 << 2, 60, 0 };
static const struct warmup warmup = { .resolve = 3 * MS,
                                      .state = WARMUP_ANSWERED,
                                      .neighbour = true,
                                      .took = 5 * MS,
                                      .leave = 4 * MS };
static const struct peer peer = { .asks = true,
                                  .unvalidated = 5,
                                  .reports = 1990,
                                  .going = 90,
                                  .coming = 10,
                                  .dropped = 80,
                                  .refused = 7,
                                  .restarts = 1,
                                  .ttl = 61,
                                  .seen_known = true,
                                  .seen_address = { [10] = 0xff, 0xff, 203, 0, 113, 9 },
                                  .seen_port = 4000 };

/* What needs memory. */
struct sample {
    struct probe_stats stats;
    struct peer peer;
    struct kernel_times *kernel;
    struct probe_view view;
};

static bool sample_open(struct sample *s)
{
    *s = (struct sample){ stats, peer, kernel_times_open(8), { 0 } };
    if (!s->kernel)
        return false;
    fill(&s->stats.rtt, 2 * MS, 9 * MS);
    fill(&s->stats.intended, 3 * MS, 90 * MS);
    s->stats.rtt.dropped = 2;
    fill(&s->kernel->send, MS / 100, MS);
    fill(&s->kernel->way, MS / 2, MS);
    fill(&s->kernel->receive, MS / 50, MS);
    fill(&s->peer.held, 70 * KEDGE_USEC, 145 * KEDGE_USEC);
    s->view = (struct probe_view){ .endpoint = &endpoint,
                                   .stats = &s->stats,
                                   .stalls = &stalls,
                                   .lateness = &lateness,
                                   .peer = &s->peer,
                                   .kernel_times = s->kernel,
                                   .corruption = &corruption,
                                   .marks = &marks,
                                   .warmup = &warmup,
                                   .started = 5 * MS,
                                   .own_dropped = 8,
                                   .connects = 2,
                                   .connect_min = MS,
                                   .connect_max = 2 * MS,
                                   .cause = { CAUSE_SYSTEM, ECONNREFUSED } };
    return net_address_parse("192.0.2.9", 3000, &s->view.local) &&
           net_address_parse("192.0.2.254", 0, &s->view.reported_by);
}

static void print_notes(void)
{
    struct sample s;

    if (sample_open(&s)) {
        probe_notes(&s.view, &(struct note_look){ .verbose = true }, stdout);
        probe_run_notes(&s.view, &(struct note_look){ .verbose = true }, stdout);
    }
    probe_stats_free(&s.stats);
    histogram_free(&s.peer.held);
    kernel_times_close(s.kernel);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } all[] = { { "keys", print_keys },
                { "metrics", print_metrics },
                { "man", print_man },
                { "notes", print_notes } };

    for (size_t i = 0; argc == 2 && i < sizeof all / sizeof *all; i++)
        if (strcmp(argv[1], all[i].name) == 0) {
            all[i].print();
            return fflush(stdout) ? 1 : 0;
        }
    fputs("usage: words keys|metrics|man|notes\n", stderr);
    return 64;
}
