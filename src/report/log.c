/* SPDX-License-Identifier: MIT */
/* The ring of log lines and the thread that writes them. */
#include "report/log.h"

#include "base/number.h"
#include "os/clock.h"
#include "report/json.h"
#include "report/log_output.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROOM_DEFAULT ((size_t)1 << 20)
#define ROOM_MIN ((size_t)4096)
#define CHUNK 65536

/* Lines gather for so long before they are written together, unless they are many: a wake
 * of the thread for each line would cost the caller more than the line itself. */
static const kedge_nanos gather = 5 * KEDGE_MSEC;

/* The ring holds whole lines. `end` and `begin` only grow; their difference is what waits
 * to be written. */
struct log {
    struct log_options o;
    struct log_output out;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;    /* lines came, or closing was set */
    pthread_cond_t drained; /* the thread is about to end */
    uint64_t begin, end;
    uint64_t unsaid; /* lines dropped, and not yet told */
    bool closing, over;
    bool idle;      /* the thread waits for a first line */
    bool gathering; /* it waits for more of them */
    uint8_t ring[];
};

static size_t room_left(const struct log *log)
{
    return log->o.room - (size_t)(log->end - log->begin);
}

static void ring_put(struct log *log, struct kedge_span line)
{
    size_t at = (size_t)(log->end % log->o.room);
    size_t first = log->o.room - at;

    if (first > line.len)
        first = line.len;
    memcpy(log->ring + at, line.ptr, first);
    memcpy(log->ring, line.ptr + first, line.len - first);
    log->end += line.len;
}

static size_t ring_peek(const struct log *log, uint8_t *out, size_t most)
{
    size_t waiting = (size_t)(log->end - log->begin);
    size_t at = (size_t)(log->begin % log->o.room);
    size_t n = waiting < most ? waiting : most;
    size_t first = log->o.room - at;

    if (first > n)
        first = n;
    memcpy(out, log->ring + at, first);
    memcpy(out + first, log->ring, n - first);
    return n;
}

static void dropped_text(struct writer *w, uint64_t now, const char *message)
{
    put(w, span_of("time="));
    record_time(w, now);
    put(w, span_of(" level=warn message=\""));
    put(w, span_of(message));
    put_u8(w, '"');
}

static void dropped_json(struct writer *w, uint64_t now, const char *message)
{
    struct kedge_span document = { 0 };
    uint8_t stamp[64];
    struct writer time = { .ptr = stamp, .room = sizeof stamp };
    struct json j;

    record_time(&time, now);
    json_init(&j, w->ptr, w->room);
    json_object(&j, NULL);
    json_string(&j, "time", written(&time));
    json_text(&j, "level", "warn");
    json_text(&j, "message", message);
    json_end(&j);
    w->bad = !json_finish(&j, &document);
    w->len = document.len;
}

/* Under the lock. False: it must wait until lines have left. */
static bool say_dropped(struct log *log)
{
    uint8_t space[512];
    struct writer w = { .ptr = space, .room = sizeof space };
    char text[64];

    if (log->unsaid == 0)
        return true;
    snprintf(text, sizeof text, "%llu log line%s dropped",
             (unsigned long long)log->unsaid, log->unsaid == 1 ? "" : "s");
    if (log->o.form == RECORD_AS_JSON)
        dropped_json(&w, log->o.wall_ms(), text);
    else
        dropped_text(&w, log->o.wall_ms(), text);
    put_u8(&w, '\n');
    if (w.len > room_left(log))
        return false;
    ring_put(log, written(&w));
    log->unsaid = 0;
    return true;
}

static bool crowded(const struct log *log)
{
    return room_left(log) < log->o.room / 4 * 3;
}

/* Under the lock. */
static void wake(struct log *log)
{
    if (!log->idle && !(log->gathering && crowded(log)))
        return;
    log->idle = log->gathering = false;
    pthread_cond_signal(&log->more);
}

static void append_line(struct log *log, const struct writer *line)
{
    pthread_mutex_lock(&log->lock);
    if (line->bad || !say_dropped(log) || line->len > room_left(log)) {
        log->unsaid++;
    } else {
        ring_put(log, written(line));
        wake(log);
    }
    pthread_mutex_unlock(&log->lock);
}

/* Where nothing can be written any more, lines vanish: a log must not fill with them. */
static void forward(struct log *log, ssize_t n)
{
    bool later = n == 0 || n == -EAGAIN || n == -EINTR;

    if (later) /* ready, and yet not: do not spin */
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    pthread_mutex_lock(&log->lock);
    if (n > 0)
        log->begin += (uint64_t)n;
    else if (!later)
        log->begin = log->end;
    (void)say_dropped(log);
}

static struct timespec after(kedge_nanos patience)
{
    kedge_nanos end = add_sat(clock_now(), patience);

    return (struct timespec){ .tv_sec = (time_t)(end / KEDGE_SEC),
                              .tv_nsec = (long)(end % KEDGE_SEC) };
}

/* Under the lock: until there is enough to write. */
static void wait_for_lines(struct log *log)
{
    struct timespec until = { 0 };
    int err = 0;

    while (log->begin == log->end && !log->closing) {
        log->idle = true;
        pthread_cond_wait(&log->more, &log->lock);
    }
    until = after(gather);
    log->idle = false;
    log->gathering = !log->closing && !crowded(log);
    while (log->gathering && !log->closing && err == 0)
        err = pthread_cond_timedwait(&log->more, &log->lock, &until);
    log->gathering = false;
}

static void *writer_thread(void *arg)
{
    struct log *log = arg;
    uint8_t chunk[CHUNK];

    pthread_mutex_lock(&log->lock);
    for (;;) {
        struct kedge_span lines = { chunk, 0 };

        wait_for_lines(log);
        if (log->begin == log->end)
            break;
        lines.len = ring_peek(log, chunk, sizeof chunk);
        pthread_mutex_unlock(&log->lock);
        forward(log, log_output_write(&log->out, lines));
    }
    log->over = true;
    pthread_cond_signal(&log->drained);
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

static int start_writer(struct log *log)
{
    sigset_t all, before;
    pthread_condattr_t attr;
    int err = 0;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->more, &attr);
    pthread_cond_init(&log->drained, &attr);
    pthread_condattr_destroy(&attr);
    sigfillset(&all); /* signals are for the loop's thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&log->thread, NULL, writer_thread, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}

int log_open(struct log **out, const struct log_options *options)
{
    size_t room = options->room ? options->room : ROOM_DEFAULT;
    struct log *log = NULL;
    int err = 0;

    if (room < ROOM_MIN)
        room = ROOM_MIN;
    log = calloc(1, sizeof *log + room);
    if (!log)
        return -ENOMEM;
    log->o = *options;
    log->o.room = room;
    if (!log->o.wall_ms)
        log->o.wall_ms = record_wall_ms;
    err = log_output_open(&log->out, log->o.fd);
    if (err)
        goto fail;
    err = start_writer(log);
    if (err)
        goto close;
    *out = log;
    return 0;

close:
    log_output_close(&log->out);
fail:
    free(log);
    return err;
}

void log_close(struct log *log, kedge_nanos patience)
{
    struct timespec until = after(patience);
    int err = 0;

    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->closing = true;
    pthread_cond_signal(&log->more);
    while (!log->over && err == 0)
        err = pthread_cond_timedwait(&log->drained, &log->lock, &until);
    pthread_mutex_unlock(&log->lock);
    if (err)
        log_output_give_up(&log->out);
    pthread_join(log->thread, NULL);
    log_output_close(&log->out);
    pthread_cond_destroy(&log->more);
    pthread_cond_destroy(&log->drained);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

void log_record(struct log *log, const struct transfer_record *record)
{
    uint8_t space[RECORD_LINE_MAX + 1];
    struct writer w = { .ptr = space, .room = sizeof space };

    if (!log)
        return;
    record_write(&w, record, log->o.form);
    put_u8(&w, '\n');
    append_line(log, &w);
}
