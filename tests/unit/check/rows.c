/* SPDX-License-Identifier: MIT */
/* Each row of the table can be played and explained. */
#include "check/check.h"
#include "check/files.h"
#include "check/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void ids_are_words_that_differ(void **state)
{
    (void)state;
    for (uint32_t i = 0; check_row_at(i); i++) {
        const char *id = check_row_at(i)->id;

        assert_true(check_group_of(check_row_at(i)) < CHECK_GROUPS);
        assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(id));
        assert_true(strlen(id) <= 26);
        assert_ptr_equal(check_row_find(id), check_row_at(i));
    }
    assert_null(check_row_find("request"));
}

/* The sections that have a sentence for a row, each read in the RFC's text. */
static bool is_section(const char *name)
{
    static const char *const sections[] = {
        "RFC 1350 1, RFC 764",
        "RFC 1350 2",
        "RFC 1350 2, RFC 1123 4.2.3.1",
        "RFC 1350 4",
        "RFC 1350 5",
        "RFC 1350 6",
        "RFC 1350 7",
        "RFC 1350 Error Codes",
        "RFC 1123 2.3",
        "RFC 1123 4.2.2.1",
        "RFC 1123 4.2.3.1",
        "RFC 1123 4.2.3.2",
        "RFC 1123 4.2.3.4",
        "RFC 1123 4.2.3.5",
        "RFC 2347 Packet Formats",
        "RFC 2347 Negotiation Protocol",
        "RFC 2348",
        "RFC 2349 Timeout Interval",
        "RFC 2349 Transfer Size",
        "RFC 7440 3",
        "RFC 7440 4",
        "RFC 7440 6",
    };

    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(name, sections[i]) == 0)
            return true;
    return false;
}

/* Who is told "must" or "should" finds the sentence; where there is none the row is robust. */
static void levels_are_those_of_the_rfcs(void **state)
{
    (void)state;
    for (uint32_t i = 0; check_row_at(i); i++) {
        const struct check_row *row = check_row_at(i);
        bool in_rfc = strncmp(row->section, "RFC", 3) == 0;

        if (in_rfc && !is_section(row->section))
            fail_msg("%s: no section %s", row->id, row->section);
        if (row->level == CHECK_ROBUST)
            continue;
        if (!in_rfc || strstr(row->rule, "No RFC"))
            fail_msg("%s: no RFC says so", row->id);
    }
}

static void rows_say_what_they_are(void **state)
{
    uint32_t rows = 0;

    (void)state;
    for (; check_row_at(rows); rows++) {
        const struct check_row *row = check_row_at(rows);

        if (!row->section || !row->title || !row->rule || !row->why || !row->lesson)
            fail_msg("%s is not whole", row->id);
        assert_true(strlen(row->title) < 74);
    }
    assert_true(rows >= 102);
}

static bool is_pattern(const struct check_step *s)
{
    return s->what == CHECK_EXPECT || s->what == CHECK_OFFERS;
}

static void patterns_can_be_read(void **state)
{
    (void)state;
    for (uint32_t i = 0; check_row_at(i); i++)
        for (uint32_t k = 0; k < check_row_at(i)->count; k++) {
            const struct check_step *s = &check_row_at(i)->steps[k];

            if (is_pattern(s) && !check_pattern_valid(s->text))
                fail_msg("%s: %s", check_row_at(i)->id, s->text);
            if (s->unless && (!check_pattern_valid(s->unless) || !s->unless_why))
                fail_msg("%s: unless %s", check_row_at(i)->id, s->unless);
            if (s->what == CHECK_OFFERS)
                assert_memory_equal(s->text, "OACK ", 5);
            assert_true(s->side < CHECK_SIDES);
        }
}

/* A file of the set, or a word that the run knows. */
static void files_are_known(void **state)
{
    static const char words[] = " any put put-text long parent absolute ";

    (void)state;
    for (uint32_t i = 0; check_row_at(i); i++)
        for (uint32_t k = 0; k < check_row_at(i)->count; k++) {
            const struct check_step *s = &check_row_at(i)->steps[k];
            struct check_file f;

            if (s->what != CHECK_RRQ || strstr(words, s->text))
                continue;
            if (!check_file_known(s->text, &f))
                fail_msg("%s: no file %s", check_row_at(i)->id, s->text);
        }
}

/* What uploads says so, or it would be played where no name was given. */
static void uploads_are_marked(void **state)
{
    (void)state;
    for (uint32_t i = 0; check_row_at(i); i++)
        for (uint32_t k = 0; k < check_row_at(i)->count; k++)
            if (check_row_at(i)->steps[k].what == CHECK_WRQ &&
                strcmp(check_row_at(i)->id, "upload-refused") != 0)
                assert_true(check_row_at(i)->puts);
}

/* A file that was just uploaded is busy until its server has closed it: no RFC says that it
 * does so before the last ACK. */
static void an_upload_is_asked_for_a_moment_later(void **state)
{
    (void)state;
    for (uint32_t i = 0; check_row_at(i); i++)
        for (uint32_t k = 1; k < check_row_at(i)->count; k++) {
            const struct check_step *s = &check_row_at(i)->steps[k];

            if (s[-1].what == CHECK_WRITE &&
                (s->what == CHECK_WRQ || s->what == CHECK_RRQ))
                fail_msg("%s asks at once", check_row_at(i)->id);
        }
}

static void rows_are_chosen_by_id_and_group(void **state)
{
    const struct check_row *row = check_row_find("lockstep-wrap");

    (void)state;
    assert_non_null(row);
    assert_true(check_row_chosen(row, NULL));
    assert_true(check_row_chosen(row, "request,lockstep"));
    assert_true(check_row_chosen(row, "lockstep-wrap"));
    assert_false(check_row_chosen(row, "lockstep-wrap-exact,request"));
    assert_false(check_row_chosen(row, "lock"));
    assert_int_equal(check_only_unknown("request,lockstep-wrap").len, 0);
    assert_memory_equal(check_only_unknown("request,nix,window").ptr, "nix,", 4);
    assert_int_equal(check_only_unknown("request,nix,window").len, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_words_that_differ),
        cmocka_unit_test(rows_say_what_they_are),
        cmocka_unit_test(levels_are_those_of_the_rfcs),
        cmocka_unit_test(patterns_can_be_read),
        cmocka_unit_test(files_are_known),
        cmocka_unit_test(uploads_are_marked),
        cmocka_unit_test(an_upload_is_asked_for_a_moment_later),
        cmocka_unit_test(rows_are_chosen_by_id_and_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
