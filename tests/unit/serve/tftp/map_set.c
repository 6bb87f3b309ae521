/* SPDX-License-Identifier: MIT */
/* Tests of a map file that is loaded (serve/tftp/map_set.h). */
#include "serve/tftp/map_set.h"

#include "../../folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

struct loaded {
    struct map_set set;
    char path[64];
    uint8_t text[2048];
    struct writer complaints;
    bool good;
};

static void load(struct loaded *l, const void *text, size_t len)
{
    FILE *f;

    memset(l, 0, sizeof *l);
    snprintf(l->path, sizeof l->path, "%s/map", folder);
    f = fopen(l->path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    fclose(f);
    l->complaints = (struct writer){ .ptr = l->text, .room = sizeof l->text - 1 };
    l->good = map_set_load(&l->set, l->path, &l->complaints);
    unlink(l->path);
}

static void unload(struct loaded *l)
{
    map_set_free(&l->set);
}

static bool says(const struct loaded *l, const char *text)
{
    return strstr((const char *)l->text, text) != NULL;
}

static void becomes(const struct loaded *l, const char *name, const char *want)
{
    static const uint8_t address[] = { 10, 0, 0, 1 };
    struct map_request q = { .name = span_of(name),
                             .client = { span_of("10.0.0.1"), { address, 4 } } };
    uint8_t memory[MAP_SET_MEMORY];
    struct map_run r;
    enum map_todo todo = map_start(&r, &l->set.map, &q, &l->set.chars,
                                   (struct map_memory){ memory, sizeof memory });

    while (todo == MAP_NEED_MATCH || todo == MAP_REWROTE)
        todo = todo == MAP_REWROTE ? map_go(&r) : map_set_match(&l->set, &r);
    assert_int_equal(todo, MAP_DONE);
    assert_string_equal((const char *)r.text.ptr, want);
}

static void a_map_is_loaded_and_runs(void **state)
{
    static const char text[] = "# a\r\n:l\nri ^(B)(.)$ \\2\\U\\1/\\i\ne~ x\n";
    struct loaded l;

    (void)state;
    load(&l, text, sizeof text - 1);
    assert_true(l.good);
    assert_int_equal(l.set.map.count, 3);
    assert_int_equal(l.complaints.len, 0);
    becomes(&l, "bc", "cB/10.0.0.1");
    unload(&l);
}

static void each_fault_has_file_and_line(void **state)
{
    static const char text[] = "q x\n\nr (a\ne (.)\\1\nra b\n";
    struct loaded l;
    char want[200];

    (void)state;
    load(&l, text, sizeof text - 1);
    assert_false(l.good);
    snprintf(want, sizeof want, "%s:1: letter 'q' is unknown", l.path);
    assert_true(says(&l, want));
    snprintf(want, sizeof want, "%s:5: letters r and a exclude each other", l.path);
    assert_true(says(&l, want));
    load(&l, text + 5, sizeof text - 11);
    assert_false(l.good);
    snprintf(want, sizeof want, "%s:1: ", l.path);
    assert_true(says(&l, want));
    snprintf(want, sizeof want, "%s:2: warning: a back-reference", l.path);
    assert_true(says(&l, want));
}

static void limits_are_named(void **state)
{
    static char large[MAP_FILE_MAX + 1];
    struct loaded l;

    (void)state;
    memset(large, '\n', sizeof large);
    load(&l, large, sizeof large);
    assert_false(l.good);
    assert_true(says(&l, "larger than 1 MiB, the limit of a map file"));
    load(&l, large, sizeof large - 1);
    assert_true(l.good);
    unload(&l);
    for (size_t i = 0; i < MAP_RULES_MAX + 1; i++)
        memcpy(large + 4 * i, "e a\n", 4);
    load(&l, large, 4 * (size_t)MAP_RULES_MAX);
    assert_true(l.good);
    unload(&l);
    load(&l, large, 4 * (size_t)(MAP_RULES_MAX + 1));
    assert_false(l.good);
    assert_true(says(&l, "4097: too many rules for a map file, at most 4096"));
    load(&l, "r a b\ne ^(((a{1,99}){1,99}){1,9})c", 33);
    assert_false(l.good);
    assert_true(says(&l, ":2: the regular expression takes more than 1 s or 64 MiB"));
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct map_set set;
    char text[200] = "";
    struct writer w = { .ptr = (uint8_t *)text, .room = sizeof text - 1 };

    (void)state;
    assert_false(map_set_load(&set, "/nonexistent/map", &w));
    assert_string_equal(text, "/nonexistent/map: No such file or directory\n");
    map_set_free(&set);
    w.len = 0;
    assert_false(map_set_load(&set, "/", &w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_is_loaded_and_runs),
        cmocka_unit_test(each_fault_has_file_and_line),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
