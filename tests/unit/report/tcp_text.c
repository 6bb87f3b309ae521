/* Tests of report/tcp_text.h: lines and diagram, as they are read. */
#include "report/tcp_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static char space[TCP_PICTURE + 1];

static const char *line_of(const struct kedge_call *c)
{
    struct writer w = { .ptr = (uint8_t *)space, .room = TCP_LINE };

    tcp_text_call(&w, c);
    assert_false(w.bad);
    space[w.len] = 0;
    return space;
}

static void a_line_a_call(void **state)
{
    const struct kedge_call connect = { .at = 1234567,
                                        .socket = 1,
                                        .name = "connect",
                                        .peer = "127.0.0.1:7\x1b[2J",
                                        .result = -EINPROGRESS,
                                        .before = KEDGE_TCP_CLOSED,
                                        .after = KEDGE_TCP_ESTABLISHED,
                                        .measured = true,
                                        .rtt = 20000,
                                        .rto = 204 * KEDGE_MSEC,
                                        .cwnd = 10,
                                        .resent = 3 };
    const struct kedge_call later = { .at = KEDGE_SEC,
                                      .socket = 12,
                                      .name = "",
                                      .before = KEDGE_TCP_FIN_WAIT_2,
                                      .after = KEDGE_TCP_TIME_WAIT };
    const struct kedge_call reset = { .socket = 2,
                                      .name = "recv",
                                      .result = -ECONNRESET,
                                      .before = KEDGE_TCP_ESTABLISHED,
                                      .after = KEDGE_TCP_CLOSED,
                                      .reset = true };
    const struct kedge_call udp = { .name = "send", .result = 5 };

    (void)state;
    assert_string_equal(line_of(&connect),
                        "    1.235       1  connect              EINPROGRESS      0.020  "
                        "    204    10      3  CLOSED > (SYN-SENT) > ESTABLISHED, with "
                        "127.0.0.1:7\\x1b[2J\n");
    assert_string_equal(line_of(&later),
                        " 1000.000      12  (later)              -                    -  "
                        "      -     -      -  FIN-WAIT-2 > TIME-WAIT\n");
    assert_non_null(strstr(line_of(&reset), "ECONNRESET"));
    assert_non_null(strstr(space, "  ESTABLISHED > RST > CLOSED\n"));
    assert_non_null(strstr(line_of(&udp), " 5 "));
    assert_non_null(strstr(space, "  -\n"));
}

static const char *picture_of(const struct way *way)
{
    const struct kedge_call calls[] = {
        { .name = "socket", .after = KEDGE_TCP_CLOSED },
        { .name = "send",
          .before = KEDGE_TCP_ESTABLISHED,
          .after = KEDGE_TCP_ESTABLISHED },
        { .name = "close",
          .before = KEDGE_TCP_ESTABLISHED,
          .after = KEDGE_TCP_TIME_WAIT },
    };
    struct writer w = { .ptr = (uint8_t *)space, .room = TCP_PICTURE };

    tcp_text_picture(&w, way, calls, 3);
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
    const struct way none = { 0 };
    const char *text = picture_of(&none);

    (void)state;
    assert_int_equal(count(text, "━") + count(text, "▼") + count(text, "["), 1);
    assert_non_null(strstr(text, "[seen]"));
    for (unsigned s = 1; s < KEDGE_TCP_STATES; s++)
        assert_true(count(text, way_name((enum kedge_tcp_state)s)) >= 1);
    assert_null(strstr(text, "send:"));
    assert_non_null(
        strstr(text, "close: ESTABLISHED > (FIN-WAIT-1) > (FIN-WAIT-2) > TIME-WAIT\n"));
}

/* An edge taken turns the lines of that edge heavy, and no other. */
static void each_edge_has_its_lines(void **state)
{
    (void)state;
    for (unsigned e = 0; e < WAY_EDGES; e++) {
        struct way w = { 0 };
        const char *text;

        w.taken[e] = true;
        text = picture_of(&w);
        assert_int_equal(count(text, "▼") + count(text, "▶") + count(text, "◀"), 1);
        assert_int_equal(count(text, "▽") + count(text, "▷") + count(text, "◁"),
                         WAY_EDGES - 1);
        assert_true(count(text, "┃") + count(text, "━") + count(text, "┗") +
                        count(text, "┛") >=
                    1);
    }
}

static void marks_states(void **state)
{
    struct way w = { 0 };
    const char *text;

    (void)state;
    w.seen[KEDGE_TCP_ESTABLISHED] = w.seen[KEDGE_TCP_TIME_WAIT] = true;
    w.passed[KEDGE_TCP_FIN_WAIT_1] = w.passed[KEDGE_TCP_TIME_WAIT] = true;
    w.reset[KEDGE_TCP_SYN_SENT] = true;
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
        cmocka_unit_test(a_line_a_call),
        cmocka_unit_test(nothing_taken),
        cmocka_unit_test(each_edge_has_its_lines),
        cmocka_unit_test(marks_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
