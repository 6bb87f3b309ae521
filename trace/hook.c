/* SPDX-License-Identifier: MIT */
/* The state of the library in one process, and its doors. */
#include "trace/hook.h"

#include "trace/calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* All of it is set before main() runs, and after that by fork() alone. */
static struct {
    struct trace trace; /* memory NULL: not traced */
    int memory_fd;
    pid_t process; /* whose memory this is: a child of vfork() has another number */
} hook_self = { .trace.errors = -1, .memory_fd = -1 };

static __thread bool hook_busy __attribute__((tls_model("initial-exec")));

/* ---- what is behind ---- */

call_function call_next(enum call_number number)
{
#define CALL_NAME(name) #name,
    static const char *const names[CALL_COUNT] = { CALLS(CALL_NAME) };
#undef CALL_NAME
    static call_function found[CALL_COUNT]; /* any two threads write the same */
    call_function next = __atomic_load_n(&found[number], __ATOMIC_RELAXED);
    void *symbol;

    if (next)
        return next;
    symbol = dlsym(RTLD_NEXT, names[number]);
    KEDGE_ASSERT(symbol);
    memcpy(&next, &symbol, sizeof next);
    __atomic_store_n(&found[number], next, __ATOMIC_RELAXED);
    return next;
}

/* ---- the beginning of a process ---- */

static ino_t network_inode(void)
{
    struct stat st;

    return stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
}

static void number_process(void)
{
    struct trace *t = &hook_self.trace;

    hook_self.process = getpid();
    t->process = hook_self.process == t->memory->command ? 0 : hook_self.process;
}

static void after_fork(void)
{
    if (hook_self.trace.memory)
        number_process();
}

/* The next one of "MEMORY,ERRORS"; -1 if there is none. */
static int read_descriptor(const char **text)
{
    char *end = NULL;
    long fd = *text ? strtol(*text, &end, 10) : -1;

    if (end == *text || fd > INT_MAX)
        return -1;
    *text = *end == ',' ? end + 1 : end;
    return fd < 0 ? -1 : (int)fd;
}

__attribute__((constructor)) static void hook_start(void)
{
    const char *text = getenv(TRACE_ENVIRONMENT);
    struct trace *t = &hook_self.trace;
    int memory = read_descriptor(&text), errors = read_descriptor(&text);

    if (memory < 0 || errors < 0)
        return;
    t->memory = memory_attach(memory);
    if (!t->memory)
        return;
    hook_self.memory_fd = memory;
    t->errors = errors;
    t->apart = t->memory->network != network_inode();
    number_process();
    (void)__atomic_add_fetch(&t->memory->loaded, 1, __ATOMIC_RELAXED);
    (void)pthread_atfork(NULL, NULL, after_fork);
}

/* ---- into the trace and back ---- */

static bool is_traced(int fd, uint64_t *inode)
{
    struct stat st;

    if (!hook_self.trace.memory || hook_busy || fd < 0 || fstat(fd, &st) < 0 ||
        !S_ISSOCK(st.st_mode))
        return false;
    *inode = st.st_ino;
    return getpid() == hook_self.process;
}

static void hook_resume(struct hook *h)
{
    (void)pthread_setcancelstate(h->cancel, NULL);
    hook_busy = false;
    (void)pthread_sigmask(SIG_SETMASK, &h->signals, NULL);
    errno = h->error;
}

static bool hook_lock(struct hook *h, int64_t result)
{
    sigset_t all;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &h->signals);
    hook_busy = true;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &h->cancel);
    h->call.result = result < 0 ? -h->error : result;
    if (memory_lock(h->trace->memory))
        return true;
    hook_resume(h);
    return false;
}

bool hook_enter(struct hook *h, int fd, const char *name, int64_t result)
{
    h->error = errno;
    if (!is_traced(fd, &h->inode)) {
        errno = h->error;
        return false;
    }
    h->trace = &hook_self.trace;
    memset(&h->call, 0, sizeof h->call);
    snprintf(h->call.name, sizeof h->call.name, "%s", name);
    return hook_lock(h, result);
}

bool hook_again(struct hook *h, int64_t result)
{
    h->error = errno;
    return hook_lock(h, result);
}

void hook_leave(struct hook *h)
{
    memory_unlock(h->trace->memory);
    hook_resume(h);
}

bool hook_owns(int fd)
{
    return fd >= 0 && (fd == hook_self.memory_fd || fd == hook_self.trace.errors);
}

bool hook_range(int *low, int *high)
{
    int a = hook_self.memory_fd, b = hook_self.trace.errors;

    *low = a < b ? a : b;
    *high = a < b ? b : a;
    return *low >= 0;
}
