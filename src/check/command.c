/* SPDX-License-Identifier: MIT */
/* Starting and ending a client's command. */
#include "check/command.h"

#include "base/bytes.h"
#include "net/option.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct words {
    char *items[CHECK_COMMAND_WORDS + 1];
    uint8_t bytes[CHECK_COMMAND_BYTES];
    struct writer w;
};

static const char *command_value(const char *name, size_t len,
                                 const struct check_command_values *v)
{
    const struct {
        const char *name, *value;
    } known[] = { { "{url}", v->url },
                  { "{host}", v->host },
                  { "{port}", v->port },
                  { "{remote}", v->remote },
                  { "{local}", v->local } };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == len && memcmp(known[i].name, name, len) == 0)
            return known[i].value;
    return NULL;
}

static void fill_in(struct writer *w, const char *word,
                    const struct check_command_values *v)
{
    while (*word) {
        const char *end = *word == '{' ? strchr(word, '}') : NULL;
        const char *value = end ? command_value(word, (size_t)(end - word) + 1, v) : NULL;

        if (value) {
            put(w, span_of(value));
            word = end + 1;
        } else {
            put_u8(w, (uint8_t)*word++);
        }
    }
    put_u8(w, 0);
}

static int fill_words(struct words *out, const char *const *words, size_t count,
                      const struct check_command_values *v)
{
    out->w = (struct writer){ .ptr = out->bytes, .room = sizeof out->bytes };
    if (count > CHECK_COMMAND_WORDS)
        return -E2BIG;
    for (size_t i = 0; i < count; i++) {
        out->items[i] = (char *)out->bytes + out->w.len;
        fill_in(&out->w, words[i], v);
    }
    out->items[count] = NULL;
    return out->w.bad ? -E2BIG : 0;
}

/* In the child. What exec() says goes to the parent by a pipe that success closes. */
static _Noreturn void become(const struct words *w, int output, int report)
{
    sigset_t none;
    int nothing = open("/dev/null", O_RDONLY);
    int err;

    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    KEDGE_ASSERT(w->items[0]); /* there is a COMMAND */
    execvp(w->items[0], w->items);
    err = errno;
    if (write(report, &err, sizeof err) < 0)
        _exit(126);
    _exit(127);
}

static int started(struct check_command *c, int output, int report)
{
    int err = 0;

    if (read(report, &err, sizeof err) == sizeof err) {
        close(output);
        waitpid(c->pid, NULL, 0);
        c->pid = 0;
        return -err;
    }
    c->output = output;
    return option_blocking(output, false);
}

int check_command_start(struct check_command *c, const char *const *words, size_t count,
                        const struct check_command_values *values)
{
    int output[2], report[2], err;
    struct words w;

    *c = (struct check_command){ .output = -1, .status = -1 };
    err = fill_words(&w, words, count, values);
    if (err < 0)
        return err;
    if (pipe2(output, O_CLOEXEC) < 0)
        return -errno;
    if (pipe2(report, O_CLOEXEC) < 0) {
        err = -errno;
        close(output[0]);
        close(output[1]);
        return err;
    }
    c->pid = fork();
    err = c->pid < 0 ? -errno : 0;
    if (c->pid == 0)
        become(&w, output[1], report[1]);
    close(output[1]);
    close(report[1]);
    if (err == 0)
        err = started(c, output[0], report[0]);
    else
        close(output[0]);
    close(report[0]);
    return err;
}

bool check_command_look(struct check_command *c)
{
    uint8_t dropped[4096];
    int status;

    for (int i = 0; c->output >= 0 && i < 64; i++)
        if (read(c->output, dropped, sizeof dropped) <= 0)
            break;
    if (c->pid > 0 && waitpid(c->pid, &status, WNOHANG) == c->pid) {
        kill(-c->pid, SIGKILL); /* what it has left behind */
        c->pid = 0;
        c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return c->status >= 0;
}

void check_command_end(struct check_command *c)
{
    if (c->pid > 0) {
        kill(-c->pid, SIGKILL);
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
        c->pid = 0;
    }
    if (c->output >= 0)
        close(c->output);
    c->output = -1;
}
