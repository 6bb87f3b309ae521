/* SPDX-License-Identifier: MIT */
/* Tests of trace/story.h: what is kept of the calls, printed and drawn. */
#include "trace/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct bench {
    struct trace trace;
    struct trace_memory *memory;
    int fd, lines[2];
};

/* Lines go into a pipe that is standard error as far as the trace knows. */
static int open_bench(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct stat st;

    assert_non_null(b);
    b->fd = memory_create(&b->memory);
    assert_true(b->fd >= 0);
    assert_int_equal(pipe2(b->lines, O_NONBLOCK), 0);
    assert_int_equal(fstat(b->lines[1], &st), 0);
    b->memory->error_device = st.st_dev;
    b->memory->error_inode = st.st_ino;
    b->trace = (struct trace){ .memory = b->memory, .errors = b->lines[1] };
    *state = b;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *b = *state;

    munmap(b->memory, sizeof *b->memory);
    close(b->fd);
    close(b->lines[0]);
    close(b->lines[1]);
    free(b);
    return 0;
}

static const char *lines_of(struct bench *b, char out[65536])
{
    ssize_t n = read(b->lines[0], out, 65535);

    out[n > 0 ? n : 0] = 0;
    return out;
}

static const struct trace_call call = { .socket = 1,
                                        .kind = TRACE_TCP,
                                        .name = "a<b>&c",
                                        .before = STATE_ESTABLISHED,
                                        .after = STATE_ESTABLISHED };

static void a_line_a_call_below_a_head(void **state)
{
    struct bench *b = *state;
    char text[65536];

    story_tell(&b->trace, &call);
    assert_true(strncmp(lines_of(b, text), "       ms  # call ", 18) == 0);
    assert_non_null(
        strstr(text, "\n    0.000  1 a<b>&c          0            ESTABLISHED\n"));
    story_tell(&b->trace, &call);
    assert_true(strncmp(lines_of(b, text), "    0.000  1 a<b>", 17) == 0);
    b->memory->silent = true;
    story_tell(&b->trace, &call);
    assert_string_equal(lines_of(b, text), "");
    assert_int_equal(b->memory->count, 3);
}

/* Where standard error has become another file, nothing is written into that. */
static void another_file_is_left_alone(void **state)
{
    struct bench *b = *state;
    char text[65536];

    b->memory->error_inode++;
    story_tell(&b->trace, &call);
    story_picture(&b->trace);
    assert_string_equal(lines_of(b, text), "");
    b->trace.errors = -1;
    story_tell(&b->trace, &call);
    assert_int_equal(b->memory->count, 2);
}

static void the_picture_is_of_tcp(void **state)
{
    struct bench *b = *state;
    struct trace_call udp = { .kind = TRACE_UDP, .name = "send" };
    char text[65536];

    story_tell(&b->trace, &udp);
    (void)lines_of(b, text);
    story_picture(&b->trace);
    assert_string_equal(lines_of(b, text), "");
    udp = call;
    udp.after = STATE_CLOSE_WAIT;
    story_tell(&b->trace, &udp);
    (void)lines_of(b, text);
    story_picture(&b->trace);
    assert_non_null(strstr(lines_of(b, text), "[CLOSE-WAIT]"));
    assert_non_null(strstr(text, "a<b>&c: ESTABLISHED > CLOSE-WAIT\n"));
    b->memory->columns = 80; /* no room beside the diagram */
    story_picture(&b->trace);
    assert_non_null(strstr(lines_of(b, text), "[CLOSE-WAIT]"));
    assert_null(strstr(text, "a<b>"));
}

static char *drawing_of(const struct bench *b)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_int_equal(story_draw(b->memory, out), 0);
    fclose(out);
    return text;
}

static void more_calls_than_are_kept(void **state)
{
    struct bench *b = *state;
    struct trace_call last = call;
    char *text;

    b->memory->silent = true;
    for (int i = 0; i < TRACE_CALLS + 7; i++)
        story_tell(&b->trace, &call);
    last.after = STATE_CLOSE_WAIT; /* not kept, but counted */
    story_tell(&b->trace, &last);
    text = drawing_of(b);
    assert_non_null(strstr(text, "a&lt;b&gt;&amp;c"));
    assert_null(strstr(text, "a<b>"));
    assert_non_null(strstr(text, "and 8 calls more"));
    assert_non_null(strstr(text, "class=\"taken\"/><text x=\"582\" y=\"360\""));
    assert_ptr_equal(strstr(text, "<svg"), text);
    assert_string_equal(text + strlen(text) - 7, "</svg>\n");
    free(text);
}

static void a_full_disk_is_told(void **state)
{
    struct bench *b = *state;
    FILE *out = fopen("/dev/full", "w");

    assert_non_null(out);
    assert_int_equal(story_draw(b->memory, out), -ENOSPC);
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_a_call_below_a_head, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(another_file_is_left_alone, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(the_picture_is_of_tcp, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(more_calls_than_are_kept, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(a_full_disk_is_told, open_bench, close_bench),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
