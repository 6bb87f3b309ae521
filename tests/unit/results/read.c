/* SPDX-License-Identifier: MIT */
/* Tests of results/read.h: lines in, counts or one error with its line out. */
#include "results/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define RUN                                                                              \
    "{\"v\":1,\"event\":\"run\",\"host\":{\"name\":\"h\"},\"run\":{\"count\":null,"      \
    "\"interval_ns\":5,\"timeout_ns\":6,\"size_bytes\":7}}\n"
#define PROBE(n, outcome, rtt)                                                           \
    "{\"event\":\"probe\",\"target\":0,\"endpoint\":\"udp://127.0.0.1:7\","              \
    "\"sequence\":" #n ",\"intended_at_ns\":10,\"sent_at_ns\":12,\"outcome\":\"" outcome \
    "\",\"rtt_ns\":" #rtt ",\"reordered\":false,\"altered\":true}\n"

static bool read_text(struct probe_record *r, const char *text,
                      struct probe_read_error *e)
{
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    bool ok;

    assert_non_null(in);
    memset(r, 0, sizeof *r);
    ok = probe_read(r, in, e);
    fclose(in);
    return ok;
}

static void a_run_without_its_end_is_counted_by_its_probes(void **state)
{
    struct probe_record r;
    struct probe_read_error e;
    const struct probe_stats *a;

    (void)state;
    assert_true(read_text(&r,
                          RUN PROBE(0, "received", 100) PROBE(1, "lost", null)
                              PROBE(2, "lost", null) PROBE(2, "late", 900)
                                  PROBE(3, "refused", null) PROBE(4, "unsent", null)
                                      PROBE(5, "open", null),
                          &e));
    a = r.result.views[0].stats;
    assert_false(r.whole);
    assert_int_equal(r.result.count, 1);
    assert_int_equal(r.result.about.interval, 5);
    assert_string_equal(r.result.about.name, "h");
    assert_int_equal(a->sent, 6);
    assert_int_equal(a->received, 1);
    assert_int_equal(a->lost, 3);
    assert_int_equal(a->late, 1);
    assert_int_equal(a->refused, 1);
    assert_int_equal(a->unsent, 1);
    assert_int_equal(probe_stats_open(a), 1);
    assert_int_equal(a->rtt.max, 100);
    assert_int_equal(a->intended.max, 102);
    probe_record_free(&r);
}

static void a_line_that_was_cut_ends_the_run(void **state)
{
    struct probe_record r;
    struct probe_read_error e;

    (void)state;
    assert_true(read_text(&r, RUN PROBE(0, "received", 100) "{\"event\":\"pro", &e));
    assert_false(r.whole);
    assert_int_equal(r.result.views[0].stats->sent, 1);
    probe_record_free(&r);
}

static void a_wrong_line_is_named(void **state)
{
    static const struct {
        const char *text, *why;
        uint64_t line;
    } wrong[] = {
        { RUN, "no probe", 0 },
        { "[]\n", "not a JSON object", 1 },
        { "\n", "not a JSON object", 1 },
        { RUN "{\"event\":\"probe\"\n", "not a JSON object", 2 },
        { PROBE(0, "lost", null), "no run", 1 },
        { "{\"event\":\"run\",\"v\":2}\n", "another version", 1 },
        { "{\"event\":\"run\",\"v\":1}\n", "count is not", 1 },
        { RUN "{\"event\":\"nothing\"}\n", "event", 2 },
        { RUN "{\"event\":\"probe\",\"target\":4096,\"endpoint\":\"udp://h:7\"}\n",
          "target is 4096", 2 },
        { RUN "{\"event\":\"probe\",\"target\":-1,\"endpoint\":\"udp://h:7\"}\n",
          "target", 2 },
        { RUN "{\"event\":\"probe\",\"target\":0,\"endpoint\":\"nonsense\"}\n", "scheme",
          2 },
        { RUN PROBE(0, "received", null), "rtt_ns", 2 },
        { RUN PROBE(0, "received", 1.5), "rtt_ns", 2 },
        { RUN PROBE(0, "vanished", null), "outcome", 2 },
        { RUN PROBE(0, "lost", null) "{\"a\":1,\"a\":1}\n", "duplicate", 3 },
        { RUN PROBE(0, "lost",
                    null) "{\"event\":\"target\",\"target\":0,\"endpoint\":\"\"}\n",
          "sent", 3 },
    };
    struct probe_record r;
    struct probe_read_error e;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(read_text(&r, wrong[i].text, &e));
        if (e.line != wrong[i].line || !strstr(e.text, wrong[i].why))
            fail_msg("%zu: line %d: %s", i, (int)e.line, e.text);
        probe_record_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_without_its_end_is_counted_by_its_probes),
        cmocka_unit_test(a_line_that_was_cut_ends_the_run),
        cmocka_unit_test(a_wrong_line_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
