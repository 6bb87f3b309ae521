/* SPDX-License-Identifier: MIT */
/* A kernel that refuses one system call, as an old one or a container does. The refusal
 * lasts for the life of the process, so a test forks a child for it; in there no
 * assertion of cmocka may be used: the child's exit status is the answer. */
#ifndef TESTS_UNIT_FILE_REFUSE_H
#define TESTS_UNIT_FILE_REFUSE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* False where filters are not permitted. */
static inline bool refuse(unsigned call, unsigned err)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#define CANNOT_REFUSE 125

/* What body says, in a child; or -1. */
static inline int in_child(int (*body)(void *), void *arg)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(body(arg));
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

struct refused_child {
    unsigned call, err;
    int (*body)(void *);
    void *arg;
};

static inline int refused_child(void *arg)
{
    const struct refused_child *c = arg;

    return refuse(c->call, c->err) ? c->body(c->arg) : CANNOT_REFUSE;
}

/* What body says, in a child that is refused this call; or CANNOT_REFUSE. */
static inline int in_refused_child(unsigned call, unsigned err, int (*body)(void *),
                                   void *arg)
{
    struct refused_child child = { call, err, body, arg };

    return in_child(refused_child, &child);
}

#endif
