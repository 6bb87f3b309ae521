/* SPDX-License-Identifier: MIT */
/* The calls of a trace, printed as they come and drawn at the end. */
#include "trace/story.h"

#include "trace/svg.h"
#include "trace/picture.h"
#include "trace/line.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BESIDE_COLUMNS 140 /* of a terminal where calls fit beside the picture */

/* The descriptor may have been closed since, and be another file's by now. */
static bool is_ours(const struct trace *t)
{
    struct stat st;

    return t->errors >= 0 && fstat(t->errors, &st) == 0 &&
           st.st_dev == t->memory->error_device && st.st_ino == t->memory->error_inode;
}

/* In one write, so that lines of two processes do not mix. A bare system call: no point of
 * cancellation. The caller blocks SIGPIPE; what was raised here is taken back. */
static void print(struct trace *t, const struct writer *w)
{
    const struct timespec now = { 0 };
    sigset_t pipe;

    if (!is_ours(t) || syscall(SYS_write, t->errors, w->ptr, w->len) >= 0 ||
        errno != EPIPE)
        return;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    (void)sigtimedwait(&pipe, NULL, &now);
}

static void print_call(struct trace *t, const struct trace_call *c)
{
    char space[2 * LINE_MOST];
    struct writer w = { .ptr = (uint8_t *)space, .room = sizeof space };

    if (!t->memory->headed)
        line_head(&w);
    t->memory->headed = true;
    line_call(&w, c, t->memory->columns);
    print(t, &w);
}

void story_tell(struct trace *t, const struct trace_call *c)
{
    struct trace_memory *m = t->memory;

    path_add(&m->path, c);
    if (!m->silent)
        print_call(t, c);
    if (m->count < TRACE_CALLS)
        m->calls[m->count++] = *c;
    else
        m->more++;
}

static bool is_tcp(const struct tcp_path *p)
{
    for (unsigned s = STATE_UNKNOWN + 1; s < STATE_COUNT; s++)
        if (p->seen[s])
            return true;
    return false;
}

void story_picture(struct trace *t)
{
    char space[PICTURE_MOST];
    struct writer w = { .ptr = (uint8_t *)space, .room = sizeof space };
    struct trace_memory *m = t->memory;
    bool beside;

    if (!is_tcp(&m->path))
        return;
    beside = m->columns == 0 || m->columns >= BESIDE_COLUMNS;
    picture_text(&w, &m->path, m->calls, beside ? m->count : 0);
    print(t, &w);
}

int story_draw(const struct trace_memory *m, FILE *out)
{
    svg_write(out, &m->path, m->calls, m->count, m->more);
    if (fflush(out) != 0)
        return -errno;
    return ferror(out) ? -EIO : 0;
}
