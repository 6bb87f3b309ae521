/* SPDX-License-Identifier: MIT */
/* Tests of trace/memory.h: what is attached to, and a lock whose holder dies. */
#include "trace/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void attaches_to_its_own(void **state)
{
    struct trace_memory *made, *other;
    int fd = memory_create(&made), foreign = memfd_create("foreign", MFD_CLOEXEC);

    (void)state;
    assert_true(fd >= 0 && foreign >= 0);
    other = memory_attach(fd);
    assert_non_null(other);
    other->last = 77;
    assert_int_equal(made->last, 77);
    munmap(other, sizeof *other);
    assert_null(memory_attach(-1));
    assert_null(memory_attach(foreign));
    assert_int_equal(ftruncate(foreign, sizeof *made), 0); /* of its size, but empty */
    assert_null(memory_attach(foreign));
    made->layout++; /* of another version */
    assert_null(memory_attach(fd));
    munmap(made, sizeof *made);
    close(fd);
    close(foreign);
}

static void a_dead_process_gives_the_lock_back(void **state)
{
    struct trace_memory *m;
    int fd = memory_create(&m), status;
    pid_t child;

    (void)state;
    assert_true(fd >= 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (memory_lock(m))
            raise(SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    for (int i = 0; i < 3; i++) {
        assert_true(memory_lock(m));
        memory_unlock(m);
    }
    munmap(m, sizeof *m);
    close(fd);
}

/* Whoever writes past the end of what is his own may have hit it. */
static void mends_what_was_overwritten(void **state)
{
    struct trace_memory *m;
    int fd = memory_create(&m);

    (void)state;
    assert_true(fd >= 0);
    m->count = TRACE_CALLS + 1;
    m->calls[3].after = (enum tcp_state)77;
    m->calls[3].words[TRACE_WORDS - 1] = 'x';
    m->calls[3].name[TRACE_NAME - 1] = 'x';
    m->sockets[5].state = (enum tcp_state)STATE_COUNT;
    m->sockets[5].remote.len = sizeof m->sockets[5].remote.storage + 1;
    memory_mend(m);
    assert_int_equal(m->count, TRACE_CALLS);
    assert_int_equal(m->calls[3].after, STATE_UNKNOWN);
    assert_int_equal(m->calls[3].words[TRACE_WORDS - 1], 0);
    assert_int_equal(m->calls[3].name[TRACE_NAME - 1], 0);
    assert_int_equal(m->sockets[5].state, STATE_UNKNOWN);
    assert_int_equal(m->sockets[5].remote.len, 0);
    munmap(m, sizeof *m);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attaches_to_its_own),
        cmocka_unit_test(a_dead_process_gives_the_lock_back),
        cmocka_unit_test(mends_what_was_overwritten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
