/* SPDX-License-Identifier: MIT */
/* Tests of report/progress.h. */
#include "report/progress.h"

#include "report/text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

static void check(const struct progress_view *view, size_t width, const char *want)
{
    char out[1024] = { 0 };
    struct writer w = { .ptr = (uint8_t *)out, .room = sizeof out - 1 };

    progress_line(&w, view, width);
    assert_string_equal(out, want);
    assert_true(text_width(written(&w)) <= width);
}

static void says_share_rate_and_time_left(void **state)
{
    struct progress_view view = { span_of("image"), 25 << 20, 100 << 20,
                                  .elapsed = 5 * KEDGE_SEC };

    (void)state;
    check(&view, 79,
          "image [#######........................]  25 %  25.0 MiB  5120 KiB/s"
          "  00:15 left");
    check(&view, 60, "image [###.........]  25 %  25.0 MiB  5120 KiB/s  00:15 left");
    check(&view, 49, "image  25 %  25.0 MiB  5120 KiB/s  00:15 left");
    check(&view, 36, "  25 %  25.0 MiB  5120 KiB/s  00:15 ");
}

static void without_a_size_there_is_no_bar(void **state)
{
    struct progress_view view = { span_of("image"), 900, PROGRESS_UNKNOWN,
                                  .elapsed = KEDGE_SEC };

    (void)state;
    check(&view, 79, "image  900 B  900 B/s");
}

static void a_silent_peer_is_waited_for(void **state)
{
    struct progress_view view = { span_of("image"),        0,
                                  PROGRESS_UNKNOWN,        .elapsed = 4 * KEDGE_SEC,
                                  .waited = 4 * KEDGE_SEC, .patience = 30 * KEDGE_SEC };

    (void)state;
    check(&view, 79, "image  waiting, 4 s of 30");
    view.patience = 0;
    check(&view, 39, "image  waiting, 4 s");
    view.patience = 30 * KEDGE_SEC;
    view.done = 25 << 20;
    view.total = 100 << 20;
    check(&view, 50, "image  25 %  25.0 MiB  waiting, 4 s of 30");
    view.waited = PROGRESS_STILL - 1;
    check(&view, 49, "image  25 %  25.0 MiB  6400 KiB/s  00:12 left");
}

static void at_its_edges(void **state)
{
    struct progress_view empty = { span_of("e"), 0, 0, .elapsed = KEDGE_SEC };
    struct progress_view begin = { span_of("b"), 0, 1000, .elapsed = 0 };
    struct progress_view more = { span_of("m"), 2000, 1000, .elapsed = KEDGE_SEC };
    struct progress_view huge = { span_of("h"), 1, UINT64_MAX - 1, .elapsed = KEDGE_SEC };

    (void)state;
    check(&empty, 36, "e 100 %  0 B  0 B/s  --:-- left");
    check(&begin, 36, "b   0 %  0 B  0 B/s  --:-- left");
    check(&more, 40, "m 100 %  2000 B  2000 B/s  00:00 left");
    check(&huge, 36, "h   0 %  1 B  1 B/s  --:-- left");
}

/* A pseudo-terminal; the reader's end, and the other in *slave. */
static int terminal(int *slave)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);

    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    *slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(*slave >= 0);
    return master;
}

static size_t drain(int fd, char *out, size_t room)
{
    ssize_t n = read(fd, out, room - 1);

    out[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

static void draws_at_most_ten_times_a_second(void **state)
{
    char seen[4096];
    struct progress p;
    int slave = -1, master = terminal(&slave), drawings = 0;

    (void)state;
    progress_start(&p, slave, false, span_of("image"), 1000);
    p.total = 1000;
    for (kedge_nanos t = 0; t <= KEDGE_SEC; t += KEDGE_MSEC) {
        progress_update(&p, t / KEDGE_MSEC, 1000 + t);
        drawings += drain(master, seen, sizeof seen) > 0;
    }
    assert_int_equal(drawings, 10);
    progress_end(&p);
    assert_true(drain(master, seen, sizeof seen) > 0);
    assert_string_equal(seen, "\r\x1b[K");
    close(slave);
    close(master);
}

static void waits_since_the_last_byte(void **state)
{
    char seen[4096];
    struct progress p;
    int slave = -1, master = terminal(&slave);

    (void)state;
    progress_start(&p, slave, false, span_of("image"), 0);
    p.patience = 30 * KEDGE_SEC;
    progress_update(&p, 500, 2 * KEDGE_SEC);
    progress_update(&p, 500, 3 * KEDGE_SEC - 1);
    drain(master, seen, sizeof seen);
    assert_null(strstr(seen, "waiting"));
    progress_update(&p, 100,
                    7 * KEDGE_SEC); /* from the start again: no more than there was */
    drain(master, seen, sizeof seen);
    assert_non_null(strstr(seen, "waiting, 5 s of 30"));
    close(slave);
    close(master);
}

static void keeps_to_the_width_of_the_terminal(void **state)
{
    char seen[4096];
    struct winsize size = { .ws_row = 24, .ws_col = 50 };
    struct progress p;
    int slave = -1, master = terminal(&slave);

    (void)state;
    assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
    progress_start(&p, slave, false, span_of("a long name of an image\n.bin"), 0);
    p.total = 1000;
    progress_update(&p, 500, KEDGE_SEC);
    assert_int_equal(drain(master, seen, sizeof seen) > 0, 1);
    assert_true(strlen(seen) <= 1 + 49 + 3);
    assert_int_equal(seen[0], '\r');
    close(slave);
    close(master);
}

static void silent_where_nobody_watches(void **state)
{
    char seen[64];
    struct progress p;
    int ends[2], slave = -1, master = terminal(&slave);

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    progress_start(&p, ends[1], false, span_of("x"), 0);
    progress_update(&p, 5, 10 * KEDGE_SEC);
    progress_end(&p);
    assert_int_equal(drain(ends[0], seen, sizeof seen), 0);
    progress_start(&p, slave, true, span_of("x"), 0);
    progress_update(&p, 5, 10 * KEDGE_SEC);
    progress_end(&p);
    assert_int_equal(drain(master, seen, sizeof seen), 0);
    close(ends[0]);
    close(ends[1]);
    close(slave);
    close(master);
}

static void a_dumb_terminal_is_not_drawn_on(void **state)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY);

    (void)state;
    assert_true(fd >= 0);
    setenv("TERM", "dumb", 1);
    assert_false(terminal_draws(fd));
    setenv("TERM", "xterm", 1);
    assert_true(terminal_draws(fd));
    unsetenv("TERM");
    assert_true(terminal_draws(fd));
    close(fd);
    assert_false(terminal_draws(fd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_share_rate_and_time_left),
        cmocka_unit_test(without_a_size_there_is_no_bar),
        cmocka_unit_test(a_silent_peer_is_waited_for),
        cmocka_unit_test(waits_since_the_last_byte),
        cmocka_unit_test(at_its_edges),
        cmocka_unit_test(draws_at_most_ten_times_a_second),
        cmocka_unit_test(keeps_to_the_width_of_the_terminal),
        cmocka_unit_test(silent_where_nobody_watches),
        cmocka_unit_test(a_dumb_terminal_is_not_drawn_on),
    };

    setenv("TERM", "xterm", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
