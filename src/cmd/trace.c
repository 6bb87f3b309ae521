/* SPDX-License-Identifier: MIT */
/* kedge trace: runs a command with the preload library, and draws what its sockets went
 * through. */
#include "trace/story.h"

#include "cmd/output_file.h"
#include "cmd/printable.h"
#include "cmd/verbs.h"
#include "os/clock.h"
#include "report/terminal.h"
#include "trace/follow.h"
#include "trace/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIBRARY "libkedge-trace.so"
#define LOOK_AGAIN (20 * KEDGE_MSEC) /* at sockets that are closed, while COMMAND runs */
#define HIGH_DESCRIPTORS 1024        /* ours are just below, or below the limit */

enum { EXIT_CANNOT_RUN = 126, EXIT_NO_COMMAND = 127, EXIT_SIGNAL = 128 }; /* as sh(1) */

static const kedge_nanos patience = 3 * KEDGE_SEC; /* with what is closed */

struct trace_options {
    const char *svg;
};

struct run {
    const char *const *command;
    char path[PATH_MAX], library[PATH_MAX];
    struct output_file svg;
    int memory_fd;
    struct trace trace;
    pid_t child;
    sigset_t before, waited;
};

__attribute__((format(printf, 3, 4))) static enum exit_code
refuse(enum exit_code code, const char *name, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    fprintf(stderr, "kedge trace: %s: ", printable(name, PRINTABLE_NAME).text);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    return code;
}

/* ---- before: the program, the library, the file ---- */

static enum exit_code check_command(struct run *r)
{
    const char *name = r->command[0];
    int err = reach_find(name, r->path);

    if (err)
        return refuse(err == -ENOENT ? (enum exit_code)EXIT_NO_COMMAND
                                     : (enum exit_code)EXIT_CANNOT_RUN,
                      name, "%s", err == -ENOENT ? "command not found" : strerror(-err));
    switch (reach_of(r->path)) {
    case REACH_STATIC:
        return refuse(EXIT_USAGE, name,
                      "is out of reach: it is linked statically, so it loads no library");
    case REACH_PRIVILEGED:
        return refuse(EXIT_USAGE, name,
                      "is out of reach: it is set-id or has file capabilities, so it "
                      "loads no library of its caller");
    case REACH_MACHINE:
        return refuse(
            EXIT_USAGE, name,
            "is out of reach: it is for another machine or word size than kedge");
    default:
        return EXIT_OK;
    }
}

static bool library_at(struct run *r, const char *folder, const char *below)
{
    int n = snprintf(r->library, sizeof r->library, "%s/%s" LIBRARY, folder, below);

    return n > 0 && (size_t)n < sizeof r->library && access(r->library, R_OK) == 0;
}

/* In the build tree, beside where this program is installed, or where it was to be. */
static enum exit_code find_library(struct run *r)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    self[n > 0 ? n : 0] = 0;
    slash = strrchr(self, '/');
    if (slash)
        *slash = 0;
    if (!(slash && (library_at(r, self, "trace/") ||
                    library_at(r, self, KEDGE_LIBRARIES_FROM_PROGRAMS "/"))) &&
        !library_at(r, KEDGE_LIBRARIES, ""))
        return refuse(EXIT_LOCAL_FILE, LIBRARY,
                      "not found in " KEDGE_LIBRARIES " (is kedge installed whole?)");
    if (strpbrk(r->library, ": "))
        return refuse(EXIT_LOCAL_FILE, r->library,
                      "the loader takes no path with a blank or a colon");
    return EXIT_OK;
}

static enum exit_code open_drawing(struct run *r, const char *name)
{
    r->svg = (struct output_file){ .verb = "trace", .option = "", .name = name };
    return name ? output_file_open(&r->svg) : EXIT_OK;
}

static enum exit_code make_memory(struct run *r)
{
    struct trace_memory *m = NULL;
    struct stat st;

    r->memory_fd = memory_create(&m);
    if (r->memory_fd < 0)
        return refuse(EXIT_SYSTEM, r->command[0], "no memory to share: %s",
                      strerror(-r->memory_fd));
    m->start = clock_now();
    m->silent = r->svg.file.out != NULL;
    if (fstat(STDERR_FILENO, &st) == 0) {
        m->error_device = st.st_dev;
        m->error_inode = st.st_ino;
    }
    if (stat("/proc/self/ns/net", &st) == 0)
        m->network = st.st_ino;
    r->trace = (struct trace){ .memory = m, .errors = STDERR_FILENO };
    return EXIT_OK;
}

/* ---- the child ---- */

/* A copy of a descriptor out of the program's way, which survives execve(). */
static int move_high(int fd)
{
    struct rlimit limit = { .rlim_cur = HIGH_DESCRIPTORS };
    int lowest;

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    lowest = limit.rlim_cur < HIGH_DESCRIPTORS ? (int)limit.rlim_cur : HIGH_DESCRIPTORS;
    return fcntl(fd, F_DUPFD, lowest > 16 ? lowest - 8 : 3);
}

/* A variable of the environment with a word of ours before what it had. */
static void put_before(const char *variable, const char *word, char between)
{
    const char *had = getenv(variable);
    char *text = NULL;

    if (had && *had && asprintf(&text, "%s%c%s", word, between, had) >= 0)
        setenv(variable, text, 1);
    else
        setenv(variable, word, 1);
    free(text);
}

static void become_command(const struct run *r)
{
    char descriptors[32];

    snprintf(descriptors, sizeof descriptors, "%d,%d", move_high(r->memory_fd),
             move_high(STDERR_FILENO));
    setenv(TRACE_ENVIRONMENT, descriptors, 1);
    put_before("LD_PRELOAD", r->library, ':');
    /* A program with a sanitizer of addresses insists on being the first library. */
    put_before("ASAN_OPTIONS", "verify_asan_link_order=0", ':');
    /* Who kills kedge means the command. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &r->before, NULL);
    execvp(r->command[0], (char *const *)(uintptr_t)r->command);
    fprintf(stderr, "kedge trace: %s: %s\n",
            printable(r->command[0], PRINTABLE_NAME).text, strerror(errno));
    _exit(errno == ENOENT ? EXIT_NO_COMMAND : EXIT_CANNOT_RUN);
}

static enum exit_code start_program(struct run *r)
{
    static const int signals[] = { SIGINT,  SIGQUIT, SIGTERM, SIGHUP,
                                   SIGUSR1, SIGUSR2, SIGCHLD };

    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&r->waited);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&r->waited, signals[i]);
    (void)sigprocmask(SIG_BLOCK, &r->waited, &r->before);
    r->child = fork();
    if (r->child < 0)
        return refuse(EXIT_SYSTEM, r->command[0], "%s", strerror(errno));
    if (r->child == 0) {
        r->trace.memory->command = getpid();
        become_command(r);
    }
    return EXIT_OK;
}

/* ---- while it runs, and after ---- */

/* Wait so long for a signal, and give the command one that was sent to kedge alone. What
 * the terminal sends it has had itself. True for one that asks to end. */
static bool pass_signal(struct run *r, kedge_nanos wait)
{
    const struct timespec most = { .tv_nsec = (long)wait };
    siginfo_t info = { 0 };
    int number = sigtimedwait(&r->waited, &info, &most);

    if (number <= 0 || number == SIGCHLD)
        return false;
    if (info.si_code <= 0 && r->child > 0)
        (void)kill(r->child, number);
    return number == SIGINT || number == SIGTERM;
}

static unsigned settle_trace(struct run *r, bool ended)
{
    struct trace_memory *m = r->trace.memory;
    unsigned open;

    m->columns = isatty(STDERR_FILENO) ? terminal_size(STDERR_FILENO).columns : 0;
    if (!memory_lock(m))
        return 0;
    memory_mend(m);
    open = follow_settle(&r->trace, ended);
    memory_unlock(m);
    return open;
}

static int wait_for_end(struct run *r)
{
    int status = 0;

    while (waitpid(r->child, &status, WNOHANG) == 0) {
        (void)settle_trace(r, false);
        (void)pass_signal(r, LOOK_AGAIN);
    }
    r->child = 0;
    return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The command's exit code comes first. */
static enum exit_code close_drawing(struct run *r, int err, enum exit_code code)
{
    enum exit_code written;

    if (err) {
        atomic_file_drop(&r->svg.file);
        written = output_file_report(&r->svg, store_errno(-err));
    } else {
        written = output_file_commit(&r->svg);
    }
    return code == EXIT_OK ? written : code;
}

static enum exit_code draw_trace(struct run *r, enum exit_code code)
{
    FILE *svg = r->svg.file.out;
    int err = 0;

    if (!memory_lock(r->trace.memory))
        return code;
    memory_mend(r->trace.memory);
    if (svg)
        err = story_draw(r->trace.memory, svg);
    else
        story_picture(&r->trace);
    memory_unlock(r->trace.memory);
    return svg ? close_drawing(r, err, code) : code;
}

static enum exit_code trace_finish(struct run *r)
{
    enum exit_code code = (enum exit_code)wait_for_end(r);
    kedge_nanos end = clock_now() + patience;

    while (settle_trace(r, true) > 0 && clock_now() < end)
        if (pass_signal(r, KEDGE_MSEC))
            break;
    if (r->trace.memory->loaded == 0)
        (void)refuse(code, r->command[0], "the library was not loaded: nothing was seen");
    return draw_trace(r, code);
}

static enum exit_code trace_run(const void *options, const struct operands *operands)
{
    const struct trace_options *o = options;
    struct run *r = calloc(1, sizeof *r);
    enum exit_code code;

    KEDGE_ASSERT(r != NULL);
    operands->items[operands->count] =
        NULL; /* behind options there are words left over */
    r->command = operands->items;
    code = check_command(r);
    if (code == EXIT_OK)
        code = find_library(r);
    if (code == EXIT_OK)
        code = open_drawing(r, o->svg);
    if (code == EXIT_OK)
        code = make_memory(r);
    if (code == EXIT_OK)
        code = start_program(r);
    if (code == EXIT_OK)
        code = trace_finish(r);
    atomic_file_drop(&r->svg.file);
    free(r);
    return code;
}

static const struct trace_options defaults = { NULL };

static const struct arg args[] = {
    { .name = "svg",
      .kind = ARG_TEXT,
      .value = "FILE",
      .into = offsetof(struct trace_options, svg),
      .help = "write the state diagram and the calls to FILE, and print neither" },
};

const struct verb verb_trace = {
    .name = "trace",
    .operands = "COMMAND [ARG...]",
    .summary = "run a program and show its socket calls and TCP states",
    .notes =
        "Each call on a socket is a line on standard error: its result, the TCP state "
        "it\n"
        "led to, round trip time (rtt) and retransmission timeout (rto) in ms, and the\n"
        "congestion window (cwnd) in segments; a packet of TFTP is shown in words. At\n"
        "the end comes the state diagram of TCP with the path taken. Calls of another\n"
        "process than COMMAND carry its number: recv [4711].\n"
        "COMMAND may be any program that loads shared libraries. Out of reach are "
        "static\n"
        "and set-id programs, and those that call the kernel themselves, as Go does.\n"
        "Exit status: COMMAND's own, 128 and the signal that ended it, 126 it cannot be\n"
        "run, 127 not found, 9 FILE cannot be written, 64 usage or out of reach.\n",
    .args = args,
    .arg_count = sizeof args / sizeof *args,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .command = true,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = trace_run,
};
