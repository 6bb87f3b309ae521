/* SPDX-License-Identifier: MIT */
/* Tests of serve/status/recent.h: the newest are kept, whole characters of long texts, and a
 * slot has what ended since the one before. */
#include "serve/status/recent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct kedge_span text(const char *words)
{
    return span_of(words);
}

static void add(struct status_recent *r, const char *file, uint64_t bytes)
{
    struct transfer_record record = { .outcome = "ok",
                                      .peer = text("192.0.2.1:7"),
                                      .file = text(file),
                                      .bytes = bytes,
                                      .took = KEDGE_SEC };

    status_recent_add(r, &record);
}

static void the_newest_are_kept(void **state)
{
    struct status_end *out = calloc(STATUS_RECENT, sizeof *out);
    struct status_recent *r = calloc(1, sizeof *r);

    (void)state;
    assert_int_equal(status_recent_open(r), 0);
    assert_int_equal(status_recent_copy(r, out), 0);
    for (uint64_t i = 0; i < STATUS_RECENT + 5; i++)
        add(r, "file", i);
    assert_int_equal(status_recent_copy(r, out), STATUS_RECENT);
    assert_int_equal(out[0].bytes, STATUS_RECENT + 4);
    assert_int_equal(out[STATUS_RECENT - 1].bytes, 5);
    assert_string_equal(out[0].peer, "192.0.2.1:7");
    assert_string_equal(out[0].verdict_id, "");
    assert_int_equal(out[0].verdict_len, 0);
    status_recent_close(r);
    free(r);
    free(out);
}

/* A character of two bytes at each place of the cut. */
static void a_name_is_cut_between_characters(void **state)
{
    struct status_end *out = calloc(STATUS_RECENT, sizeof *out);
    struct status_recent *r = calloc(1, sizeof *r);
    char name[2 * STATUS_NAME + 2];

    (void)state;
    assert_int_equal(status_recent_open(r), 0);
    for (size_t ahead = 0; ahead < 2; ahead++) {
        memset(name, 'a', ahead);
        for (size_t i = ahead; i + 2 < sizeof name; i += 2)
            memcpy(name + i, "\xc3\xa9", 3);
        add(r, name, 1);
        assert_int_equal(status_recent_copy(r, out), ahead + 1);
        assert_int_equal(out[0].name_len, STATUS_NAME - ahead);
        assert_int_equal(out[0].name[out[0].name_len - 1], 0xa9);
    }
    add(r, "\xc3\xa9", 1);
    assert_int_equal(status_recent_copy(r, out), 3);
    assert_int_equal(out[0].name_len, 2);
    status_recent_close(r);
    free(r);
    free(out);
}

/* Bytes that are in no character. */
static void a_name_of_odd_bytes_is_kept(void **state)
{
    struct status_end *out = calloc(STATUS_RECENT, sizeof *out);
    struct status_recent *r = calloc(1, sizeof *r);
    char name[2 * STATUS_NAME + 1];

    (void)state;
    assert_int_equal(status_recent_open(r), 0);
    for (size_t i = 0; i < 2; i++) {
        memset(name, i ? 0xbf : 0x80, sizeof name);
        name[sizeof name - 1] = '\0';
        add(r, name, 1);
        assert_int_equal(status_recent_copy(r, out), i + 1);
        assert_int_equal(out[0].name_len, STATUS_NAME);
    }
    status_recent_close(r);
    free(r);
    free(out);
}

static void a_slot_has_what_ended_in_it(void **state)
{
    struct status_history h = { 0 };
    struct status_slot out[STATUS_SLOTS];

    (void)state;
    assert_int_equal(status_history_copy(&h, out), 0);
    status_history_add(&h, (struct status_slot){ 100, 1 });
    status_history_add(&h, (struct status_slot){ 100, 1 });
    status_history_add(&h, (struct status_slot){ 350, 4 });
    assert_int_equal(status_history_copy(&h, out), 3);
    assert_int_equal(out[0].bytes, 100);
    assert_int_equal(out[1].bytes, 0);
    assert_int_equal(out[2].bytes, 250);
    assert_int_equal(out[2].ends, 3);
    for (uint64_t i = 1; i <= STATUS_SLOTS; i++)
        status_history_add(&h, (struct status_slot){ 350 + i * i, 4 });
    assert_int_equal(status_history_copy(&h, out), STATUS_SLOTS);
    assert_int_equal(out[0].bytes, 1);
    assert_int_equal(out[STATUS_SLOTS - 1].bytes, 2 * STATUS_SLOTS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_kept),
        cmocka_unit_test(a_name_is_cut_between_characters),
        cmocka_unit_test(a_name_of_odd_bytes_is_kept),
        cmocka_unit_test(a_slot_has_what_ended_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
