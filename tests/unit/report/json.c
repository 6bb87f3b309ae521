/* SPDX-License-Identifier: MIT */
/* Tests of report/json.h. */
#include "report/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(literal)                                                                   \
    {                                                                                    \
        (const uint8_t *)literal, sizeof literal - 1                                     \
    }

static void check(const struct json *j, const char *want)
{
    struct kedge_span out = { 0 };

    assert_true(json_finish(j, &out));
    assert_int_equal(out.len, strlen(want));
    assert_memory_equal(out.ptr, want, out.len);
}

static void build(struct json *j)
{
    json_object(j, NULL);
    json_u64(j, "v", 1);
    json_array(j, "targets");
    json_object(j, NULL);
    json_text(j, "endpoint", "udp://[::1]:7");
    json_u64_known(j, "p50_ns", true, 0);
    json_u64_known(j, "p99_ns", false, 7);
    json_end(j);
    json_i64(j, NULL, INT64_MIN);
    json_u64(j, NULL, UINT64_MAX);
    json_array(j, NULL);
    json_end(j);
    json_end(j);
    json_bool(j, "late", false);
    json_text(j, "none", NULL);
    json_object(j, "host");
    json_end(j);
    json_end(j);
}

static const char built[] =
    "{\"v\":1,\"targets\":[{\"endpoint\":\"udp://[::1]:7\",\"p50_ns\":0,\"p99_ns\":null},"
    "-9223372036854775808,18446744073709551615,[]],\"late\":false,\"none\":null,"
    "\"host\":{}}";

static void nests_and_places_commas(void **state)
{
    uint8_t space[512];
    struct json j;

    (void)state;
    json_init(&j, space, sizeof space);
    build(&j);
    check(&j, built);
}

static void escapes_every_byte_safely(void **state)
{
    static const struct {
        struct kedge_span in;
        const char *want;
    } rows[] = {
        { BYTES("a\"b\\c/"), "\"a\\\"b\\\\c/\"" },
        { BYTES("\0\n\x1f\x7f"), "\"\\u0000\\u000a\\u001f\\u007f\"" },
        { BYTES("\xc2\x9b[\xe2\x80\xae"), "\"\\u009b[\\u202e\"" },
        { BYTES("\xc3\xbc\xff\xc3"), "\"\xc3\xbc\\\\xff\\\\xc3\"" },
        { BYTES("\xe0\x80\xa2"), "\"\\\\xe0\\\\x80\\\\xa2\"" },
        { BYTES(""), "\"\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t space[128];
        struct json j;

        json_init(&j, space, sizeof space);
        json_string(&j, NULL, rows[i].in);
        check(&j, rows[i].want);
    }
}

/* Each room too small is bad, and none is overrun. */
static void overflow_is_bad_for_good(void **state)
{
    (void)state;
    for (size_t room = 0; room <= sizeof built - 1; room++) {
        uint8_t *block = malloc(room ? room : 1);
        struct kedge_span out = { 0 };
        struct json j;

        json_init(&j, block, room);
        build(&j);
        assert_int_equal(json_finish(&j, &out), room == sizeof built - 1);
        free(block);
    }
}

enum fault {
    KEY_IN_ARRAY,
    NO_KEY_IN_OBJECT,
    END_TOO_MANY,
    TWO_AT_TOP,
    KEY_AT_TOP,
    UNFINISHED,
    TOO_DEEP,
    FAULTS
};

static void commit(struct json *j, enum fault fault)
{
    switch (fault) {
    case KEY_IN_ARRAY:
        json_array(j, NULL);
        json_u64(j, "k", 1);
        json_end(j);
        break;
    case NO_KEY_IN_OBJECT:
        json_object(j, NULL);
        json_u64(j, NULL, 1);
        json_end(j);
        break;
    case END_TOO_MANY:
        json_array(j, NULL);
        json_end(j);
        json_end(j);
        break;
    case TWO_AT_TOP:
        json_u64(j, NULL, 1);
        json_u64(j, NULL, 2);
        break;
    case KEY_AT_TOP:
        json_u64(j, "k", 1);
        break;
    case UNFINISHED:
        json_array(j, NULL);
        break;
    default:
        for (int i = 0; i <= JSON_DEPTH_MAX; i++)
            json_array(j, NULL);
        for (int i = 0; i <= JSON_DEPTH_MAX; i++)
            json_end(j);
    }
}

static void wrong_nesting_is_bad(void **state)
{
    (void)state;
    for (enum fault fault = 0; fault < FAULTS; fault++) {
        uint8_t space[256];
        struct kedge_span out = { 0 };
        struct json j;

        json_init(&j, space, sizeof space);
        commit(&j, fault);
        if (json_finish(&j, &out))
            fail_msg("fault %d was not seen", (int)fault);
    }
}

static void nests_to_its_limit(void **state)
{
    uint8_t space[256];
    struct kedge_span out = { 0 };
    struct json j;

    (void)state;
    json_init(&j, space, sizeof space);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_array(&j, NULL);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_end(&j);
    assert_true(json_finish(&j, &out));
    assert_int_equal(out.len, 2 * JSON_DEPTH_MAX);
}

static void members_go_in_as_they_are(void **state)
{
    uint8_t space[64];
    struct json j;
    struct kedge_span out;

    (void)state;
    json_init(&j, space, sizeof space);
    json_object(&j, NULL);
    json_members(&j, span_of("\"a\":1"));
    json_u64(&j, "b", 2);
    json_members(&j, span_of("\"c\":[3]"));
    json_end(&j);
    assert_true(json_finish(&j, &out));
    assert_true(span_equal(out, span_of("{\"a\":1,\"b\":2,\"c\":[3]}")));
    json_init(&j, space, sizeof space);
    json_members(&j, span_of("\"a\":1"));
    assert_false(json_finish(&j, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_go_in_as_they_are),
        cmocka_unit_test(nests_and_places_commas),
        cmocka_unit_test(escapes_every_byte_safely),
        cmocka_unit_test(overflow_is_bad_for_good),
        cmocka_unit_test(wrong_nesting_is_bad),
        cmocka_unit_test(nests_to_its_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
