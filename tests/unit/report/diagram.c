/* Tests of kedge/diagram.h: its option, its file, and that it keeps no more than it may. */
#include "kedge/diagram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/kedge-unit-XXXXXX";

static int make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static char *file_text(void)
{
    FILE *in = fopen(path, "r");
    char *text = calloc(1, 1 << 20);

    assert_non_null(in);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, in) > 0);
    fclose(in);
    return text;
}

static void the_option_is_taken_out(void **state)
{
    char how[64];
    char *words[] = { "program", "--tracer", how, "host", NULL };
    struct kedge_diagram *d;
    int count = 4;

    (void)state;
    snprintf(how, sizeof how, "--trace=svg:%s", path);
    assert_int_equal(kedge_diagram_option(&d, &count, words), 0);
    assert_non_null(d);
    assert_int_equal(count, 3);
    assert_string_equal(words[1], "--tracer");
    assert_string_equal(words[2], "host");
    assert_null(words[3]);
    assert_int_equal(kedge_diagram_end(d), 0);
    assert_int_equal(kedge_diagram_option(&d, &count, words), 0);
    assert_null(d);
    assert_int_equal(count, 3);
    assert_int_equal(kedge_diagram_draw(NULL), 0);
    assert_int_equal(kedge_diagram_end(NULL), 0);
}

static void what_is_wrong_is_told(void **state)
{
    struct kedge_diagram *d = NULL;

    (void)state;
    assert_int_equal(kedge_diagram_open(&d, "svg:"), -EINVAL);
    assert_int_equal(kedge_diagram_open(&d, "png:x"), -EINVAL);
    assert_int_equal(kedge_diagram_open(&d, "svg:/none/such"), -ENOENT);
    assert_int_equal(kedge_diagram_open(&d, "svg:/dev/full"), 0);
    assert_int_equal(kedge_diagram_end(d), -ENOSPC);
}

static void more_calls_than_are_kept(void **state)
{
    struct kedge_call c = { .socket = 1,
                            .name = "a<b>&c",
                            .before = KEDGE_TCP_ESTABLISHED,
                            .after = KEDGE_TCP_ESTABLISHED };
    struct kedge_diagram *d;
    char how[64], *text;

    (void)state;
    snprintf(how, sizeof how, "svg:%s", path);
    assert_int_equal(kedge_diagram_open(&d, how), 0);
    for (int i = 0; i < KEDGE_DIAGRAM_CALLS + 7; i++)
        kedge_diagram_saw(d, &c);
    c.after = KEDGE_TCP_CLOSE_WAIT; /* not kept, but counted */
    kedge_diagram_saw(d, &c);
    assert_int_equal(kedge_diagram_draw(d), 0);
    assert_int_equal(kedge_diagram_end(d), 0);
    text = file_text();
    assert_non_null(strstr(text, "a&lt;b&gt;&amp;c"));
    assert_null(strstr(text, "a<b>"));
    assert_non_null(strstr(text, "and 8 calls more"));
    assert_non_null(strstr(text, "class=\"way\"/><text x=\"582\" y=\"360\""));
    assert_ptr_equal(strstr(text, "<svg"), text);
    assert_null(strstr(text + 1, "<svg")); /* drawn twice, there once */
    assert_string_equal(text + strlen(text) - 7, "</svg>\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_option_is_taken_out),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(more_calls_than_are_kept),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
