/* SPDX-License-Identifier: MIT */
/* Tests of report/record.h. */
#include "report/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct transfer_record sample(void)
{
    return (struct transfer_record){
        .time_ms = 1795374240123,
        .event = RECORD_GET,
        .outcome = "ok",
        .peer = span_of("192.0.2.7:1024"),
        .local = span_of("192.0.2.1:69"),
        .file = span_of("boot/image"),
        .bytes = 5000000000,
        .took = 2500 * KEDGE_MSEC,
        .asked = span_of("blksize=1468,windowsize=4"),
        .granted = span_of(""),
        .blocks = 3405995,
        .resent = 2,
        .dup = 1,
        .rtt = 1234567,
        .verdict_id = span_of("packets-lost"),
        .verdict = span_of("it had to leave again"),
        .rule = span_of("get: file boot/*, line 6"),
        .path = span_of("boot/image"),
        .port = span_of("data"),
    };
}

static void check(const struct transfer_record *r, enum record_form form,
                  const char *want)
{
    char out[RECORD_LINE_MAX + 1] = { 0 };
    struct writer w = { .ptr = (uint8_t *)out, .room = RECORD_LINE_MAX };

    record_write(&w, r, form);
    assert_false(w.bad);
    assert_string_equal(out, want);
    assert_int_equal(w.len, strlen(want));
}

static void a_transfer_as_text(void **state)
{
    struct transfer_record r = sample();

    (void)state;
    check(
        &r, RECORD_AS_TEXT,
        "time=2026-11-22T19:04:00.123Z event=get peer=192.0.2.7:1024 local=192.0.2.1:69 "
        "file=boot/image outcome=ok reason=- bytes=5000000000 ms=2500 "
        "rate_Bps=2000000000 asked=\"blksize=1468,windowsize=4\" granted=\"\" "
        "blocks=3405995 resent=2 dup=1 rtt_us=1234 verdict_id=packets-lost "
        "verdict=\"it had to leave again\" rule=\"get: file boot/*, line 6\" "
        "path=boot/image port=data");
}

static void a_transfer_as_json(void **state)
{
    struct transfer_record r = sample();

    (void)state;
    check(&r, RECORD_AS_JSON,
          "{\"time\":\"2026-11-22T19:04:00.123Z\",\"event\":\"get\","
          "\"peer\":\"192.0.2.7:1024\",\"local\":\"192.0.2.1:69\","
          "\"file\":\"boot/image\",\"outcome\":\"ok\",\"reason\":null,"
          "\"bytes\":5000000000,\"ms\":2500,\"rate_Bps\":2000000000,"
          "\"asked\":\"blksize=1468,windowsize=4\",\"granted\":\"\",\"blocks\":3405995,"
          "\"resent\":2,\"dup\":1,\"rtt_us\":1234,"
          "\"verdict_id\":\"packets-lost\",\"verdict\":\"it had to leave again\","
          "\"rule\":\"get: file boot/*, line "
          "6\",\"path\":\"boot/image\",\"port\":\"data\"}");
}

static void odd_bytes_and_unknown_values(void **state)
{
    struct transfer_record r = sample();

    (void)state;
    r.file = span_of("a b\"=\\\n\xff");
    r.path = span_of("\x1b[2J\xff");
    r.rule = r.port = r.verdict_id = r.verdict = (struct kedge_span){ 0 };
    r.peer = span_of("-");
    r.local = (struct kedge_span){ 0 };
    r.outcome = "refused";
    r.event = RECORD_REFUSED;
    r.took = RECORD_UNKNOWN;
    r.rtt = RECORD_UNKNOWN;
    r.dup = RECORD_UNKNOWN;
    check(
        &r, RECORD_AS_TEXT,
        "time=2026-11-22T19:04:00.123Z event=refused peer=\"-\" local=- "
        "file=\"a b\\\"=\\\\\\x0a\\xff\" outcome=refused reason=- bytes=5000000000 ms=- "
        "rate_Bps=- asked=\"blksize=1468,windowsize=4\" granted=\"\" blocks=3405995 "
        "resent=2 dup=- rtt_us=- verdict_id=- verdict=- rule=- path=\"\\x1b[2J\\xff\" "
        "port=-");
    check(
        &r, RECORD_AS_JSON,
        "{\"time\":\"2026-11-22T19:04:00.123Z\",\"event\":\"refused\",\"peer\":\"-\","
        "\"local\":null,\"file\":\"a b\\\"=\\\\\\u000a\\\\xff\",\"outcome\":\"refused\","
        "\"reason\":null,\"bytes\":5000000000,\"ms\":null,\"rate_Bps\":null,"
        "\"asked\":\"blksize=1468,windowsize=4\",\"granted\":\"\",\"blocks\":3405995,"
        "\"resent\":2,\"dup\":null,\"rtt_us\":null,\"verdict_id\":null,\"verdict\":null,"
        "\"rule\":null,"
        "\"path\":\"\\u001b[2J\\\\xff\",\"port\":null}");
}

/* All texts as long and as odd as they get: one line still has room. */
static void the_longest_line_fits(void **state)
{
    uint8_t odd[4096], out[RECORD_LINE_MAX];
    struct transfer_record r = sample();

    (void)state;
    memset(odd, 1, sizeof odd);
    r.file = r.peer = r.local = r.reason = (struct kedge_span){ odd, sizeof odd };
    r.asked = r.granted = r.path = r.rule = r.port = r.verdict_id = r.verdict = r.file;
    for (enum record_form form = RECORD_AS_TEXT; form <= RECORD_AS_JSON; form++) {
        struct writer w = { .ptr = out, .room = sizeof out };

        record_write(&w, &r, form);
        assert_false(w.bad);
        assert_null(memchr(out, '\n', w.len));
        w = (struct writer){ .ptr = out, .room = 500 };
        record_write(&w, &r, form);
        assert_true(w.bad);
        assert_int_equal(w.len, 0);
    }
}

/* 765 is where the dots begin; a two-byte character lies across it. */
static void a_long_name_is_cut_between_characters(void **state)
{
    char name[1001] = { 0 }, out[RECORD_LINE_MAX + 1] = { 0 }, want[800];
    struct writer w = { .ptr = (uint8_t *)out, .room = RECORD_LINE_MAX };
    struct transfer_record r = sample();

    (void)state;
    memset(name, 'n', 1000);
    memcpy(name + 764, "\xc3\xbc", 2);
    r.file = span_of(name);
    record_write(&w, &r, RECORD_AS_JSON);
    name[764] = 0;
    snprintf(want, sizeof want, "\"file\":\"%s...\"", name);
    assert_non_null(strstr(out, want));
}

static void every_name_is_the_documented_one(void **state)
{
    static const char *const events[] = { "get", "put", "refused", "probe" };

    (void)state;
    for (unsigned i = 0; i < sizeof events / sizeof *events; i++)
        assert_string_equal(record_event_name((enum record_event)i), events[i]);
}

static void variables_have_what_is_known(void **state)
{
    static const char want[] =
        "KEDGE_TIME=2026-11-22T19:04:00.123Z\0KEDGE_EVENT=get\0KEDGE_PEER=192.0.2.7:"
        "1024\0"
        "KEDGE_LOCAL=192.0.2.1:69\0KEDGE_FILE=a b\n$(x)=\"'\0KEDGE_OUTCOME=ok\0"
        "KEDGE_BYTES=5000000000\0KEDGE_MS=2500\0KEDGE_RATE_BPS=2000000000\0"
        "KEDGE_ASKED=blksize=1468,windowsize=4\0KEDGE_GRANTED=\0KEDGE_BLOCKS=3405995\0"
        "KEDGE_RESENT=2\0KEDGE_DUP=1\0KEDGE_VERDICT_ID=packets-lost\0"
        "KEDGE_VERDICT=it had to leave again\0KEDGE_RULE=get: file boot/*, line 6\0"
        "KEDGE_PATH=boot/image\0KEDGE_PORT=data\0";
    uint8_t out[2048];
    struct writer w = { .ptr = out, .room = sizeof out };
    struct transfer_record r = sample();

    (void)state;
    r.file = (struct kedge_span){ (const uint8_t *)"a b\n$(x)=\"'\0hidden", 19 };
    r.rtt = RECORD_UNKNOWN;
    record_environment(&w, &r);
    assert_false(w.bad);
    assert_int_equal(w.len, sizeof want - 1);
    assert_memory_equal(out, want, sizeof want - 1);
    w = (struct writer){ .ptr = out, .room = 100 };
    record_environment(&w, &r);
    assert_true(w.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transfer_as_text),
        cmocka_unit_test(a_transfer_as_json),
        cmocka_unit_test(odd_bytes_and_unknown_values),
        cmocka_unit_test(the_longest_line_fits),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(every_name_is_the_documented_one),
        cmocka_unit_test(variables_have_what_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
