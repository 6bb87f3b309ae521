/* SPDX-License-Identifier: MIT */
/* Tests of trace/line.h: a call as it is read, and folded at the edge of a terminal. */
#include "trace/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static char space[LINE_MOST + 1];

static const char *line_of(const struct trace_call *c, unsigned columns)
{
    struct writer w = { .ptr = (uint8_t *)space, .room = LINE_MOST };

    line_call(&w, c, columns);
    assert_false(w.bad);
    space[w.len] = 0;
    return space;
}

static const struct trace_call connected = { .at = 1234567,
                                             .socket = 1,
                                             .kind = TRACE_TCP,
                                             .name = "connect",
                                             .words = "with 127.0.0.1:7007",
                                             .result = 0,
                                             .before = STATE_CLOSED,
                                             .after = STATE_ESTABLISHED,
                                             .measured = true,
                                             .rtt = 20000,
                                             .rto = 204 * KEDGE_MSEC,
                                             .cwnd = 10,
                                             .resent = 3 };

static void a_line_a_call(void **state)
{
    const struct trace_call later = { .at = KEDGE_SEC,
                                      .socket = 12,
                                      .kind = TRACE_TCP,
                                      .before = STATE_FIN_WAIT_2,
                                      .after = STATE_TIME_WAIT };
    const struct trace_call reset = { .socket = 2,
                                      .process = 4711,
                                      .kind = TRACE_TCP,
                                      .name = "recv",
                                      .result = -ECONNRESET,
                                      .before = STATE_ESTABLISHED,
                                      .after = STATE_CLOSED,
                                      .reset = true };

    (void)state;
    assert_string_equal(line_of(&connected, 0),
                        "    1.235  1 connect         0            CLOSED > (SYN-SENT) > "
                        "ESTABLISHED, with 127.0.0.1:7007, rtt 0.020 rto 204 cwnd 10 "
                        "resent 3\n");
    assert_string_equal(line_of(&later, 0), " 1000.000 12 (later)         -            "
                                            "FIN-WAIT-2 > TIME-WAIT\n");
    assert_string_equal(line_of(&reset, 0), "    0.000  2 recv [4711]     ECONNRESET   "
                                            "ESTABLISHED > RST > CLOSED\n");
}

static void what_is_not_tcp(void **state)
{
    struct trace_call c = { .kind = TRACE_UDP, .name = "send", .result = 5 };

    (void)state;
    assert_non_null(strstr(line_of(&c, 0), " 5            UDP\n"));
    strcpy(c.words, "to 127.0.0.1:9");
    assert_non_null(strstr(line_of(&c, 0), " UDP, to 127.0.0.1:9\n"));
    strcpy(c.words, "ACK 1, to 127.0.0.1:9");
    c.packet = true;
    assert_non_null(strstr(line_of(&c, 0), "  ACK 1, to 127.0.0.1:9\n"));
    c = (struct trace_call){ .kind = TRACE_UNIX, .name = "send" };
    assert_non_null(strstr(line_of(&c, 0), " unix\n"));
}

/* An ordinary line has 80 columns; a longer one goes on below its state. */
static void folds(void **state)
{
    struct trace_call c = { .kind = TRACE_TCP,
                            .name = "recv",
                            .before = STATE_ESTABLISHED,
                            .after = STATE_ESTABLISHED,
                            .measured = true,
                            .rtt = 9999999,
                            .rto = 204 * KEDGE_MSEC,
                            .cwnd = 10 };

    (void)state;
    assert_non_null(strstr(line_of(&c, 80), "cwnd\n")); /* rtt 10.000 */
    c.rtt = 9999000;
    assert_int_equal(strlen(line_of(&c, 80)), 81); /* and the newline */
    assert_string_equal(
        line_of(&connected, 80),
        "    1.235  1 connect         0            CLOSED > (SYN-SENT) > "
        "ESTABLISHED,\n"
        "                                          with 127.0.0.1:7007, rtt "
        "0.020 rto 204\n"
        "                                          cwnd 10 resent 3\n");
}

/* A terminal that is narrower than where states begin, and words without a blank. */
static void folds_no_word(void **state)
{
    struct trace_call c = { .kind = TRACE_UNIX, .name = "x" };

    (void)state;
    memset(c.words, 'y', sizeof c.words - 1);
    for (unsigned columns = 1; columns < 100; columns++) {
        const char *text = line_of(&c, columns);
        size_t len = strlen(text);

        assert_true(len > sizeof c.words && text[len - 1] == '\n');
        assert_true(columns > 42 || strchr(text, '\n') == text + len - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_a_call),
        cmocka_unit_test(what_is_not_tcp),
        cmocka_unit_test(folds),
        cmocka_unit_test(folds_no_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
