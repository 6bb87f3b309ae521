/* SPDX-License-Identifier: MIT */
/* A scenario, once as it is and then once for each call in it and each way in which that call
 * can fail: what holds after a failure is the scenario's own to say. */
#ifndef TESTS_UNIT_EACH_FAULT_H
#define TESTS_UNIT_EACH_FAULT_H

#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { EACH_FAULT_CALLS = 128, EACH_FAULT_NTH = 40 };

struct each_fault {
    void (*prepare)(void *arg);
    int (*run)(void *arg); /* 0, or an error that it says */
    void (*check)(void *arg, int error, bool transient);
    void *arg;
    const char *const *without; /* calls that do not fail here; NULL at the end */
};

static inline unsigned descriptors(void)
{
    DIR *list = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(list);
    while (readdir(list))
        n++;
    closedir(list);
    return n;
}

/* Nothing is lost: the call is to be made again, or for the rest. */
static inline bool is_transient(const struct fault_call *call, int error)
{
    static const char *const moving[] = {
        "read",    "write",   "pread",      "preadv",       "preadv2",
        "pwritev", "writev",  "sendfile",   "recv",         "send",
        "sendto",  "recvmsg", "sendmsg",    "recvmmsg",     "sendmmsg",
        "poll",    "ppoll",   "epoll_wait", "epoll_pwait2", "getrandom"
    };

    /* A refusal is an ICMP message about another datagram. */
    if (error != EINTR && error != EAGAIN && error != FAULT_SHORT &&
        error != ECONNREFUSED)
        return false;
    for (size_t i = 0; i < sizeof moving / sizeof *moving; i++)
        if (strcmp(moving[i], call->name) == 0)
            return true;
    return false;
}

static inline bool is_without(const struct each_fault *s, const char *name)
{
    for (const char *const *w = s->without; w && *w; w++)
        if (strcmp(*w, name) == 0)
            return true;
    return false;
}

/* True: it was met. */
static inline bool one_fault(const struct each_fault *s, size_t call, unsigned nth,
                             int error)
{
    unsigned before;
    int result;
    bool met;

    s->prepare(s->arg);
    before = descriptors();
    print_message("# %s %u: %d\n", nth ? fault_call(call)->name : "none", nth, error);
    faults_begin(call, nth, error);
    result = s->run(s->arg);
    met = faults_end();
    s->check(s->arg, result, !met || is_transient(fault_call(call), error));
    assert_int_equal(descriptors(), before);
    return met;
}

/* How many faults were met. */
static inline unsigned each_fault(const struct each_fault *s)
{
    unsigned counts[EACH_FAULT_CALLS] = { 0 };
    unsigned met = 0;

    assert_true(fault_calls() <= EACH_FAULT_CALLS);
    (void)one_fault(s, 0, 0, 0);
    for (size_t call = 0; call < fault_calls(); call++)
        counts[call] = fault_count(call);
    for (size_t call = 0; call < fault_calls(); call++) {
        if (is_without(s, fault_call(call)->name))
            continue;
        for (unsigned nth = 1; nth <= counts[call] && nth <= EACH_FAULT_NTH; nth++)
            for (const int *error = fault_call(call)->errors; *error; error++)
                met += one_fault(s, call, nth, *error);
    }
    return met;
}

#endif
