/* SPDX-License-Identifier: MIT */
/* Tests of results/notes.h: what is known of a target in, its notes out. Their words are in
 * tests/golden/notes.txt; here is when there is one, and which figures it has. */
#include "results/notes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS KEDGE_MSEC

static const struct kedge_endpoint endpoint = { .transport = KEDGE_UDP,
                                                .host = "192.0.2.1",
                                                .port = 7 };

struct run {
    struct probe_stats stats;
    struct peer peer;
    struct stalls stalls;
    struct probe_view view;
    char text[4096];
};

static void start(struct run *r)
{
    memset(r, 0, sizeof *r);
    r->view = (struct probe_view){ .endpoint = &endpoint,
                                   .stats = &r->stats,
                                   .peer = &r->peer,
                                   .stalls = &r->stalls,
                                   .started = 5 * MS };
}

static void round_trips(struct run *r, unsigned n, kedge_nanos rtt, kedge_nanos intended)
{
    for (unsigned i = 0; i < n; i++) {
        histogram_record(&r->stats.rtt, rtt);
        histogram_record(&r->stats.intended, intended);
    }
}

static const char *notes(struct run *r)
{
    FILE *out = fmemopen(r->text, sizeof r->text, "w");

    assert_non_null(out);
    r->text[0] = 0; /* nothing written leaves it as it was */
    probe_notes(&r->view, &(struct note_look){ .verbose = true }, out);
    fclose(out);
    return r->text;
}

static void end(struct run *r)
{
    histogram_free(&r->stats.rtt);
    histogram_free(&r->stats.intended);
}

static void a_usual_run_has_none(void **state)
{
    struct run r;

    (void)state;
    start(&r);
    round_trips(&r, 1000, 2 * MS, 2 * MS + 1);
    assert_string_equal(notes(&r), "");
    end(&r);
}

static unsigned lines_of(const char *text)
{
    unsigned n = 0;

    for (; (text = strchr(text, '\n')); text++)
        n++;
    return n;
}

/* So many notes; and each of the words is in one of them. */
static void expect(struct run *r, unsigned lines, const char *const *words)
{
    const char *text = notes(r);

    if (lines_of(text) != lines)
        fail_msg("%u notes, not %u: %s", lines_of(text), lines, text);
    for (; *words; words++)
        if (!strstr(text, *words))
            fail_msg("no \"%s\" in: %s", *words, text);
    if (lines > 0)
        assert_int_equal(strncmp(text, "  ", 2), 0);
}

#define EXPECT(r, lines, ...) expect(r, lines, (const char *const[]){ __VA_ARGS__, NULL })

/* n round trips of so long; a tenth of what they took, or half of SELF_LATE, is a
 * difference. By the highest percentile that so many samples tell. */
static void two_times_that_differ_are_one_sentence(void **state)
{
    static const struct {
        unsigned n;
        kedge_nanos rtt, intended;
        const char *name, *due, *left;
    } runs[] = {
        { 99, 2 * MS, 300 * MS, "p50 ", "300.000 ms", "2.000 ms" },
        { 100, 2 * MS, 300 * MS, "p99 ", "300.000 ms", "2.000 ms" },
        { 1000, 2 * MS, 300 * MS, "p99.9 ", "300.000 ms", "2.000 ms" },
        { 100, 1 * MS, 3 * MS / 2, "p99 ", "1.500 ms", "1.000 ms" },
        { 100, 1 * MS, 3 * MS / 2 - 1, NULL, NULL, NULL },
        { 100, 100 * MS, 110 * MS, "p99 ", "110.000 ms", "100.000 ms" },
        { 100, 100 * MS, 110 * MS - 1, NULL, NULL, NULL },
        { 100, 300 * MS, 2 * MS, NULL, NULL, NULL },
        { 0, 0, 0, NULL, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct run r;

        start(&r);
        r.stats.left_late = 12;
        round_trips(&r, runs[i].n, runs[i].rtt, runs[i].intended);
        if (runs[i].name)
            EXPECT(&r, 1, runs[i].name, runs[i].due, runs[i].left, "12 probes");
        else
            assert_string_equal(notes(&r), "");
        end(&r);
    }
}

static void a_stall_has_when_and_how_long_and_who_waited(void **state)
{
    struct run r;

    (void)state;
    start(&r);
    r.stalls.count = 1;
    r.stalls.longest = (struct stall){ .from = 105 * MS, .to = 405 * MS, .waited = 300 };
    EXPECT(&r, 1, "for 300.000 ms", "100.000 ms into", "300 probes");
    assert_null(strstr(r.text, "times"));
    r.stalls.count = 2;
    EXPECT(&r, 1, "2 times", "for 300.000 ms", "100.000 ms into", "300 probes");
    end(&r);
}

static void each_count_has_its_note(void **state)
{
    struct probe_corruption none = { 0 };
    struct run r;

    (void)state;
    start(&r);
    r.view.corruption = &none;
    r.peer.reports = r.peer.restarts = 1;
    r.stats.reorder_extent = 2;
    r.stats.held_up = 3;
    r.view.own_dropped = 4;
    EXPECT(&r, 4, "1 time ", "extent 2", "4 replies dropped", "3 replies measured");
    r.view.own_dropped = 1;
    r.stats.held_up = 1;
    EXPECT(&r, 4, "1 reply dropped", "1 reply measured");
    r.view.own_dropped = -1;
    r.stats.reorder_extent = r.stats.held_up = r.peer.restarts = 0;
    assert_string_equal(notes(&r), "");
    end(&r);
}

static void a_loss_has_its_direction_where_it_is_reported(void **state)
{
    struct run r;

    (void)state;
    start(&r);
    r.peer.asks = true;
    r.stats.sent = r.stats.lost = 5;
    EXPECT(&r, 1, "5 lost", "only a kedge server");
    r.peer.reports = 1;
    EXPECT(&r, 1, "5 lost");
    assert_null(strstr(r.text, "only"));
    r.peer.going = 3;
    r.peer.coming = 1;
    EXPECT(&r, 1, "3 lost forward", "1 lost on return", "1 lost, direction");
    assert_null(strstr(r.text, "("));
    r.peer.dropped = 2;
    EXPECT(&r, 1, "3 lost forward", "dropped 2");
    r.peer.refused = 1;
    EXPECT(&r, 1, "3 lost forward", "dropped 2", "refused 1");
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usual_run_has_none),
        cmocka_unit_test(two_times_that_differ_are_one_sentence),
        cmocka_unit_test(a_stall_has_when_and_how_long_and_who_waited),
        cmocka_unit_test(each_count_has_its_note),
        cmocka_unit_test(a_loss_has_its_direction_where_it_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
