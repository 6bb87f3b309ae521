/* SPDX-License-Identifier: MIT */
/* Tests of trace/path.h: which states lie between the two that a call tells. */
#include "trace/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>

static const struct {
    struct trace_call call;
    unsigned count;
    enum path_edge edges[PATH_LONGEST];
} paths[] = {
    { { .before = STATE_CLOSED, .after = STATE_ESTABLISHED },
      2,
      { PATH_CONNECT, PATH_ANSWERED } },
    { { .before = STATE_LISTEN, .after = STATE_ESTABLISHED },
      2,
      { PATH_ASKED, PATH_ACCEPTED } },
    { { .before = STATE_LISTEN, .after = STATE_CLOSE_WAIT },
      3,
      { PATH_ASKED, PATH_ACCEPTED, PATH_FINISHED } },
    { { .before = STATE_ESTABLISHED, .after = STATE_FIN_WAIT_1 }, 1, { PATH_FINISH } },
    { { .before = STATE_ESTABLISHED, .after = STATE_FIN_WAIT_2 },
      2,
      { PATH_FINISH, PATH_HALF } },
    { { .before = STATE_ESTABLISHED, .after = STATE_TIME_WAIT },
      3,
      { PATH_FINISH, PATH_HALF, PATH_WHOLE } },
    { { .before = STATE_CLOSING, .after = STATE_TIME_WAIT }, 1, { PATH_BOTH_ACK } },
    { { .before = STATE_CLOSE_WAIT, .after = STATE_CLOSED },
      2,
      { PATH_LAST, PATH_LAST_ACK } },
    { { .before = STATE_TIME_WAIT, .after = STATE_CLOSED }, 1, { PATH_FORGOTTEN } },
    /* No path at all: nothing changed, nothing is known, nothing leads back. */
    { { .before = STATE_ESTABLISHED, .after = STATE_ESTABLISHED }, 0, { 0 } },
    { { .before = STATE_UNKNOWN, .after = STATE_ESTABLISHED }, 0, { 0 } },
    { { .before = STATE_ESTABLISHED, .after = STATE_UNKNOWN }, 0, { 0 } },
    { { .before = STATE_CLOSE_WAIT, .after = STATE_ESTABLISHED }, 0, { 0 } },
    { { .before = STATE_LISTEN, .after = STATE_CLOSED }, 0, { 0 } },
    /* A RST is no edge; the SYN that it refused is. */
    { { .before = STATE_ESTABLISHED, .after = STATE_CLOSED, .reset = true }, 0, { 0 } },
    { { .before = STATE_CLOSED, .after = STATE_CLOSED, .reset = true },
      1,
      { PATH_CONNECT } },
    /* Given up. */
    { { .before = STATE_SYN_SENT, .after = STATE_CLOSED, .result = -ETIMEDOUT },
      0,
      { 0 } },
};

static void finds_what_was_passed(void **state)
{
    enum path_edge got[PATH_LONGEST];

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        unsigned count = path_of(&paths[i].call, got);

        if (count != paths[i].count)
            fail_msg("path %zu: %u edges", i, count);
        for (unsigned k = 0; k < count; k++)
            if (got[k] != paths[i].edges[k])
                fail_msg("path %zu: edge %u is %d", i, k, (int)got[k]);
    }
}

/* Whatever two states, no path leads through CLOSED, and each ends where it should. */
static void no_way_leads_through_closed(void **state)
{
    enum path_edge got[PATH_LONGEST];

    (void)state;
    for (unsigned from = 1; from < STATE_COUNT; from++)
        for (unsigned to = 1; to < STATE_COUNT; to++) {
            struct trace_call c = { .before = (enum tcp_state)from,
                                    .after = (enum tcp_state)to };
            unsigned count = path_of(&c, got);

            for (unsigned k = 0; k + 1 < count; k++)
                assert_int_not_equal(path_end(got[k]), STATE_CLOSED);
            if (count > 0)
                assert_int_equal(path_end(got[count - 1]), to);
        }
}

static void adds_up(void **state)
{
    struct tcp_path w = { 0 };

    (void)state;
    path_add(&w, &(struct trace_call){ .after = STATE_CLOSED });
    path_add(&w,
             &(struct trace_call){ .before = STATE_CLOSED, .after = STATE_ESTABLISHED });
    path_add(&w, &(struct trace_call){
                     .before = STATE_ESTABLISHED, .after = STATE_CLOSED, .reset = true });
    assert_true(w.seen[STATE_CLOSED] && w.seen[STATE_ESTABLISHED]);
    assert_true(w.passed[STATE_SYN_SENT] && !w.seen[STATE_SYN_SENT]);
    assert_true(w.taken[PATH_CONNECT] && w.taken[PATH_ANSWERED]);
    assert_false(w.taken[PATH_FINISH] || w.taken[PATH_LAST]);
    assert_true(w.reset[STATE_ESTABLISHED]);
    path_add(&w, &(struct trace_call){
                     .before = STATE_CLOSED, .after = STATE_CLOSED, .reset = true });
    assert_true(w.reset[STATE_SYN_SENT]); /* refused */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_passed),
        cmocka_unit_test(no_way_leads_through_closed),
        cmocka_unit_test(adds_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
