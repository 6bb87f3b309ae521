/* SPDX-License-Identifier: MIT */
/* The memory of a trace: an anonymous file that COMMAND inherits, and a robust lock. */
#include "trace/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct trace_memory *memory_map(int fd)
{
    void *at = mmap(NULL, sizeof(struct trace_memory), PROT_READ | PROT_WRITE, MAP_SHARED,
                    fd, 0);

    return at == MAP_FAILED ? NULL : at;
}

static int make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t shared;
    int err = pthread_mutexattr_init(&shared);

    if (err)
        return -err;
    err = pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    if (!err)
        err = pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
    if (!err)
        err = pthread_mutex_init(lock, &shared);
    (void)pthread_mutexattr_destroy(&shared);
    return -err;
}

int memory_create(struct trace_memory **out)
{
    struct trace_memory *m = NULL;
    int fd = memfd_create("kedge-trace", MFD_CLOEXEC);
    int err;

    if (fd < 0)
        return -errno;
    if (ftruncate(fd, sizeof *m) == 0)
        m = memory_map(fd);
    err = m ? make_lock(&m->lock) : -errno;
    if (err) {
        close(fd);
        return err;
    }
    KEDGE_ASSERT(m != NULL);
    m->layout = sizeof *m;
    *out = m;
    return fd;
}

struct trace_memory *memory_attach(int fd)
{
    struct trace_memory *m = NULL;
    struct stat st;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != sizeof *m)
        return NULL;
    m = memory_map(fd);
    if (m && m->layout != sizeof *m) {
        (void)munmap(m, sizeof *m);
        return NULL;
    }
    return m;
}

bool memory_lock(struct trace_memory *m)
{
    struct timespec end;
    int err;

    (void)clock_gettime(CLOCK_REALTIME, &end); /* the clock that the call takes */
    end.tv_sec++;
    err = pthread_mutex_timedlock(&m->lock, &end);
    return err == 0 || (err == EOWNERDEAD && pthread_mutex_consistent(&m->lock) == 0);
}

void memory_unlock(struct trace_memory *m)
{
    (void)pthread_mutex_unlock(&m->lock);
}

static void mend_call(struct trace_call *c)
{
    if (c->before >= STATE_COUNT)
        c->before = STATE_UNKNOWN;
    if (c->after >= STATE_COUNT)
        c->after = STATE_UNKNOWN;
    c->name[TRACE_NAME - 1] = 0;
    c->words[TRACE_WORDS - 1] = 0;
}

static void mend_socket(struct trace_socket *s)
{
    if (s->state >= STATE_COUNT)
        s->state = STATE_UNKNOWN;
    if (s->local.len > sizeof s->local.storage)
        s->local.len = 0;
    if (s->remote.len > sizeof s->remote.storage)
        s->remote.len = 0;
}

void memory_mend(struct trace_memory *m)
{
    if (m->count > TRACE_CALLS)
        m->count = TRACE_CALLS;
    for (size_t i = 0; i < m->count; i++)
        mend_call(&m->calls[i]);
    for (size_t i = 0; i < TRACE_SOCKETS; i++)
        mend_socket(&m->sockets[i]);
}
