/* SPDX-License-Identifier: MIT */
/* Tests of the one line that says why. */
#include "place.h"

#include "transfer/result.h"

#include <arpa/inet.h>
#include <errno.h>

static struct kedge_address peer(void)
{
    struct net_address a;

    assert_true(net_address_parse("192.0.2.7", 69, &a));
    return net_address_to(&a);
}

static const struct {
    enum kedge_transfer_cause cause;
    enum kedge_tftp_outcome outcome;
    int code;
    const char *said;
    const char *why;
    const char *want;
} lines[] = {
    { KEDGE_TRANSFER_DONE, KEDGE_TFTP_OK, 0, "", "", "" },
    { KEDGE_TRANSFER_PEER_ERROR, KEDGE_TFTP_REFUSED, 1, "", "",
      "the peer says: file not found (error 1)" },
    { KEDGE_TRANSFER_PEER_ERROR, KEDGE_TFTP_REFUSED, 0, "no\n\xff", "",
      "the peer says: no\\x0a\\xff (error 0)" },
    { KEDGE_TRANSFER_PEER_ERROR, KEDGE_TFTP_REFUSED, 9, "", "",
      "the peer says: unknown error (error 9)" },
    { KEDGE_TRANSFER_CLOSED, KEDGE_TFTP_GONE, 0, "", "",
      "connection refused, nobody listens at 192.0.2.7:69" },
    { KEDGE_TRANSFER_UNREACHABLE, KEDGE_TFTP_GONE, EHOSTUNREACH, "", "",
      "cannot be reached at 192.0.2.7:69: No route to host" },
    { KEDGE_TRANSFER_SILENT, KEDGE_TFTP_TIMEOUT, 0, "", "",
      "no answer from 192.0.2.7:69, given up after 3 s; nothing serves there, or a "
      "firewall or NAT drops the answers, which come from another port than was asked" },
    { KEDGE_TRANSFER_SILENT, KEDGE_TFTP_TIMEOUT, EHOSTUNREACH, "", "",
      "no answer from 192.0.2.7:69, given up after 3 s: No route to host" },
    { KEDGE_TRANSFER_SILENT, KEDGE_TFTP_UNCONFIRMED, 0, "", "",
      "all was sent, but without a confirmation from 192.0.2.7:69, given up after 3 s" },
    { KEDGE_TRANSFER_LOCAL_FILE, KEDGE_TFTP_FAILED, EACCES, "", "permission denied",
      "a\\x1bb: permission denied" },
    { KEDGE_TRANSFER_LOCAL_FILE, KEDGE_TFTP_FAILED, EIO, "", "input or output failed",
      "a\\x1bb: input or output failed: Input/output error" },
    { KEDGE_TRANSFER_NO_SOCKET, KEDGE_TFTP_FAILED, EMFILE, "", "no socket",
      "no socket: Too many open files" },
    { KEDGE_TRANSFER_STOPPED, KEDGE_TFTP_FAILED, 0, "", "interrupted", "interrupted" },
};

static void each_end_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        const struct fetch_about about = { .what = "a\x1b"
                                                   "b",
                                           .why = lines[i].why };
        struct kedge_transfer_result r = { .cause = lines[i].cause,
                                           .outcome = lines[i].outcome,
                                           .code = lines[i].code,
                                           .peer = peer(),
                                           .took = 3900 * KEDGE_MSEC,
                                           .said_len = strlen(lines[i].said) };

        memcpy(r.said, lines[i].said, r.said_len);
        fetch_result_explain(&r, &about);
        assert_string_equal(r.reason, lines[i].want);
    }
}

/* Only where nothing came from whom was asked: then it is the best guess there is. */
static void another_host_that_answered_is_named(void **state)
{
    struct fetch_about about = { .what = "", .why = "" };
    struct kedge_transfer_result r = { .cause = KEDGE_TRANSFER_SILENT,
                                       .outcome = KEDGE_TFTP_TIMEOUT,
                                       .peer = peer(),
                                       .took = KEDGE_SEC };

    (void)state;
    assert_true(net_address_parse("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
                                  &about.stranger));
    fetch_result_explain(&r, &about);
    assert_string_equal(r.reason,
                        "no answer from 192.0.2.7:69, given up after 1 s; "
                        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff answered instead, "
                        "so ask that address (the server has several, or a NAT is in "
                        "between)");
    r.blocks = 1;
    fetch_result_explain(&r, &about);
    assert_string_equal(r.reason, "no progress after block 1 from 192.0.2.7:69, given up "
                                  "after 1 s");
}

static void a_long_text_is_cut(void **state)
{
    struct fetch_about about = { .what = "", .why = "" };
    struct kedge_transfer_result r = { .cause = KEDGE_TRANSFER_PEER_ERROR, .code = 2 };

    (void)state;
    memset(r.said, 0x01, sizeof r.said);
    r.said_len = sizeof r.said;
    fetch_result_explain(&r, &about);
    assert_true(strlen(r.reason) < sizeof r.reason);
    for (size_t i = 0; r.reason[i]; i++)
        assert_in_range(r.reason[i], 0x20, 0x7e);
}

static void recoveries_are_counted_up(void **state)
{
    struct kedge_transfer_result r = { .cause = KEDGE_TRANSFER_DONE };

    (void)state;
    fetch_result_recovered(&r, "one");
    fetch_result_recovered(&r, "two");
    assert_string_equal(r.recovered, "one; two");
    fetch_result_not_recovered(&r);
    assert_string_equal(r.recovered, "one");
    fetch_result_not_recovered(&r);
    assert_string_equal(r.recovered, "");
    for (int i = 0; i < 100; i++)
        fetch_result_recovered(&r, "and again");
    assert_int_equal(strlen(r.recovered), sizeof r.recovered - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_has_its_words),
        cmocka_unit_test(another_host_that_answered_is_named),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(recoveries_are_counted_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
