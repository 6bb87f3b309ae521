/* SPDX-License-Identifier: MIT */
/* Tests of trace/picture.h: the diagram, as it is read. */
#include "trace/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static char space[PICTURE_MOST + 1];

static const char *picture_of(const struct tcp_path *path)
{
    const struct trace_call calls[] = {
        { .name = "socket", .after = STATE_CLOSED },
        { .name = "send", .before = STATE_ESTABLISHED, .after = STATE_ESTABLISHED },
        { .name = "close", .before = STATE_ESTABLISHED, .after = STATE_TIME_WAIT },
    };
    struct writer w = { .ptr = (uint8_t *)space, .room = PICTURE_MOST };

    picture_text(&w, path, calls, 3);
    assert_false(w.bad);
    space[w.len] = 0;
    return space;
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;

    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

static void nothing_taken(void **state)
{
    const struct tcp_path none = { 0 };
    const char *text = picture_of(&none);

    (void)state;
    assert_int_equal(count(text, "━") + count(text, "▼") + count(text, "["), 1);
    assert_non_null(strstr(text, "[seen]"));
    for (unsigned s = 1; s < STATE_COUNT; s++)
        assert_true(count(text, path_name((enum tcp_state)s)) >= 1);
    assert_null(strstr(text, "send:"));
    assert_non_null(
        strstr(text, "close: ESTABLISHED > (FIN-WAIT-1) > (FIN-WAIT-2) > TIME-WAIT\n"));
}

/* An edge taken turns the lines of that edge heavy, and no other. */
static void each_edge_has_its_lines(void **state)
{
    (void)state;
    for (unsigned e = 0; e < PATH_EDGES; e++) {
        struct tcp_path w = { 0 };
        const char *text;

        w.taken[e] = true;
        text = picture_of(&w);
        assert_int_equal(count(text, "▼") + count(text, "▶") + count(text, "◀"), 1);
        assert_int_equal(count(text, "▽") + count(text, "▷") + count(text, "◁"),
                         PATH_EDGES - 1);
        assert_true(count(text, "┃") + count(text, "━") + count(text, "┗") +
                        count(text, "┛") >=
                    1);
    }
}

static void marks_states(void **state)
{
    struct tcp_path w = { 0 };
    const char *text;

    (void)state;
    w.seen[STATE_ESTABLISHED] = w.seen[STATE_TIME_WAIT] = true;
    w.passed[STATE_FIN_WAIT_1] = w.passed[STATE_TIME_WAIT] = true;
    w.reset[STATE_SYN_SENT] = true;
    text = picture_of(&w);
    assert_non_null(strstr(text, "[ESTABLISHED]"));
    assert_non_null(strstr(text, "[TIME-WAIT]"));
    assert_non_null(strstr(text, "(FIN-WAIT-1)"));
    assert_non_null(strstr(text, "[CLOSED]")); /* by the RST */
    assert_int_equal(count(text, "[CLOSED]"), 1);
    assert_non_null(strstr(text, "; RST in SYN-SENT\n"));
    assert_null(strstr(text, "[LISTEN]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_taken),
        cmocka_unit_test(each_edge_has_its_lines),
        cmocka_unit_test(marks_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
