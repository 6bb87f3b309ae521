/* SPDX-License-Identifier: MIT */
/* Tests of a transfer's record as a client writes it. */
#include "client/fetch_text.h"

#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LINE 4096

static struct kedge_address address(const char *host, uint16_t port)
{
    struct net_address a;

    assert_true(net_address_parse(host, port, &a));
    return net_address_to(&a);
}

static struct fetch_job job(bool put, const char *name)
{
    struct fetch_job j = { .verb = put ? "put" : "get", .put = put, .path = "here" };

    j.remote.name_len = strlen(name);
    memcpy(j.remote.name, name, j.remote.name_len);
    return j;
}

/* The line without its newline and without its time, which comes first. */
static void record(const struct fetch_job *j, const struct kedge_transfer_result *r,
                   char out[LINE])
{
    char line[LINE] = "";
    FILE *f = fmemopen(line, sizeof line, "w");
    const char *rest;

    assert_non_null(f);
    fetch_say_record(j, r, f);
    fclose(f);
    assert_memory_equal(line, "{\"time\":\"20", 11);
    rest = strstr(line, "Z\",");
    assert_non_null(rest);
    assert_int_equal(line[strlen(line) - 1], '\n');
    snprintf(out, LINE, "%.*s", (int)strlen(rest) - 5, rest + 3);
}

static void a_good_get(void **state)
{
    struct fetch_job j = job(false, "a \"b\"\xff");
    struct kedge_transfer_result r = {
        .outcome = KEDGE_TFTP_OK,
        .peer = address("192.0.2.7", 2000),
        .local = address("::1", 3000),
        .bytes = 2000000,
        .took = 500 * KEDGE_MSEC,
        .blocks = 3,
        .resent = 1,
        .duplicates = 2,
        .rtt = 1500 * KEDGE_USEC,
        .asked = { .has = KEDGE_TFTP_HAS_BLKSIZE, .blksize = 1468 },
    };
    char line[LINE];

    (void)state;
    record(&j, &r, line);
    assert_string_equal(
        line,
        "\"event\":\"get\",\"peer\":\"192.0.2.7:2000\",\"local\":\"[::1]:3000\","
        "\"file\":\"a \\\"b\\\"\\\\xff\",\"outcome\":\"ok\",\"reason\":null,"
        "\"bytes\":2000000,\"ms\":500,\"rate_Bps\":4000000,\"asked\":\"blksize=1468\","
        "\"granted\":\"\",\"blocks\":3,\"resent\":1,\"dup\":2,\"rtt_us\":1500,"
        "\"verdict_id\":null,\"verdict\":null,\"rule\":null,\"path\":null,\"port\":null");
}

static void a_put_that_was_refused(void **state)
{
    struct fetch_job j = job(true, "f");
    struct kedge_transfer_result r = { .cause = KEDGE_TRANSFER_PEER_ERROR,
                                       .outcome = KEDGE_TFTP_REFUSED,
                                       .code = 2,
                                       .said = "no\n\x1b",
                                       .said_len = 4,
                                       .rtt = KEDGE_NEVER };
    char line[LINE];

    (void)state;
    record(&j, &r, line);
    assert_string_equal(
        line,
        "\"event\":\"put\",\"peer\":null,\"local\":null,\"file\":\"f\","
        "\"outcome\":\"refused\",\"reason\":\"the server says: no\\\\x0a\\\\x1b "
        "(error 2)\",\"bytes\":0,\"ms\":0,\"rate_Bps\":null,\"asked\":\"\","
        "\"granted\":null,\"blocks\":0,\"resent\":0,\"dup\":0,\"rtt_us\":null,"
        "\"verdict_id\":null,\"verdict\":null,\"rule\":null,\"path\":null,\"port\":null");
}

static void standard_streams_have_names(void **state)
{
    struct fetch_job j = job(false, "f");
    struct kedge_span label;

    (void)state;
    label = fetch_label(&j);
    assert_memory_equal(label.ptr, "here", label.len);
    j.path = "-";
    label = fetch_label(&j);
    assert_memory_equal(label.ptr, "standard output", label.len);
    j.put = true;
    label = fetch_label(&j);
    assert_memory_equal(label.ptr, "standard input", label.len);
}

/* What a failure says on standard error. */
static void failure(const struct kedge_transfer_result *r, char out[LINE])
{
    struct fetch_job j = job(false, "f");
    FILE *f = tmpfile();
    int kept = dup(STDERR_FILENO);
    size_t len;

    assert_non_null(f);
    assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
    fetch_say_failure(&j, r);
    fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    rewind(f);
    len = fread(out, 1, LINE - 1, f);
    out[len] = '\0';
    fclose(f);
}

static void silence_behind_what_is_large(void **state)
{
    static const char hint[] = "  try: --blksize 512 --windowsize 1: ";
    struct kedge_transfer_result r = {
        .cause = KEDGE_TRANSFER_SILENT,
        .outcome = KEDGE_TFTP_TIMEOUT,
        .peer = address("192.0.2.7", 2000),
        .granted = { .has = KEDGE_TFTP_HAS_WINDOWSIZE, .windowsize = 2 },
    };
    char line[LINE];

    (void)state;
    failure(&r, line);
    assert_non_null(strstr(line, hint));
    r.granted.windowsize = 1;
    failure(&r, line);
    assert_null(strstr(line, "try: "));
    r.granted = (struct kedge_tftp_options){ .has = KEDGE_TFTP_HAS_BLKSIZE,
                                             .blksize = KEDGE_TFTP_BLKSIZE_DEFAULT + 1 };
    failure(&r, line);
    assert_non_null(strstr(line, hint));
    r.granted.blksize = KEDGE_TFTP_BLKSIZE_DEFAULT;
    failure(&r, line);
    assert_null(strstr(line, "try: "));
}

static void silence_without_a_route(void **state)
{
    static const int errors[] = { EHOSTUNREACH, ENETUNREACH };
    struct kedge_transfer_result r = { .cause = KEDGE_TRANSFER_SILENT,
                                       .outcome = KEDGE_TFTP_TIMEOUT,
                                       .peer = address("192.0.2.7", 69) };
    char line[LINE];

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        r.code = errors[i];
        failure(&r, line);
        assert_non_null(
            strstr(line, "  try: ip route get 192.0.2.7 (is there a route?)"));
        assert_null(strstr(line, "kedge probe"));
    }
    r.peer = address("2001:db8::7", 69);
    failure(&r, line);
    assert_non_null(strstr(line, "  try: -4, if the server has an IPv4 address; ip route "
                                 "get 2001:db8::7 "));
    r.code = 0;
    failure(&r, line);
    assert_non_null(strstr(line, "  try: kedge probe "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_get),
        cmocka_unit_test(a_put_that_was_refused),
        cmocka_unit_test(standard_streams_have_names),
        cmocka_unit_test(silence_behind_what_is_large),
        cmocka_unit_test(silence_without_a_route),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
