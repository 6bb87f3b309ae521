/* SPDX-License-Identifier: MIT */
/* The calls of a trace, printed as they come and drawn at the end. */
#include "trace/story.h"

#include "report/tcp_svg.h"
#include "report/tcp_text.h"
#include "trace/line.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BESIDE_COLUMNS 110 /* of a terminal where calls fit beside the picture */

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

    struct kedge_call tcp = c->tcp;

    tcp.name = c->name; /* ours to lend */
    path_add(&m->path, &tcp);
    if (!m->silent)
        print_call(t, c);
    if (m->count < TRACE_CALLS)
        m->calls[m->count++] = *c;
    else
        m->more++;
}

static bool is_tcp(const struct tcp_path *p)
{
    for (unsigned s = KEDGE_TCP_UNKNOWN + 1; s < KEDGE_TCP_STATES; s++)
        if (p->seen[s])
            return true;
    return false;
}

void story_picture(struct trace *t)
{
    char space[TCP_PICTURE];
    struct writer w = { .ptr = (uint8_t *)space, .room = sizeof space };
    struct trace_memory *m = t->memory;

    if (!is_tcp(&m->path))
        return;
    (void)BESIDE_COLUMNS;
    tcp_text_picture(&w, &m->path, NULL, 0);
    print(t, &w);
}

int story_draw(const struct trace_memory *m, FILE *out)
{
    struct kedge_call calls[TRACE_CALLS];

    for (size_t i = 0; i < m->count; i++) {
        calls[i] = m->calls[i].tcp;
        calls[i].name = m->calls[i].name;
    }
    tcp_svg(out, &m->path, calls, m->count, m->more);
    if (fflush(out) != 0)
        return -errno;
    return ferror(out) ? -EIO : 0;
}
