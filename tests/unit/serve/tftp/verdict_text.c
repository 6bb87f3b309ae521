/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/verdict_text.h: each sentence is whole, fits, and has its numbers. */
#include "serve/tftp/verdict_text.h"

#include "report/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static char text[1024];

static const char *say(enum verdict v, const struct verdict_words *words)
{
    struct writer w = { .ptr = (uint8_t *)text, .room = sizeof text - 1 };

    memset(text, 0, sizeof text);
    verdict_put(&w, v, words);
    assert_false(w.bad);
    return text;
}

/* Numbers as large as they get with files of 1 TB, and usual texts. */
static struct verdict_words large(struct verdict_facts *f)
{
    *f = (struct verdict_facts){ .blksize = 65464,
                                 .requests = 1000,
                                 .answers = 1000,
                                 .block = 2147483648,
                                 .last = 2147483648,
                                 .blocks = 2147483648,
                                 .resent = 2147483648,
                                 .repeats = 1000,
                                 .duplicates = 2147483648,
                                 .code = 65535,
                                 .strange = 255 };
    return (struct verdict_words){
        .facts = f,
        .reason = span_of("no such file: part of its path is not a directory"),
        .granted = span_of("blksize=65464,tsize=1099511627776,windowsize=64"),
        .by = span_of("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        .port = 65535,
        .data_port = 65535,
        .request_port = 69,
        .auto_port = true,
    };
}

static void each_sentence_is_whole(void **state)
{
    struct verdict_facts f;
    struct verdict_words words = large(&f);

    (void)state;
    assert_string_equal(say(VERDICT_NONE, &words), "");
    for (unsigned v = VERDICT_NONE + 1; v < VERDICTS; v++) {
        const char *said = say((enum verdict)v, &words);
        size_t len = strlen(said);

        if (len < 10 || len > RECORD_TEXT_MAX || strpbrk(said, "{}") ||
            said[len - 1] == '.')
            fail_msg("%s, %zu bytes: %s", verdict_id((enum verdict)v), len, said);
    }
}

static void numbers_are_in_their_places(void **state)
{
    struct verdict_facts f = {
        .answers = 3, .block = 1, .last = 98, .blksize = 1468, .repeats = 7
    };
    struct verdict_words words = { .facts = &f, .port = 40123, .request_port = 69 };

    (void)state;
    assert_string_equal(
        say(VERDICT_DATA_PORT_SILENT, &words),
        "answered 3 times from port 40123, nothing came back, and the client "
        "asked again: a firewall or NAT drops the data port; --single-port "
        "auto answers from the port that was asked");
    assert_non_null(strstr(say(VERDICT_PATH_MTU, &words),
                           "block 1 of 1468 bytes was sent 8 times and never was"));
    assert_non_null(
        strstr(say(VERDICT_CLIENT_SILENT, &words), "acknowledged 0 of 98 blo"));
    f.last = UINT64_MAX;
    f.repeats = 0;
    assert_non_null(strstr(say(VERDICT_CLIENT_SILENT, &words), "acknowledged 0 blocks"));
    assert_non_null(strstr(text, "the next was sent once"));
}

/* It is promised only where it will be done. */
static void the_request_port_is_promised_by_auto_only(void **state)
{
    static const char promise[] =
        "; single-port auto will try port 69 at its next request";
    struct verdict_facts f = { .answers = 2 };
    struct verdict_words words = { .facts = &f, .port = 40123, .request_port = 69 };

    (void)state;
    assert_null(strstr(say(VERDICT_NO_ANSWER, &words), promise));
    words.auto_port = true;
    assert_non_null(strstr(say(VERDICT_NO_ANSWER, &words), promise));
    assert_non_null(strstr(text, "answered twice from port 40123"));
    words.port = 69; /* it was asked from there already */
    assert_null(strstr(say(VERDICT_NO_ANSWER, &words), promise));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sentence_is_whole),
        cmocka_unit_test(numbers_are_in_their_places),
        cmocka_unit_test(the_request_port_is_promised_by_auto_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
