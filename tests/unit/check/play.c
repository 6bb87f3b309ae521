/* SPDX-License-Identifier: MIT */
/* The player in virtual time: what comes when, and what a row says of it. */
#include "check/play.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS KEDGE_MSEC

/* A datagram of the server, from its port, at a time in ms. DATA is a block of the file. */
struct event {
    uint32_t at_ms, side;
    enum { END, DATA, RAW } kind;
    uint16_t block; /* of DATA: on the wire */
    size_t len;     /* of DATA; else of `bytes` */
    const char *bytes;
    uint16_t port; /* 0: 40000 */
};

static const struct play_case {
    const char *id;
    struct event events[10];
    enum check_verdict verdict;
    const char *lesson; /* a part of it */
} cases[] = {
    { "request-first-block",
      { { 1, 0, DATA, 1, 512, NULL, 0 },
        { 2, 0, DATA, 2, 512, NULL, 0 },
        { 3, 0, DATA, 3, 512, NULL, 0 } },
      CHECK_PASS,
      NULL },
    { "request-first-block", { { 1, 0, DATA, 0, 512, NULL, 0 } }, CHECK_FAILS, "from 0" },
    { "request-first-block",
      { { 1, 0, DATA, 256, 512, NULL, 0 } },
      CHECK_FAILS,
      "ntohs()" },
    { "request-first-block",
      { { 1, 0, RAW, 0, 4, "\3\0\1\0", 0 } },
      CHECK_FAILS,
      "htons()" },
    { "request-first-block", { { 0 } }, CHECK_FAILS, "count blocks" },
    { "request-new-port", { { 1, 0, DATA, 1, 512, NULL, 0 } }, CHECK_PASS, NULL },
    { "request-new-port",
      { { 1, 0, DATA, 1, 512, NULL, 69 } },
      CHECK_DEVIATES,
      "socket" },
    { "request-size-1", { { 1, 0, DATA, 1, 1, NULL, 0 } }, CHECK_PASS, NULL },
    { "request-size-512",
      { { 1, 0, DATA, 1, 512, NULL, 0 } },
      CHECK_FAILS,
      "no empty last block" },
    { "lockstep-waits",
      { { 1, 0, DATA, 1, 512, NULL, 0 }, { 2, 0, DATA, 2, 512, NULL, 0 } },
      CHECK_FAILS,
      "wait" },
    { "lockstep-duplicate-ack",
      { { 1, 0, DATA, 1, 512, NULL, 0 }, { 2, 0, DATA, 2, 512, NULL, 0 } },
      CHECK_PASS,
      NULL },
    { "lockstep-duplicate-ack",
      { { 1, 0, DATA, 1, 512, NULL, 0 },
        { 2, 0, DATA, 2, 512, NULL, 0 },
        { 3, 0, DATA, 2, 512, NULL, 0 } },
      CHECK_FAILS,
      "duplicate ACK" },
    { "lockstep-lost-first",
      { { 1, 0, DATA, 1, 512, NULL, 0 }, { 900, 0, DATA, 1, 512, NULL, 0 } },
      CHECK_PASS,
      NULL },
    { "lockstep-lost-first",
      { { 1, 0, DATA, 1, 512, NULL, 0 }, { 900, 0, RAW, 0, 3, "\0\3\0", 0 } },
      CHECK_FAILS,
      "its length" },
    { "lockstep-lost-ack",
      { { 1, 0, DATA, 1, 512, NULL, 0 }, { 2, 0, DATA, 2, 512, NULL, 0 } },
      CHECK_FAILS,
      "sent again" },
    { "lockstep-foreign-ack",
      { { 1, 0, DATA, 1, 512, NULL, 0 },
        { 2, 1, RAW, 0, 6, "\0\5\0\5x", 0 },
        { 150, 0, DATA, 2, 512, NULL, 0 } },
      CHECK_PASS,
      NULL },
    { "lockstep-foreign-ack",
      { { 1, 0, DATA, 1, 512, NULL, 0 }, { 2, 0, DATA, 2, 512, NULL, 0 } },
      CHECK_FAILS,
      "port" },
    { "lockstep-late-ack",
      { { 1, 0, DATA, 1, 512, NULL, 0 },
        { 2, 0, DATA, 2, 512, NULL, 0 },
        { 3, 0, DATA, 3, 512, NULL, 0 },
        { 4, 0, RAW, 0, 5, "\0\5\0\4", 0 } },
      CHECK_DEVIATES,
      "ignore it" },
    { "options-tsize-stale", { { 1, 0, DATA, 1, 512, NULL, 0 } }, CHECK_NOT_TRIED, NULL },
    { "options-tsize",
      { { 1, 0, RAW, 0, 13,
          "\0\6tsize\0"
          "2000",
          0 },
        { 2, 1, RAW, 0, 13,
          "\0\6tsize\0"
          "3720",
          0 } },
      CHECK_FAILS,
      "octal" },
    { "options-lost-oack",
      { { 1, 0, RAW, 0, 13,
          "\0\6tsize\0"
          "2000",
          0 },
        { 900, 0, RAW, 0, 4, "\0\4\0\0", 0 } },
      CHECK_FAILS,
      "OACK itself" },
    { "options-waits",
      { { 1, 0, RAW, 0, 13,
          "\0\6tsize\0"
          "2000",
          0 },
        { 2, 0, DATA, 1, 512, NULL, 0 } },
      CHECK_FAILS,
      "ACK 0" },
    { "request-error-text",
      { { 1, 0, RAW, 0, 7, "\0\5\0\1abc", 0 } },
      CHECK_FAILS,
      "NUL" },
    { "request-error-text",
      { { 1, 0, RAW, 0, 8, "\0\5\0\1abc\0", 0 } },
      CHECK_PASS,
      NULL },
    /* RFC 7440 4: a new window should come, and it must begin behind the ACK. */
    { "window-inside",
      { { 1, 0, RAW, 0, 15,
          "\0\6windowsize\0"
          "4",
          0 },
        { 2, 0, DATA, 1, 512, NULL, 0 },
        { 3, 0, DATA, 2, 512, NULL, 0 },
        { 4, 0, DATA, 3, 512, NULL, 0 },
        { 5, 0, DATA, 4, 512, NULL, 0 } },
      CHECK_DEVIATES,
      "acknowledged block + 1" },
    { "window-inside",
      { { 1, 0, RAW, 0, 15,
          "\0\6windowsize\0"
          "4",
          0 },
        { 2, 0, DATA, 1, 512, NULL, 0 },
        { 3, 0, DATA, 2, 512, NULL, 0 },
        { 4, 0, DATA, 3, 512, NULL, 0 },
        { 5, 0, DATA, 4, 512, NULL, 0 },
        { 40, 0, DATA, 5, 512, NULL, 0 } },
      CHECK_FAILS,
      "acknowledged block + 1" },
    { "request-missing", { { 1, 0, RAW, 0, 6, "\0\5\0\0x", 0 } }, CHECK_FAILS, "ENOENT" },
    /* It was not moved. A server that is disturbed all the same did not keep a should. */
    { "lockstep-foreign-ack",
      { { 1, 0, DATA, 1, 512, NULL, 0 }, { 3000, 0, DATA, 1, 512, NULL, 0 } },
      CHECK_DEVIATES,
      "port" },
    /* What depends on an option that is not even answered cannot be looked at. */
    { "window-sends", { { 0 } }, CHECK_NOT_TRIED, NULL },
    { "options-blksize-1428", { { 0 } }, CHECK_FAILS, NULL },
    /* A server that ends at a bad number. */
    { "options-blksize-text",
      { { 1, 0, RAW, 0, 6, "\0\5\0\10x", 69 } },
      CHECK_FAILS,
      "no longer answers" },
    /* What the old transfer still says is no answer to the new request ... */
    { "manners-reused-port",
      { { 1, 0, DATA, 1, 512, NULL, 0 },
        { 2, 0, RAW, 0, 6, "\0\5\0\0x", 40000 },
        { 3, 0, RAW, 0, 6, "\0\5\0\1x", 40001 },
        { 4, 0, RAW, 0, 6, "\0\5\0\0x", 40000 },
        { 5, 0, DATA, 1, 512, NULL, 40002 } },
      CHECK_PASS,
      NULL },
    { "manners-reused-port",
      { { 1, 0, DATA, 1, 512, NULL, 0 },
        { 2, 0, RAW, 0, 6, "\0\5\0\1x", 40000 },
        { 3, 0, RAW, 0, 6, "\0\5\0\1x", 40001 },
        { 5, 0, DATA, 1, 512, NULL, 40002 } },
      CHECK_PASS,
      NULL },
    /* ... and where all transfers have one port, what answers it is. */
    { "manners-reused-port",
      { { 1, 0, DATA, 1, 512, NULL, 69 },
        { 2, 0, RAW, 0, 6, "\0\5\0\1x", 69 },
        { 3, 0, DATA, 1, 512, NULL, 69 } },
      CHECK_PASS,
      NULL },
    { "manners-reused-port",
      { { 1, 0, DATA, 1, 512, NULL, 0 }, { 2, 0, DATA, 1, 512, NULL, 40000 } },
      CHECK_DEVIATES,
      "of another file" },
    /* What came again while the other side was waited for is no answer either. */
    { "upload-two",
      { { 1, 0, RAW, 0, 4, "\0\4\0\0", 0 },
        { 2, 0, RAW, 0, 4, "\0\4\0\1", 0 },
        { 3, 1, RAW, 0, 4, "\0\4\0\0", 40001 },
        { 4, 1, RAW, 0, 4, "\0\4\0\1", 40001 },
        { 1000, 1, RAW, 0, 4, "\0\4\0\1", 40001 },
        { 1200, 0, RAW, 0, 4, "\0\4\0\2", 0 },
        { 1201, 1, RAW, 0, 4, "\0\4\0\2", 40001 },
        { 1700, 2, DATA, 1, 512, NULL, 40002 },
        { 1701, 2, DATA, 2, 488, NULL, 40002 } },
      CHECK_PASS,
      NULL },
    /* A server that takes its time for the first answer takes it for the second, too. */
    { "request-again",
      { { 600, 0, DATA, 1, 512, NULL, 0 }, { 1700, 0, DATA, 1, 512, NULL, 40001 } },
      CHECK_DEVIATES,
      "who asked" },
    { "request-again",
      { { 600, 0, DATA, 1, 512, NULL, 0 }, { 1700, 0, DATA, 1, 512, NULL, 0 } },
      CHECK_PASS,
      NULL },
    { "request-broadcast", { { 0 } }, CHECK_NOT_TRIED, NULL },
};

struct world {
    uint32_t sent;
};

static void count_sent(void *owner, uint32_t side, const struct net_address *to,
                       struct kedge_span bytes)
{
    struct world *w = owner;

    (void)side;
    (void)to;
    (void)bytes;
    w->sent++;
}

static bool known_file(void *owner, const char *word, struct check_file *out,
                       const char **why)
{
    const char *name = strcmp(word, "any") == 0   ? "2000"
                       : strcmp(word, "put") == 0 ? "20000"
                                                  : word;

    (void)owner;
    (void)why;
    if (!check_file_known(name, out))
        return false;
    snprintf(out->name, sizeof out->name, "kedge-check-%s", word);
    return true;
}

static struct net_address address(uint16_t port)
{
    struct net_address a = { .len = 0 };

    assert_true(net_address_parse("192.0.2.1", port, &a));
    return a;
}

static void deliver(struct check_play *p, const struct event *e)
{
    uint8_t *packet = malloc(4 + e->len);
    struct net_address from = address(e->port ? e->port : 40000);
    size_t len = e->len;

    assert_non_null(packet);
    if (e->kind == RAW && len > 0) {
        memcpy(packet, e->bytes, len);
    } else if (e->kind == DATA) {
        struct check_file f;
        uint64_t at = e->block > 0 ? (uint64_t)(e->block - 1) * 512 : 0;

        assert_true(check_file_known("20000", &f));
        memcpy(packet, "\0\3", 2);
        packet[2] = (uint8_t)(e->block >> 8);
        packet[3] = (uint8_t)e->block;
        len = 4 + check_file_bytes(&f, false, at, packet + 4, e->len);
    }
    check_play_read(p, e->side, &from, (struct kedge_span){ packet, len }, e->at_ms * MS);
    free(packet);
}

static void play(const struct play_case *c, struct check_play *p, struct world *w)
{
    struct check_side *sides = calloc(CHECK_SIDES, sizeof *sides);

    assert_non_null(sides);
    *p = (struct check_play){ .row = check_row_find(c->id), .server = address(69) };
    p->io = (struct check_io){ .sender = w, .send = count_sent, .file = known_file };
    assert_non_null(p->row);
    check_play_start(p, sides, CHECK_SIDES, 0);
    for (size_t i = 0; c->events[i].kind != END; i++) {
        while (p->deadline <= c->events[i].at_ms * MS)
            check_play_tick(p, p->deadline);
        deliver(p, &c->events[i]);
    }
    while (p->deadline != KEDGE_NEVER)
        check_play_tick(p, p->deadline);
    check_play_close(p);
    free(sides);
}

static void rows_judge_what_comes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct check_play *p = malloc(sizeof *p);
        struct world w = { 0 };

        assert_non_null(p);
        play(&cases[i], p, &w);
        if (p->finding.verdict != cases[i].verdict)
            fail_msg("case %zu, %s: %s, %s", i, cases[i].id,
                     check_verdict_name(p->finding.verdict), p->finding.want);
        if (cases[i].lesson && !strstr(p->finding.lesson, cases[i].lesson))
            fail_msg("case %zu, %s: %s", i, cases[i].id, p->finding.lesson);
        assert_true(w.sent < 30);
        free(p);
    }
}

static void what_forged_requests_would_cost_is_told(void **state)
{
    static const struct play_case c = {
        .id = "manners-amplification",
        .events = { { 1, 0, DATA, 1, 512, NULL, 0 },
                    { 1001, 0, DATA, 1, 512, NULL, 0 },
                    { 1002, 0, DATA, 1, 512, NULL, 40001 } /* of another transfer */ }
    };
    struct check_play *p = malloc(sizeof *p);
    struct world w = { 0 };

    (void)state;
    assert_non_null(p);
    play(&c, p, &w);
    assert_int_equal(p->finding.verdict, CHECK_PASS);
    assert_string_equal(p->finding.note,
                        "2 packets, 1032 bytes: 43 times the request's 24");
    free(p);
}

static void an_error_is_not_answered(void **state)
{
    static const struct play_case c = { .id = "options-blksize-negative",
                                        .events = {
                                            { 1, 0, RAW, 0, 6, "\0\5\0\10x", 69 } } };
    struct check_play *p = malloc(sizeof *p);
    struct world w = { 0 };

    (void)state;
    assert_non_null(p);
    play(&c, p, &w);
    assert_int_equal(w.sent, 2); /* the two requests */
    free(p);
}

static void a_short_wait_is_told_in_milliseconds(void **state)
{
    static const struct play_case c = { .id = "lockstep-foreign-port",
                                        .events = { { 1, 0, DATA, 1, 512, NULL, 0 } } };
    struct check_play *p = malloc(sizeof *p);
    struct world w = { 0 };

    (void)state;
    assert_non_null(p);
    play(&c, p, &w);
    assert_string_equal(p->finding.want, "ERROR 5 within 500 ms; nothing came");
    free(p);
}

/* A server that never stops is left after a bounded number of packets. */
static void a_flood_ends(void **state)
{
    struct check_play *p = calloc(1, sizeof *p);
    struct check_side *sides = calloc(CHECK_SIDES, sizeof *sides);
    struct world w = { 0 };
    uint8_t data[] = { 0, 3, 0, 1 };
    struct net_address from = address(40000);

    (void)state;
    assert_non_null(p);
    assert_non_null(sides);
    p->row = check_row_find("lockstep-gives-up");
    p->server = address(69);
    p->io = (struct check_io){ .sender = &w, .send = count_sent, .file = known_file };
    check_play_start(p, sides, CHECK_SIDES, 0);
    for (int i = 0; i < CHECK_PACKETS_MAX + 2; i++)
        check_play_read(p, 0, &from, (struct kedge_span){ data, sizeof data }, 1);
    assert_int_equal(p->finding.verdict, CHECK_FAILS);
    assert_true(w.sent < 30);
    free(sides);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_judge_what_comes),
        cmocka_unit_test(what_forged_requests_would_cost_is_told),
        cmocka_unit_test(an_error_is_not_answered),
        cmocka_unit_test(a_short_wait_is_told_in_milliseconds),
        cmocka_unit_test(a_flood_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
