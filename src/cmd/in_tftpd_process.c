/* SPDX-License-Identifier: MIT */
/* Fork, pid file, syslog and log file of in.tftpd. */
#include "cmd/in_tftpd_process.h"

#include "cmd/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#define LOG_SOCKET "/dev/log"

enum { LINE = 4096 };

void in_tftpd_process_init(struct in_tftpd_process *p, const struct in_tftpd_args *args)
{
    *p = (struct in_tftpd_process){
        .args = args, .ready = -1, .pidfile = -1, .saved = -1, .lines = -1
    };
}

/* A byte: the child serves. None: it has ended, and its status is ours. */
static _Noreturn void await_child(pid_t child, int ready)
{
    int status = 0;
    char byte;

    if (read(ready, &byte, 1) == 1)
        _exit(0);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EX_OSERR);
}

int in_tftpd_process_detach(struct in_tftpd_process *p)
{
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    child = fork();
    if (child < 0) {
        int err = -errno;

        close(ends[0]);
        close(ends[1]);
        return err;
    }
    if (child > 0) {
        close(ends[1]);
        await_child(child, ends[0]);
    }
    close(ends[0]);
    p->ready = ends[1];
    (void)setsid();
    return 0;
}

static void report_pid(const struct in_tftpd_process *p, const char *what)
{
    in_tftpd_say("pid file %s: %s: %s", printable(p->args->pidfile, PRINTABLE_NAME).text,
                 what, strerror(errno));
}

void in_tftpd_process_pid(struct in_tftpd_process *p)
{
    if (!p->args->pidfile)
        return;
    p->pidfile = open(p->args->pidfile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (p->pidfile < 0)
        report_pid(p, "cannot be opened");
    else if (dprintf(p->pidfile, "%d\n", (int)getpid()) < 0)
        report_pid(p, "cannot be written");
}

static int open_log_file(const struct in_tftpd_process *p)
{
    int fd = open(p->args->logfile, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
                  0644);

    if (fd < 0)
        in_tftpd_say("log file %s: %s", printable(p->args->logfile, PRINTABLE_NAME).text,
                     strerror(errno));
    return fd;
}

static bool write_to_file(const struct in_tftpd_process *p)
{
    int fd = open_log_file(p);

    if (fd < 0)
        return false;
    (void)dup2(fd, p->lines >= 0 ? p->saved : STDERR_FILENO);
    close(fd);
    return true;
}

bool in_tftpd_process_log(struct in_tftpd_process *p)
{
    if (p->args->log == IN_TFTPD_STDOUT)
        (void)dup2(STDOUT_FILENO, STDERR_FILENO);
    /* The sandbox lets no stream be opened: where the logger has one, and is restarted, what is
     * said later is lost. */
    if (p->args->log == IN_TFTPD_SYSLOG)
        openlog("in.tftpd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
    return p->args->log != IN_TFTPD_FILE || write_to_file(p);
}

void in_tftpd_process_reopen(struct in_tftpd_process *p)
{
    if (p->args->log == IN_TFTPD_FILE)
        (void)write_to_file(p);
}

/* Lines of standard error, as long as somebody may write there. */
static void *write_lines(void *owner)
{
    const struct in_tftpd_process *p = owner;
    FILE *lines = fdopen(p->lines, "r");
    char line[LINE];

    while (lines && fgets(line, sizeof line, lines)) {
        line[strcspn(line, "\n")] = '\0';
        if (p->args->log == IN_TFTPD_SYSLOG)
            syslog(LOG_INFO, "%s", line);
        else
            (void)dprintf(p->saved, "<%d>%s\n", LOG_INFO, line);
    }
    if (lines)
        fclose(lines);
    return NULL;
}

static void begin_lines(struct in_tftpd_process *p)
{
    int ends[2];
    bool to_syslog = p->args->log == IN_TFTPD_SYSLOG;

    if ((to_syslog && access(LOG_SOCKET, F_OK) < 0) || pipe2(ends, O_CLOEXEC) < 0)
        return;
    p->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    p->lines = ends[0];
    if (p->saved >= 0 && pthread_create(&p->writer, NULL, write_lines, p) == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
    } else {
        close(ends[0]);
        p->lines = -1;
    }
    close(ends[1]);
}

int in_tftpd_process_allow(const struct in_tftpd_process *p, struct sandbox *files)
{
    int err = 0;

    if (p->ready >= 0)
        err = sandbox_allow_path(files, "/dev/null", SANDBOX_READ | SANDBOX_WRITE);
    if (!err && p->args->log == IN_TFTPD_FILE)
        err = sandbox_allow_parent(files, p->args->logfile, SANDBOX_WRITE | SANDBOX_MAKE);
    if (!err && p->pidfile >= 0)
        err = sandbox_allow_parent(files, p->args->pidfile, SANDBOX_REMOVE);
    return err;
}

/* Where nobody reads any more what is written by a process of the background. */
static void leave_terminal(const struct in_tftpd_process *p)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)!chdir("/"); /* so that it holds no file system */
    if (null < 0)
        return;
    (void)dup2(null, STDIN_FILENO);
    if (p->args->log != IN_TFTPD_STDOUT)
        (void)dup2(null, STDOUT_FILENO);
    if (p->args->log == IN_TFTPD_SYSLOG)
        (void)dup2(null, STDERR_FILENO);
    close(null);
}

void in_tftpd_process_ready(struct in_tftpd_process *p)
{
    if (p->ready >= 0)
        leave_terminal(p);
    if (p->args->log == IN_TFTPD_SYSLOG || p->args->tags)
        begin_lines(p);
    if (p->ready >= 0) {
        (void)!write(p->ready, "", 1);
        close(p->ready);
        p->ready = -1;
    }
}

static void end_lines(struct in_tftpd_process *p)
{
    (void)dup2(p->saved, STDERR_FILENO); /* the last one who could write */
    pthread_join(p->writer, NULL);
    closelog();
    p->lines = -1;
}

/* By now it may be another user, who may not write the directory. */
static void remove_pid(struct in_tftpd_process *p)
{
    if (unlink(p->args->pidfile) < 0 && ftruncate(p->pidfile, 0) < 0)
        report_pid(p, "cannot be removed");
    close(p->pidfile);
    p->pidfile = -1;
}

void in_tftpd_process_end(struct in_tftpd_process *p)
{
    if (p->pidfile >= 0)
        remove_pid(p);
    if (p->lines >= 0)
        end_lines(p);
    if (p->saved >= 0)
        close(p->saved);
    p->saved = -1;
}
