/* SPDX-License-Identifier: MIT */
/* The helper's loop: a message is a run, while there are few; and each run has its time. */
#include "os/hook.h"

#include "base/number.h"
#include "os/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELPER_NICE = 10 }; /* transfers go first */

struct run {
    pid_t pid; /* 0: none */
    kedge_nanos until;
    bool killed;
};

struct helper {
    int fd, children; /* the socket, and a signalfd of SIGCHLD */
    const char *program, *who, *prefix;
    kedge_nanos patience;
    kedge_nanos end_by; /* the caller is gone; KEDGE_NEVER */
    struct run runs[HOOKS_AT_ONCE];
};

/* ---- a run ---- */

/* A variable of ours: NAME=value, NAME of capitals and _ behind the prefix. Any other could say
 * what is loaded into the program. */
static bool is_variable(const struct helper *h, const char *word)
{
    size_t front = strlen(h->prefix);
    size_t len = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

    return strncmp(word, h->prefix, front) == 0 && len > front && word[len] == '=';
}

/* Split in place. How many words; 0: too many, or the last has no NUL. */
static size_t split(char *message, size_t len, char *words[HOOK_WORDS_MAX])
{
    size_t count = 0;

    if (len == 0 || message[len - 1] != '\0')
        return 0;
    for (size_t at = 0; at < len; at += strlen(message + at) + 1) {
        if (count == HOOK_WORDS_MAX)
            return 0;
        words[count++] = message + at;
    }
    return count;
}

static _Noreturn void execute(const struct helper *h, char *words[], size_t count)
{
    char *argv[HOOK_ARGUMENTS + 2] = { (char *)(uintptr_t)h->program };
    sigset_t none;

    memcpy(argv + 1, words, HOOK_ARGUMENTS * sizeof *argv);
    for (size_t i = HOOK_ARGUMENTS; i < count; i++)
        (void)putenv(words[i]);
    (void)signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)execve(h->program, argv, environ);
    fprintf(stderr, "%s: %s: %s\n", h->who, h->program, strerror(errno));
    _exit(127);
}

static struct run *free_run(struct helper *h)
{
    for (unsigned i = 0; i < HOOKS_AT_ONCE; i++)
        if (h->runs[i].pid == 0)
            return &h->runs[i];
    return NULL;
}

static bool is_message(const struct helper *h, char *words[], size_t count)
{
    for (size_t i = HOOK_ARGUMENTS; i < count; i++)
        if (!is_variable(h, words[i]))
            return false;
    return count >= HOOK_ARGUMENTS;
}

static void start_hook(struct helper *h, struct run *r, char *message, size_t len)
{
    char *words[HOOK_WORDS_MAX];
    size_t count = split(message, len, words);
    bool good = is_message(h, words, count);
    pid_t pid = good ? fork() : -1;

    if (pid == 0) {
        (void)setpgid(0, 0);
        execute(h, words, count);
    }
    if (pid < 0) {
        fprintf(stderr, "%s: %s: not run: %s\n", h->who, h->program,
                good ? strerror(errno) : "a message that is none");
        return;
    }
    (void)setpgid(pid, pid); /* in the parent too: whoever is first */
    *r = (struct run){ .pid = pid, .until = clock_now() + h->patience };
}

static void say_end(const struct helper *h, const struct run *r, int status)
{
    if (r->killed)
        fprintf(stderr, "%s: %s: not done after %llu s, killed\n", h->who, h->program,
                (unsigned long long)(h->patience / KEDGE_SEC));
    else if (WIFSIGNALED(status))
        fprintf(stderr, "%s: %s: ended by signal %d\n", h->who, h->program,
                WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        fprintf(stderr, "%s: %s: ended with %d\n", h->who, h->program,
                WEXITSTATUS(status));
}

/* ---- the loop ---- */

static void reap(struct helper *h)
{
    struct signalfd_siginfo info;
    int status = 0;
    pid_t pid;

    while (read(h->children, &info, sizeof info) > 0)
        continue;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (unsigned i = 0; i < HOOKS_AT_ONCE; i++)
            if (h->runs[i].pid == pid) {
                say_end(h, &h->runs[i], status);
                h->runs[i].pid = 0;
            }
}

static void take_message(struct helper *h, struct run *r)
{
    char message[HOOK_MESSAGE_MAX];
    ssize_t len = recv(h->fd, message, sizeof message, MSG_DONTWAIT);

    if (len > 0)
        start_hook(h, r, message, (size_t)len);
    else if (len == 0) {
        close(h->fd);
        h->fd = -1;
    }
}

/* Kill what has had its time. When the next has. */
static kedge_nanos look_at_clock(struct helper *h, kedge_nanos now)
{
    kedge_nanos next = now < h->end_by ? h->end_by : KEDGE_NEVER;

    for (unsigned i = 0; i < HOOKS_AT_ONCE; i++) {
        struct run *r = &h->runs[i];

        if (r->pid == 0 || r->killed)
            continue;
        if (now >= min_u64(r->until, h->end_by)) {
            r->killed = true;
            (void)kill(-r->pid, SIGKILL);
        } else {
            next = min_u64(next, r->until);
        }
    }
    return next;
}

static bool helper_is_over(const struct helper *h, kedge_nanos now)
{
    if (h->fd >= 0)
        return now >= h->end_by;
    for (unsigned i = 0; i < HOOKS_AT_ONCE; i++)
        if (h->runs[i].pid != 0)
            return false;
    return true;
}

static int milliseconds_until(kedge_nanos then, kedge_nanos now)
{
    if (then == KEDGE_NEVER)
        return -1;
    return (int)min_u64((sub_sat(then, now) + KEDGE_MSEC - 1) / KEDGE_MSEC, 60000);
}

static void hook_turn(struct helper *h)
{
    struct run *r = free_run(h);
    kedge_nanos now = clock_now();
    struct pollfd fds[] = { { .fd = h->children, .events = POLLIN },
                            { .fd = h->fd, .events = r ? POLLIN : 0 } };

    (void)poll(fds, 2, milliseconds_until(look_at_clock(h, now), now));
    if (fds[0].revents)
        reap(h);
    if ((fds[1].revents & POLLHUP) && h->end_by == KEDGE_NEVER)
        h->end_by = clock_now() + h->patience;
    r = free_run(h);
    if (h->fd >= 0 && r && (fds[1].revents & (POLLIN | POLLHUP)))
        take_message(h, r);
    else if (fds[1].revents & POLLHUP) /* poll would not wait */
        (void)poll(fds, 1, milliseconds_until(look_at_clock(h, now), now));
}

/* Of the helper too: who reads what the caller prints waits for the end of that. */
static void use_standard_streams(void)
{
    int null = open("/dev/null", O_RDONLY);

    if (null > STDERR_FILENO)
        (void)dup2(null, STDIN_FILENO);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    if (null > STDERR_FILENO)
        close(null);
}

/* By the list that the kernel has of them. */
static void close_listed(int last)
{
    DIR *list = opendir("/proc/self/fd");
    const struct dirent *entry;

    while (list && (entry = readdir(list))) {
        long fd = strtol(entry->d_name, NULL, 10);

        if (fd > last && fd != dirfd(list))
            close((int)fd);
    }
    if (list)
        closedir(list);
}

/* Its ports, its files: it would hold them when the caller is gone. */
static void close_all_but(int *fd)
{
    int last = STDERR_FILENO + 1;

    if (*fd != last && dup3(*fd, last, O_CLOEXEC) == last)
        *fd = last;
#ifdef SYS_close_range
    if (syscall(SYS_close_range, last + 1, ~0u, 0) == 0)
        return;
#endif
    close_listed(last);
}

/* A variable that the caller has by such a name is none of a message. */
static void forget_variables(const char *prefix)
{
    size_t len = strlen(prefix);

    if (!environ)
        return;
    for (char **at = environ; *at;) {
        const char *end = strchr(*at, '=');
        char *name = end && strncmp(*at, prefix, len) == 0
                         ? strndup(*at, (size_t)(end - *at))
                         : NULL;

        if (!name || unsetenv(name) < 0)
            at++;
        free(name);
    }
}

static _Noreturn void help(struct helper *h)
{
    sigset_t all;

    sigfillset(&all); /* Ctrl-C is for the caller: the helper ends with it */
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&all);
    sigaddset(&all, SIGCHLD);
    use_standard_streams();
    close_all_but(&h->fd);
    forget_variables(h->prefix);
    (void)prctl(PR_SET_NAME, "kedge-exec");
    (void)setpriority(PRIO_PROCESS, 0, HELPER_NICE);
    h->children = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
    if (h->children < 0)
        _exit(EXIT_FAILURE);
    while (!helper_is_over(h, clock_now()))
        hook_turn(h);
    (void)look_at_clock(h, KEDGE_NEVER);
    _exit(EXIT_SUCCESS);
}

int hook_open(struct hook *h, const struct hook_config *config)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    h->pid = fork();
    if (h->pid == 0)
        help(&(struct helper){ .fd = ends[1],
                               .program = config->program,
                               .who = config->who,
                               .prefix = config->prefix,
                               .patience = config->patience,
                               .end_by = KEDGE_NEVER });
    close(ends[1]);
    if (h->pid < 0) {
        int err = errno;

        close(ends[0]);
        return -err;
    }
    h->fd = ends[0];
    return 0;
}

int hook_tell(const struct hook *h, struct kedge_span message)
{
    KEDGE_ASSERT(message.len > 0); /* that would be the end */
    if (message.len > HOOK_MESSAGE_MAX)
        return -EMSGSIZE;
    if (send(h->fd, message.ptr, message.len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return 0;
    return errno == ECONNRESET ? -EPIPE : -errno;
}

bool hook_is_half_full(const struct hook *h)
{
    uint32_t all[SK_MEMINFO_VARS];
    socklen_t len = sizeof all;

    return getsockopt(h->fd, SOL_SOCKET, SO_MEMINFO, all, &len) == 0 &&
           len >= sizeof all && all[SK_MEMINFO_WMEM_ALLOC] > all[SK_MEMINFO_SNDBUF] / 2;
}

void hook_close(struct hook *h)
{
    if (h->fd >= 0)
        close(h->fd);
    h->fd = -1;
}
