/* SPDX-License-Identifier: MIT */
/* Tests of serve/status/document.h: the fullest state there is has room, whatever bytes its
 * names have. */
#include "serve/status/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct status *fullest(void)
{
    struct status *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->figures.version = "0.1.0";
    s->figures.uptime = UINT64_MAX;
    s->figures.verdicts.count = STATUS_WORDS;
    for (size_t i = 0; i < STATUS_WORDS; i++)
        s->figures.verdicts.at[i] =
            (struct status_count){ "a-verdict-as-long-as-they-are", UINT64_MAX };
    s->row_count = STATUS_ROWS;
    for (size_t i = 0; i < STATUS_ROWS; i++) {
        memset(s->rows[i].peer, 'p', sizeof s->rows[i].peer - 1);
        memset(s->rows[i].mac, 'm', sizeof s->rows[i].mac - 1);
        s->rows[i].bytes = s->rows[i].resent = s->rows[i].duplicates = UINT64_MAX - 1;
        s->rows[i].size = s->rows[i].age = s->rows[i].quiet = UINT64_MAX - 1;
        s->rows[i].name_len = STATUS_NAME;
        memset(s->rows[i].name, '\1', STATUS_NAME);
    }
    s->end_count = STATUS_RECENT;
    for (size_t i = 0; i < STATUS_RECENT; i++) {
        struct status_end *e = &s->ends[i];

        e->event = "refused";
        e->outcome = "unconfirmed";
        memset(e->peer, 'p', sizeof e->peer - 1);
        memset(e->verdict_id, 'v', sizeof e->verdict_id - 1);
        e->verdict_len = STATUS_VERDICT;
        e->name_len = STATUS_NAME;
        memset(e->verdict, 0xff, STATUS_VERDICT);
        memset(e->name, 0xff, STATUS_NAME);
    }
    s->slot_count = STATUS_SLOTS;
    return s;
}

static void the_fullest_has_room(void **state)
{
    struct status *s = fullest();
    uint8_t *space = malloc(STATUS_DOCUMENT);
    struct kedge_span out;

    (void)state;
    assert_true(status_document(s, space, STATUS_DOCUMENT, &out));
    assert_true(out.len > STATUS_ROWS * 6 * STATUS_NAME);
    free(space);
    free(s);
}

static void too_little_room_is_said(void **state)
{
    struct status *s = calloc(1, sizeof *s);
    uint8_t *space = malloc(STATUS_DOCUMENT);
    struct kedge_span whole, out;

    (void)state;
    s->figures.version = "0.1.0";
    assert_true(status_document(s, space, STATUS_DOCUMENT, &whole));
    for (size_t room = 0; room < whole.len; room++) {
        uint8_t *exact = malloc(room + (room == 0));

        assert_false(status_document(s, exact, room, &out));
        free(exact);
    }
    free(space);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fullest_has_room),
        cmocka_unit_test(too_little_room_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
