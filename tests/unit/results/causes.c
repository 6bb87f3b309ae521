/* Tests of results/causes.h: an account in, its notes out, word by word. */
#include "results/causes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS KEDGE_MSEC
#define PEER "udp://192.0.2.1:7: "

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
    probe_cause_notes(&r->view, out);
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

/* n round trips of so long; a tenth of what they took, or half of SELF_LATE, is a parting.
 * By the highest percentile that so many samples tell. */
static void two_times_that_part_are_one_sentence(void **state)
{
    static const struct {
        unsigned n;
        kedge_nanos rtt, intended;
        const char *note;
    } runs[] = {
        { 99, 2 * MS, 300 * MS, "p50 is 300.000 ms, from the actual send 2.000" },
        { 100, 2 * MS, 300 * MS, "p99 is 300.000 ms, from the actual send 2.000" },
        { 1000, 2 * MS, 300 * MS, "p99.9 is 300.000 ms, from the actual send 2.000" },
        { 100, 1 * MS, 3 * MS / 2, "p99 is 1.500 ms, from the actual send 1.000" },
        { 100, 1 * MS, 3 * MS / 2 - 1, NULL },
        { 100, 100 * MS, 110 * MS, "p99 is 110.000 ms, from the actual send 100.000" },
        { 100, 100 * MS, 110 * MS - 1, NULL },
        { 100, 300 * MS, 2 * MS, NULL },
        { 0, 0, 0, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        char want[256] = "";
        struct run r;

        start(&r);
        r.stats.left_late = 12;
        round_trips(&r, runs[i].n, runs[i].rtt, runs[i].intended);
        if (runs[i].note)
            snprintf(want, sizeof want,
                     PEER "from the intended time %s: this program sent 12 late\n",
                     runs[i].note);
        assert_string_equal(notes(&r), want);
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
    assert_string_equal(notes(&r), PEER
                        "stood still for 300.000 ms, 100.000 ms into the run: 300 "
                        "probes waited for it and were answered, which is no loss\n");
    r.stalls.count = 2;
    assert_string_equal(notes(&r), PEER
                        "stood still 2 times, at most for 300.000 ms, 100.000 ms into "
                        "the run: 300 probes waited for it and were answered, which "
                        "is no loss\n");
    end(&r);
}

static void each_count_has_its_words(void **state)
{
    struct run r;

    (void)state;
    start(&r);
    r.peer.restarts = 1;
    r.stats.reorder_extent = 2;
    r.stats.held_up = 3;
    r.view.own_dropped = 4;
    assert_string_equal(
        notes(&r),
        PEER "1 times the server lost count: it was started again\n"               //
        PEER "2 places behind its turn came the one most out of order\n"           //
        PEER "4 replies dropped by this program's own queue, not by the network\n" //
        PEER "3 answers measured while this program itself was held up\n");
    r.view.own_dropped = -1;
    r.stats.reorder_extent = r.stats.held_up = r.peer.restarts = 0;
    assert_string_equal(notes(&r), "");
    end(&r);
}

static void a_loss_has_its_way_where_it_is_told(void **state)
{
    struct run r;

    (void)state;
    start(&r);
    r.peer.asks = true;
    r.stats.lost = 5;
    assert_string_equal(notes(&r),
                        PEER "5 lost, and which way a plain echo does not tell\n");
    r.peer.reports = 1;
    assert_string_equal(notes(&r), PEER "5 lost, and which way cannot be told\n");
    r.peer.going = 3;
    r.peer.coming = 1;
    r.peer.dropped = 2;
    assert_string_equal(
        notes(&r),
        PEER "3 lost going (the server's own queue dropped 2 meanwhile), 1 lost "
             "coming back, 1 cannot be told\n");
    r.peer.refused = 1;
    assert_string_equal(
        notes(&r), PEER
        "3 lost going (the server's own queue dropped 2 meanwhile, the server's guard "
        "refused 1), 1 lost coming back, 1 cannot be told\n");
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usual_run_has_none),
        cmocka_unit_test(two_times_that_part_are_one_sentence),
        cmocka_unit_test(a_stall_has_when_and_how_long_and_who_waited),
        cmocka_unit_test(each_count_has_its_words),
        cmocka_unit_test(a_loss_has_its_way_where_it_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
