/* SPDX-License-Identifier: MIT */
/* Tests of report/log.h and report/log_output.h. */
#include "report/log.h"
#include "os/clock.h"
#include "report/log_output.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define DROPPED                                                                          \
    "time=2026-11-22T19:04:00.123Z level=warn message=\"%u log lines dropped\""

static uint64_t fixed_time(void)
{
    return 1795374240123;
}

static struct log *open_log(int fd, enum record_form form, size_t room)
{
    struct log_options o = {
        .fd = fd, .form = form, .room = room, .wall_ms = fixed_time
    };
    struct log *log = NULL;

    assert_int_equal(log_open(&log, &o), 0);
    return log;
}

static void log_bytes(struct log *log, uint64_t bytes)
{
    log_record(log, &(struct transfer_record){ .outcome = "ok", .bytes = bytes });
}

/* All that is in the pipe now, as text. */
static char *read_all(int fd)
{
    enum { ROOM = 4 << 20 };
    char *text = calloc(1, ROOM);
    size_t len = 0;
    ssize_t n = 0;

    while ((n = read(fd, text + len, ROOM - 1 - len)) > 0)
        len += (size_t)n;
    return text;
}

static void a_record_is_a_line(void **state)
{
    static const char start[] = "time=1970-01-01T00:00:00.001Z event=get ";
    int ends[2];
    char *text = NULL;
    struct log *log = NULL;

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    log = open_log(ends[1], RECORD_AS_TEXT, 0);
    log_record(log, &(struct transfer_record){ .time_ms = 1, .outcome = "ok" });
    log_close(log, KEDGE_SEC);
    close(ends[1]);
    text = read_all(ends[0]);
    assert_memory_equal(text, start, sizeof start - 1);
    assert_int_equal(text[strlen(text) - 1], '\n');
    free(text);
    close(ends[0]);
}

/* Count the lines, each of more bytes than the last, and add up what was said to be
 * dropped. */
static void count_lines(const char *text, unsigned *lines, unsigned *said)
{
    unsigned last = 0;

    *lines = *said = 0;
    for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
        const char *end = strchr(at, '\n'), *bytes = strstr(at, " bytes=");
        unsigned n = 0;

        assert_non_null(end);
        if (bytes && bytes < end) {
            assert_int_equal(sscanf(bytes, " bytes=%u ", &n), 1);
            assert_true(n > last);
            last = n;
            ++*lines;
        } else {
            assert_int_equal(sscanf(at, DROPPED, &n), 1);
            *said += n;
        }
    }
}

static void *slow_reader(void *fd)
{
    nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
    return read_all(*(int *)fd);
}

/* Nobody reads for a while: the caller does not wait, and no line is lost untold. */
static void a_slow_reader_stops_nobody(void **state)
{
    enum { LINES = 20000 };
    int ends[2];
    pthread_t reader;
    void *text = NULL;
    unsigned lines = 0, said = 0;
    struct log *log = NULL;
    kedge_nanos before = 0;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    log = open_log(ends[1], RECORD_AS_TEXT, 8192);
    before = clock_now();
    for (unsigned i = 1; i <= LINES; i++)
        log_bytes(log, i);
    assert_true(clock_now() - before < 5 * KEDGE_SEC);
    assert_int_equal(pthread_create(&reader, NULL, slow_reader, &ends[0]), 0);
    log_close(log, 5 * KEDGE_SEC);
    close(ends[1]);
    pthread_join(reader, &text);
    count_lines(text, &lines, &said);
    assert_int_equal(lines + said, LINES);
    assert_true(said > LINES / 2);
    free(text);
    close(ends[0]);
}

static void what_was_dropped_is_told_in_json(void **state)
{
    static const char told[] =
        "{\"time\":\"2026-11-22T19:04:00.123Z\",\"level\":\"warn\","
        "\"message\":\"";
    int ends[2];
    pthread_t reader;
    void *text = NULL;
    struct log *log = NULL;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    log = open_log(ends[1], RECORD_AS_JSON, 8192);
    for (unsigned i = 1; i <= 2000; i++)
        log_bytes(log, i);
    assert_int_equal(pthread_create(&reader, NULL, slow_reader, &ends[0]), 0);
    log_close(log, 5 * KEDGE_SEC);
    close(ends[1]);
    pthread_join(reader, &text);
    assert_non_null(strstr(text, told));
    assert_non_null(strstr(text, " log lines dropped\"}\n"));
    free(text);
    close(ends[0]);
}

/* A reader that never comes: closing gives up after its patience. */
static void closing_does_not_wait_for_ever(void **state)
{
    int ends[2];
    struct log *log = NULL;
    kedge_nanos before = 0;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    log = open_log(ends[1], RECORD_AS_TEXT, 1 << 20);
    for (int i = 0; i < 5000; i++)
        log_bytes(log, (uint64_t)i);
    before = clock_now();
    log_close(log, 50 * KEDGE_MSEC);
    assert_true(clock_now() - before < 5 * KEDGE_SEC);
    close(ends[0]);
    close(ends[1]);
}

/* To a file lines go behind what is there; a socket and a terminal take them too. */
static void any_kind_of_descriptor_will_do(void **state)
{
    int ends[2], slave, master = posix_openpt(O_RDWR | O_NOCTTY);
    char text[512] = { 0 };
    FILE *file = tmpfile();
    int from[3], outs[3];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(grantpt(master) | unlockpt(master), 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    outs[0] = from[0] = fileno(file);
    outs[1] = ends[1];
    outs[2] = slave;
    from[1] = ends[0];
    from[2] = master;
    assert_int_equal(write(outs[0], "first\n", 6), 6);
    for (int i = 0; i < 3; i++) {
        struct log *log = open_log(outs[i], RECORD_AS_TEXT, 0);

        log_bytes(log, 77);
        log_close(log, KEDGE_SEC);
        assert_false(fcntl(outs[i], F_GETFL) & O_NONBLOCK);
        memset(text, 0, sizeof text);
        if (i == 0)
            lseek(from[0], 0, SEEK_SET);
        assert_true(read(from[i], text, sizeof text - 1) > 0);
        assert_non_null(strstr(text, " bytes=77 "));
        assert_true(i > 0 || memcmp(text, "first\ntime=", 11) == 0);
    }
    fclose(file);
    close(ends[0]);
    close(ends[1]);
    close(slave);
    close(master);
}

static void a_closed_reader_is_no_fault(void **state)
{
    int ends[2];
    struct log *log = NULL;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    log = open_log(ends[1], RECORD_AS_TEXT, 0);
    for (int i = 0; i < 1000; i++)
        log_bytes(log, (uint64_t)i);
    log_close(log, KEDGE_SEC);
    close(ends[1]);
}

/* A pipe is given no more than it surely takes; a file has no reader to wait for. */
static void a_file_takes_a_chunk_whole(void **state)
{
    static const uint8_t chunk[65536];
    FILE *file = tmpfile();
    struct log_output out;

    (void)state;
    assert_non_null(file);
    assert_int_equal(log_output_open(&out, fileno(file)), 0);
    assert_int_equal(log_output_write(&out, (struct kedge_span){ chunk, sizeof chunk }),
                     sizeof chunk);
    log_output_close(&out);
    fclose(file);
}

static void no_log_is_silent(void **state)
{
    (void)state;
    log_record(NULL, &(struct transfer_record){ 0 });
    log_close(NULL, KEDGE_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_dropped_is_told_in_json),
        cmocka_unit_test(a_record_is_a_line),
        cmocka_unit_test(a_slow_reader_stops_nobody),
        cmocka_unit_test(closing_does_not_wait_for_ever),
        cmocka_unit_test(any_kind_of_descriptor_will_do),
        cmocka_unit_test(a_closed_reader_is_no_fault),
        cmocka_unit_test(a_file_takes_a_chunk_whole),
        cmocka_unit_test(no_log_is_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
