/* SPDX-License-Identifier: MIT */
/* Each call by which a map file is loaded fails once in each way: it is loaded whole, or not at
 * all and why is said. */
#include "serve/tftp/map_set.h"

#include "../../folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "../../each_fault.h"

struct loading {
    struct map_set set;
    char path[64];
    uint8_t text[2048];
};

static void prepare(void *arg)
{
    struct loading *l = arg;

    memset(l->text, 0, sizeof l->text);
}

static int load(void *arg)
{
    struct loading *l = arg;
    struct writer complaints = { .ptr = l->text, .room = sizeof l->text - 1 };

    return map_set_load(&l->set, l->path, &complaints) ? 0 : EIO;
}

static void check(void *arg, int error, bool transient)
{
    struct loading *l = arg;
    const char *said = (const char *)l->text;

    assert_false(transient && error);
    assert_int_equal(l->set.map.count, error ? 0 : 2);
    if (error)
        assert_int_equal(strncmp(said, l->path, strlen(l->path)), 0);
    else
        assert_string_equal(said, "");
    map_set_free(&l->set);
}

static void a_map_file(void **state)
{
    static const char *const of_a_file[] = { "read", NULL };
    static const char rules[] = "r ^old/ new/\nri ^\\(.*\\)\\.EFI$ \\1.efi\n";
    struct loading l = { .text = "" };
    struct each_fault s = { prepare, load, check, &l, of_a_file };
    size_t read_call = fault_call_named("read");
    FILE *f;

    (void)state;
    snprintf(l.path, sizeof l.path, "%s/map", folder);
    f = fopen(l.path, "w");
    assert_non_null(f);
    assert_true(fputs(rules, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_true(each_fault(&s) > 5);
    assert_true(one_fault(&s, read_call, 1, FAULT_SHORT));
    assert_true(one_fault(&s, read_call, 1, EIO));
    assert_true(one_fault(&s, read_call, 1, EINTR));
    assert_true(one_fault(&s, read_call, 3, EINTR)); /* what the trial's child says */
    unlink(l.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_file),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
