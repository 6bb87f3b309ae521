/* Tests of report/whole.h: the old file until the new one is whole. */
#include "report/whole.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char dir[32], file[64];
};

static int make(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    assert_non_null(p);
    snprintf(p->dir, sizeof p->dir, "/tmp/whole-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->file, sizeof p->file, "%s/f", p->dir);
    *state = p;
    return 0;
}

static int unmake(void **state)
{
    struct place *p = *state;
    int left;

    (void)unlink(p->file);
    left = rmdir(p->dir); /* fails if a temporary file is left */
    free(p);
    return left;
}

static void holds(const char *path, const char *want)
{
    char got[64] = "";
    FILE *in = fopen(path, "r");

    assert_non_null(in);
    (void)!fread(got, 1, sizeof got - 1, in);
    fclose(in);
    assert_string_equal(got, want);
}

static void the_old_one_stays_until_the_new_one_is_whole(void **state)
{
    const struct place *p = *state;
    struct atomic_file w;
    struct stat st;

    (void)umask(022);
    assert_int_equal(atomic_file_open(&w, p->file), 0);
    fputs("one", w.out);
    assert_int_equal(atomic_file_commit(&w), 0);
    holds(p->file, "one");
    assert_int_equal(stat(p->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(atomic_file_open(&w, p->file), 0);
    fputs("two", w.out);
    holds(p->file, "one");
    atomic_file_drop(&w);
    holds(p->file, "one");
}

static void faults_are_said(void **state)
{
    const struct place *p = *state;
    struct atomic_file w;

    assert_int_equal(atomic_file_open(&w, "/no/such/directory/f"), -ENOENT);
    assert_int_equal(atomic_file_open(&w, p->dir), -EISDIR);
    assert_int_equal(atomic_file_open(&w, "/dev/full"), 0);
    fputs("x", w.out);
    assert_int_equal(atomic_file_commit(&w), -ENOSPC);
    assert_int_equal(atomic_file_open(&w, "/dev/null"), 0);
    assert_null(w.temp);
    assert_int_equal(atomic_file_commit(&w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_old_one_stays_until_the_new_one_is_whole,
                                        make, unmake),
        cmocka_unit_test_setup_teardown(faults_are_said, make, unmake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
