/* SPDX-License-Identifier: MIT */
/* Tests of cmd/top_read.h and top_draw.h: documents, and the screens that they make. No line is
 * wider than its screen, whatever clients said. */
#include "cmd/top_draw.h"
#include "cmd/top_read.h"

#include "report/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char document[] =
    "{\"v\":1,\"time_ms\":1796076709150,\"kedge\":\"0.1.0\",\"uptime_ms\":90000,"
    "\"active\":300,\"requests\":9,\"done\":30,\"failed\":40,\"later\":{\"x\":[1]},"
    "\"bytes\":{\"get\":2048,\"put\":1},"
    "\"transfers\":{\"get\":{\"ok\":3,\"refused\":2,\"probe\":7},\"put\":{\"timeout\":1}}"
    ","
    "\"live\":[{\"peer\":\"192.0.2.7:1024\",\"mac\":null,\"event\":\"get\","
    "\"file\":\"a\\u001b[31m<b>\",\"bytes\":500,\"size\":1000,\"rate_Bps\":250,"
    "\"blksize\":512,\"windowsize\":4,\"resent\":3,\"age_ms\":2000},"
    "{\"peer\":\"[2001:db8:1:2:3:4:5:6]:2070\",\"mac\":\"52:54:00:12:34:56\","
    "\"event\":\"put\",\"file\":\"up\",\"bytes\":9000,\"size\":null,\"rate_Bps\":4500,"
    "\"blksize\":1400,\"windowsize\":1,\"resent\":0,\"age_ms\":1000}],"
    "\"recent\":[{\"time_ms\":1796076709150,\"event\":\"get\",\"peer\":\"192.0.2.9:7\","
    "\"file\":\"x\",\"outcome\":\"timeout\",\"verdict_id\":\"client-silent\","
    "\"verdict\":\"the client fell silent\"}]}";

static struct top_state *state_of(const char *text)
{
    struct top_state *s = calloc(1, sizeof *s);

    assert_non_null(s);
    assert_true(top_read(span_of(text), s));
    return s;
}

static char *drawn(const struct top_state *s, size_t columns, size_t rows)
{
    struct writer w = { .ptr = calloc(1, TOP_SCREEN), .room = TOP_SCREEN - 1 };
    struct top_look look = { columns, rows, TOP_BY_AGE, "" };

    top_draw(&w, s, &look, "\n");
    assert_false(w.bad);
    return (char *)w.ptr;
}

static void a_document_is_read(void **state)
{
    struct top_state *s = state_of(document);

    (void)state;
    assert_int_equal(s->ok, 30); /* the server's word, however it counted them */
    assert_int_equal(s->failed, 40);
    assert_int_equal(s->row_count, 2);
    assert_int_equal(s->rows[0].size, 1000);
    assert_int_equal(s->rows[1].size, TOP_UNKNOWN);
    assert_true(s->rows[1].writes);
    assert_string_equal(s->rows[0].mac, "");
    assert_string_equal(s->ends[0].verdict_id, "client-silent");
    free(s);
}

/* Also each beginning of a document that is one. */
static void what_is_no_document_is_not_read(void **state)
{
    static const char *const others[] = { "",
                                          "null",
                                          "[]",
                                          "{}",
                                          "{\"v\":1}",
                                          "{\"v\":2,\"live\":[]}",
                                          "{\"v\":\"1\",\"live\":[]}",
                                          "{\"v\":1,\"live\":{}}",
                                          "HTTP/1.1 403 Forbidden\r\n\r\nno\n" };
    struct top_state *s = calloc(1, sizeof *s);

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(top_read(span_of(others[i]), s));
    for (size_t len = 0; len < sizeof document - 1; len++)
        assert_false(top_read((struct kedge_span){ (const uint8_t *)document, len }, s));
    free(s);
}

static void odd_fields_are_nothing(void **state)
{
    struct top_state *s = state_of(
        "{\"v\":1,\"active\":-5,\"transfers\":7,\"bytes\":[],\"live\":[1,null,{},"
        "{\"peer\":5,\"file\":[],\"bytes\":-1,\"size\":\"x\"}],\"recent\":{}}");
    char *text = drawn(s, 80, 24);

    (void)state;
    assert_int_equal(s->row_count, 4);
    assert_int_equal(s->active, 0);
    assert_int_equal(s->rows[3].bytes, 0);
    free(text);
    free(s);
}

static void no_line_is_wider_than_the_screen(void **state)
{
    struct top_state *s = state_of(document);

    (void)state;
    memset(s->rows[1].peer, 'p', TOP_WORD - 1);
    for (size_t i = 0; i < TOP_TEXT; i++)
        s->rows[1].file.bytes[i] = (uint8_t)(i % 3 ? 0xc3 + i % 2 : i);
    s->rows[1].file.len = TOP_TEXT;
    s->rows[1].rate = s->rows[1].resent = s->rows[1].age_ms = UINT64_MAX;
    s->ends[0].verdict = s->ends[0].file = s->rows[1].file;
    memset(s->ends[0].outcome, 0x1b, TOP_WORD - 1);
    for (size_t columns = 3; columns < 310; columns++) {
        char *text = drawn(s, columns, 12);
        size_t lines = 0;

        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++) {
            if (text_width(span_of(line)) > columns)
                fail_msg("%zu columns: %s", columns, line);
            assert_null(strchr(line, 0x1b));
        }
        assert_true(lines <= 12);
        free(text);
    }
    free(s);
}

/* Of an upload, whose file has a mark. */
static void hardly_any_columns_do_no_harm(void **state)
{
    struct top_state *s = state_of(document);

    (void)state;
    memset(s->rows[1].file.bytes, 'f', TOP_TEXT);
    s->rows[1].file.len = TOP_TEXT;
    for (size_t columns = 0; columns < 20; columns++) {
        char *text = drawn(s, columns, 12);

        assert_null(strstr(text, "ffffff"));
        free(text);
    }
    free(s);
}

static void narrow_screens_show_what_matters(void **state)
{
    struct top_state *s = state_of(document);
    char *narrow = drawn(s, 39, 20), *usual = drawn(s, 79, 20), *wide = drawn(s, 199, 20);

    (void)state;
    assert_non_null(strstr(narrow, "300 open, 30 ok, 40 failed"));
    assert_non_null(strstr(narrow, "192.0.2.7:1024  a...     50%    250 B/s\n"));
    assert_non_null(strstr(narrow, "298 more\n"));
    assert_non_null(strstr(narrow, "\ntimeout     192.0.2.9:7 x: the clien...\n"));
    assert_null(strstr(narrow, "PROGRESS"));
    assert_non_null(strstr(usual, "[#####.....]  50%    250 B/s      3     2s\n"));
    assert_non_null(strstr(usual, "^ up"));
    assert_non_null(strstr(usual, "timeout     192.0.2.9:7 x: the client fell silent\n"));
    assert_non_null(strstr(wide, "52:54:00:12:34:56"));
    assert_non_null(strstr(wide, " 512x4 "));
    assert_non_null(strstr(wide, "up 90s, kedge 0.1.0"));
    free(narrow);
    free(usual);
    free(wide);
    free(s);
}

static void few_rows_are_enough(void **state)
{
    struct top_state *s = state_of(document);

    (void)state;
    for (size_t rows = 0; rows < 20; rows++) {
        char *text = drawn(s, 80, rows);
        size_t lines = 0;

        for (const char *c = text; *c; c++)
            lines += *c == '\n';
        assert_true(lines <= rows);
        free(text);
    }
    free(s);
}

static void rows_are_sorted(void **state)
{
    struct top_state *s = state_of(document);

    (void)state;
    top_sort(s, TOP_BY_RATE);
    assert_int_equal(s->rows[0].rate, 4500);
    top_sort(s, TOP_BY_LOSSES);
    assert_int_equal(s->rows[0].resent, 3);
    top_sort(s, TOP_BY_BYTES);
    assert_int_equal(s->rows[0].bytes, 9000);
    top_sort(s, TOP_BY_AGE);
    assert_int_equal(s->rows[0].age_ms, 2000);
    top_sort(s, TOP_BY_CLIENT);
    assert_string_equal(s->rows[0].peer, "192.0.2.7:1024");
    free(s);
}

static void a_rate_is_since_the_last_screen(void **state)
{
    struct top_state *before = state_of(document), *now = state_of(document);

    (void)state;
    now->time_ms += 2000;
    now->rows[0].bytes += 3000;
    now->rows[1].bytes = 10; /* of another transfer */
    top_rates(now, before);
    assert_int_equal(now->rows[0].rate, 1500);
    assert_int_equal(now->rows[1].rate, 4500);
    free(before);
    free(now);
}

/* A document of which one number is too large is a document all the same. */
static void a_number_beyond_64_bits_is_unknown(void **state)
{
    struct top_state *s = state_of(
        "{\"v\":1,\"active\":1,\"live\":[{\"peer\":\"192.0.2.7:1024\",\"file\":\"up\","
        "\"bytes\":7,\"size\":18446744073709551614}]}");

    (void)state;
    assert_int_equal(s->row_count, 1);
    assert_int_equal(s->rows[0].bytes, 7);
    assert_true(s->rows[0].size == TOP_UNKNOWN);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_read),
        cmocka_unit_test(a_number_beyond_64_bits_is_unknown),
        cmocka_unit_test(what_is_no_document_is_not_read),
        cmocka_unit_test(odd_fields_are_nothing),
        cmocka_unit_test(no_line_is_wider_than_the_screen),
        cmocka_unit_test(hardly_any_columns_do_no_harm),
        cmocka_unit_test(narrow_screens_show_what_matters),
        cmocka_unit_test(few_rows_are_enough),
        cmocka_unit_test(rows_are_sorted),
        cmocka_unit_test(a_rate_is_since_the_last_screen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
