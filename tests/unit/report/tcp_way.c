/* Tests of report/tcp_way.h: which states lie between the two that a call tells. */
#include "report/tcp_way.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>

static const struct {
    struct kedge_call call;
    unsigned count;
    enum way_edge edges[WAY_LONGEST];
} ways[] = {
    { { .before = KEDGE_TCP_CLOSED, .after = KEDGE_TCP_ESTABLISHED },
      2,
      { WAY_CONNECT, WAY_ANSWERED } },
    { { .before = KEDGE_TCP_LISTEN, .after = KEDGE_TCP_ESTABLISHED },
      2,
      { WAY_ASKED, WAY_ACCEPTED } },
    { { .before = KEDGE_TCP_LISTEN, .after = KEDGE_TCP_CLOSE_WAIT },
      3,
      { WAY_ASKED, WAY_ACCEPTED, WAY_FINISHED } },
    { { .before = KEDGE_TCP_ESTABLISHED, .after = KEDGE_TCP_FIN_WAIT_1 },
      1,
      { WAY_FINISH } },
    { { .before = KEDGE_TCP_ESTABLISHED, .after = KEDGE_TCP_FIN_WAIT_2 },
      2,
      { WAY_FINISH, WAY_HALF } },
    { { .before = KEDGE_TCP_ESTABLISHED, .after = KEDGE_TCP_TIME_WAIT },
      3,
      { WAY_FINISH, WAY_HALF, WAY_WHOLE } },
    { { .before = KEDGE_TCP_CLOSING, .after = KEDGE_TCP_TIME_WAIT },
      1,
      { WAY_BOTH_ACK } },
    { { .before = KEDGE_TCP_CLOSE_WAIT, .after = KEDGE_TCP_CLOSED },
      2,
      { WAY_LAST, WAY_LAST_ACK } },
    { { .before = KEDGE_TCP_TIME_WAIT, .after = KEDGE_TCP_CLOSED },
      1,
      { WAY_FORGOTTEN } },
    /* No way at all: nothing changed, nothing is known, nothing leads back. */
    { { .before = KEDGE_TCP_ESTABLISHED, .after = KEDGE_TCP_ESTABLISHED }, 0, { 0 } },
    { { .before = KEDGE_TCP_UNKNOWN, .after = KEDGE_TCP_ESTABLISHED }, 0, { 0 } },
    { { .before = KEDGE_TCP_ESTABLISHED, .after = KEDGE_TCP_UNKNOWN }, 0, { 0 } },
    { { .before = KEDGE_TCP_CLOSE_WAIT, .after = KEDGE_TCP_ESTABLISHED }, 0, { 0 } },
    { { .before = KEDGE_TCP_LISTEN, .after = KEDGE_TCP_CLOSED }, 0, { 0 } },
    /* A RST is no edge; the SYN that it refused is. */
    { { .before = KEDGE_TCP_ESTABLISHED, .after = KEDGE_TCP_CLOSED, .reset = true },
      0,
      { 0 } },
    { { .before = KEDGE_TCP_CLOSED, .after = KEDGE_TCP_CLOSED, .reset = true },
      1,
      { WAY_CONNECT } },
    /* Given up. */
    { { .before = KEDGE_TCP_SYN_SENT, .after = KEDGE_TCP_CLOSED, .result = -ETIMEDOUT },
      0,
      { 0 } },
};

static void finds_what_was_passed(void **state)
{
    enum way_edge got[WAY_LONGEST];

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        unsigned count = way_of(&ways[i].call, got);

        if (count != ways[i].count)
            fail_msg("way %zu: %u edges", i, count);
        for (unsigned k = 0; k < count; k++)
            if (got[k] != ways[i].edges[k])
                fail_msg("way %zu: edge %u is %d", i, k, (int)got[k]);
    }
}

/* Whatever two states, no way leads through CLOSED, and each ends where it should. */
static void no_way_leads_through_closed(void **state)
{
    enum way_edge got[WAY_LONGEST];

    (void)state;
    for (unsigned from = 1; from < KEDGE_TCP_STATES; from++)
        for (unsigned to = 1; to < KEDGE_TCP_STATES; to++) {
            struct kedge_call c = { .before = (enum kedge_tcp_state)from,
                                    .after = (enum kedge_tcp_state)to };
            unsigned count = way_of(&c, got);

            for (unsigned k = 0; k + 1 < count; k++)
                assert_int_not_equal(way_end(got[k]), KEDGE_TCP_CLOSED);
            if (count > 0)
                assert_int_equal(way_end(got[count - 1]), to);
        }
}

static void adds_up(void **state)
{
    struct way w = { 0 };

    (void)state;
    way_add(&w, &(struct kedge_call){ .after = KEDGE_TCP_CLOSED });
    way_add(&w, &(struct kedge_call){ .before = KEDGE_TCP_CLOSED,
                                      .after = KEDGE_TCP_ESTABLISHED });
    way_add(&w, &(struct kedge_call){ .before = KEDGE_TCP_ESTABLISHED,
                                      .after = KEDGE_TCP_CLOSED,
                                      .reset = true });
    assert_true(w.seen[KEDGE_TCP_CLOSED] && w.seen[KEDGE_TCP_ESTABLISHED]);
    assert_true(w.passed[KEDGE_TCP_SYN_SENT] && !w.seen[KEDGE_TCP_SYN_SENT]);
    assert_true(w.taken[WAY_CONNECT] && w.taken[WAY_ANSWERED]);
    assert_false(w.taken[WAY_FINISH] || w.taken[WAY_LAST]);
    assert_true(w.reset[KEDGE_TCP_ESTABLISHED]);
    way_add(&w, &(struct kedge_call){ .before = KEDGE_TCP_CLOSED,
                                      .after = KEDGE_TCP_CLOSED,
                                      .reset = true });
    assert_true(w.reset[KEDGE_TCP_SYN_SENT]); /* refused */
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
