/* SPDX-License-Identifier: MIT */
/* Tests of the source in file/local.h. */
#include "tree.h"

#include "file/local.h"
#include "../skip.h"

#define KEEP 16

static struct store_result read_text(struct local_source *s, uint64_t offset, size_t len,
                                     char *text)
{
    struct iovec halves[] = { { text, len / 2 }, { text + len / 2, len - len / 2 } };
    size_t got = 0;
    struct store_result r = local_source_read(s, halves, 2, offset, &got);

    text[r.error ? 0 : got] = 0;
    return r;
}

static void assert_part(struct local_source *s, uint64_t offset, size_t len,
                        const char *want)
{
    char text[64];

    assert_int_equal(read_text(s, offset, len, text).error, STORE_OK);
    assert_string_equal(text, want);
}

static void a_file_is_read_anywhere(void **state)
{
    struct tree *t = *state;
    struct local_source s;

    put_file(at(t, "x"), "0123456789");
    assert_int_equal(local_source_open(&s, at(t, "x").text, NULL, 0).error, STORE_OK);
    assert_false(s.stream);
    assert_true(s.sized && s.size == 10);
    assert_part(&s, 7, 20, "789");
    assert_part(&s, 0, 4, "0123");
    assert_part(&s, 10, 4, "");
    assert_part(&s, 11, 4, "");
    assert_false(local_source_changed(&s));
    local_source_close(&s);
    assert_int_equal(s.fd, -1);
}

static void a_file_that_shrinks_or_grows_is_changed(void **state)
{
    struct tree *t = *state;
    struct local_source s;
    char text[64];

    put_file(at(t, "x"), "0123456789");
    assert_int_equal(local_source_open(&s, at(t, "x").text, NULL, 0).error, STORE_OK);
    put_file(at(t, "x"), "0123456789 and more");
    assert_part(&s, 0, 20, "0123456789");
    assert_true(local_source_changed(&s));
    assert_int_equal(truncate(at(t, "x").text, 4), 0);
    assert_int_equal(read_text(&s, 0, 20, text).error, STORE_CHANGED);
    assert_part(&s, 0, 4, "0123");
    assert_true(local_source_changed(&s));
    local_source_close(&s);
}

static void errors_are_told(void **state)
{
    struct tree *t = *state;
    struct local_source s;

    assert_int_equal(local_source_open(&s, at(t, "absent").text, NULL, 0).error,
                     STORE_NOT_FOUND);
    assert_int_equal(s.fd, -1);
    assert_int_equal(local_source_open(&s, at(t, "root").text, NULL, 0).error,
                     STORE_DENIED);
    assert_int_equal(s.fd, -1);
    local_source_close(&s);
}

/* Standard input is fd as long as body runs. */
static void with_stdin(int fd, void (*body)(struct tree *), struct tree *t)
{
    int saved = dup(STDIN_FILENO);

    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    body(t);
    (void)dup2(saved, STDIN_FILENO);
    close(saved);
}

static void read_rest_of_stdin(struct tree *t)
{
    struct local_source s;

    (void)t;
    assert_int_equal(local_source_open(&s, "-", NULL, 0).error, STORE_OK);
    assert_true(s.sized && s.size == 7);
    assert_part(&s, 0, 64, "3456789");
    assert_part(&s, 5, 64, "89");
    assert_false(local_source_changed(&s));
    local_source_close(&s);
}

static void standard_input_is_read_from_where_it_stands(void **state)
{
    struct tree *t = *state;
    int fd;

    put_file(at(t, "x"), "0123456789");
    fd = open(at(t, "x").text, O_RDONLY | O_CLOEXEC);
    assert_int_equal(lseek(fd, 3, SEEK_SET), 3);
    with_stdin(fd, read_rest_of_stdin, t);
    close(fd);
}

static void read_pipe_in_windows(struct tree *t)
{
    uint8_t keep[KEEP];
    struct local_source s;

    (void)t;
    assert_int_equal(local_source_open(&s, "-", keep, sizeof keep).error, STORE_OK);
    assert_true(s.stream);
    assert_false(s.sized);
    assert_part(&s, 0, 8, "01234567");
    assert_part(&s, 8, 8, "89abcdef");
    assert_part(&s, 0, 16, "0123456789abcdef"); /* again: all is still kept */
    assert_part(&s, 16, 8, "ghijklmn");
    assert_part(&s, 8, 16, "89abcdefghijklmn"); /* across the ring's end */
    assert_false(s.sized);
    assert_part(&s, 24, 16, "opqrst");
    assert_true(s.sized && s.size == 30);
    assert_part(&s, 24, 16, "opqrst");
    assert_part(&s, 30, 8, "");
    assert_part(&s, 14, 16, "efghijklmnopqrst");
    local_source_close(&s);
}

static void a_stream_keeps_its_last_bytes(void **state)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "0123456789abcdefghijklmnopqrst", 30), 30);
    close(ends[1]);
    with_stdin(ends[0], read_pipe_in_windows, *state);
    close(ends[0]);
}

/* What is there is taken without a wait; what is asked for beyond it is waited for. */
static void a_slow_stream_is_taken_piece_by_piece(void **state)
{
    struct tree *t = *state;
    struct path fifo = at(t, "fifo");
    uint8_t keep[KEEP];
    struct local_source s;
    int out;

    assert_int_equal(mkfifo(fifo.text, 0600), 0);
    out = open(fifo.text, O_RDWR | O_CLOEXEC);
    assert_int_equal(local_source_open(&s, fifo.text, keep, sizeof keep).error, STORE_OK);
    assert_int_equal(write(out, "abc", 3), 3);
    assert_int_equal(local_source_take(&s, 8).error, STORE_OK);
    assert_int_equal(s.end, 3);
    assert_part(&s, 0, 3, "abc");
    assert_int_equal(fcntl(s.fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(local_source_take(&s, 8).error, STORE_OK); /* nothing is there */
    assert_int_equal(s.end, 3);
    assert_int_equal(write(out, "defghijk", 8), 8);
    assert_int_equal(local_source_take(&s, 8).error, STORE_OK);
    assert_int_equal(s.end, 8);
    close(out);
    assert_part(&s, 4, 16, "efghijk");
    assert_true(s.sized && s.size == 11);
    assert_int_equal(local_source_take(&s, 20).error, STORE_OK);
    assert_int_equal(s.end, 11);
    local_source_close(&s);
}

static void *write_slowly(void *arg)
{
    int fd = *(int *)arg;

    for (int i = 0; i < 4; i++) {
        struct timespec pause = { .tv_nsec = 2000000 };

        (void)nanosleep(&pause, NULL);
        if (write(fd, "ab", 2) != 2)
            break;
    }
    close(fd);
    return NULL;
}

static void a_stream_that_does_not_block_is_waited_for(void **state)
{
    struct tree *t = *state;
    struct path fifo = at(t, "fifo");
    uint8_t keep[KEEP];
    struct local_source s;
    pthread_t writer;
    int out;

    assert_int_equal(mkfifo(fifo.text, 0600), 0);
    out = open(fifo.text, O_RDWR | O_CLOEXEC);
    assert_int_equal(local_source_open(&s, fifo.text, keep, sizeof keep).error, STORE_OK);
    assert_int_equal(fcntl(s.fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_slowly, &out), 0);
    assert_part(&s, 0, 16, "abababab");
    pthread_join(writer, NULL);
    local_source_close(&s);
}

static void read_empty_pipe(struct tree *t)
{
    uint8_t keep[KEEP];
    struct local_source s;

    (void)t;
    assert_int_equal(local_source_open(&s, "-", keep, sizeof keep).error, STORE_OK);
    assert_part(&s, 0, 8, "");
    assert_true(s.sized && s.size == 0);
    local_source_close(&s);
}

static void an_empty_stream_is_an_empty_file(void **state)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[1]);
    with_stdin(ends[0], read_empty_pipe, *state);
    close(ends[0]);
}

static void files_that_hide_their_size_are_streams(void **state)
{
    struct tree *t = *state;
    uint8_t keep[KEEP];
    struct local_source s;
    char text[64];

    if (access("/proc/version", R_OK) < 0)
        skip_because("/proc/version may not be read here");
    assert_int_equal(local_source_open(&s, "/proc/version", keep, sizeof keep).error,
                     STORE_OK);
    assert_true(s.stream);
    assert_int_equal(read_text(&s, 0, 5, text).error, STORE_OK);
    assert_string_equal(text, "Linux");
    local_source_close(&s);

    put_file(at(t, "empty"), "");
    assert_int_equal(local_source_open(&s, at(t, "empty").text, NULL, 0).error, STORE_OK);
    assert_true(!s.stream && s.sized && s.size == 0);
    assert_part(&s, 0, 8, "");
    local_source_close(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_anywhere),
        TEST(a_file_that_shrinks_or_grows_is_changed),
        TEST(errors_are_told),
        TEST(standard_input_is_read_from_where_it_stands),
        TEST(a_stream_keeps_its_last_bytes),
        TEST(a_slow_stream_is_taken_piece_by_piece),
        TEST(a_stream_that_does_not_block_is_waited_for),
        TEST(an_empty_stream_is_an_empty_file),
        TEST(files_that_hide_their_size_are_streams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
