/* SPDX-License-Identifier: MIT */
/* Tests of os/call_filter.h. Each loads the filter in a child, which answers by its exit status
 * and uses no assertion of cmocka. */
#include "os/call_filter.h"
#include "../file/refuse.h"
#include "../skip.h"
#include "os/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* A call with four arguments, and what it says under the filter. */
struct call {
    long number, a, b, c, d;
    int want;
};

#define ANY_MEMORY MAP_PRIVATE | MAP_ANONYMOUS

static const struct call refused[] = {
    { SYS_execve, 0, 0, 0, 0, EPERM },
    { SYS_execveat, -1, 0, 0, 0, EPERM },
    { SYS_ptrace, PTRACE_TRACEME, 0, 0, 0, EPERM },
    { SYS_process_vm_readv, 0, 0, 0, 0, EPERM },
    { SYS_process_vm_writev, 0, 0, 0, 0, EPERM },
    { SYS_mount, 0, 0, 0, 0, EPERM },
    { SYS_umount2, 0, 0, 0, 0, EPERM },
    { SYS_pivot_root, 0, 0, 0, 0, EPERM },
    { SYS_chroot, 0, 0, 0, 0, EPERM },
    { SYS_unshare, CLONE_NEWUSER, 0, 0, 0, EPERM },
    { SYS_setns, -1, 0, 0, 0, EPERM },
    { SYS_bpf, 0, 0, 0, 0, EPERM },
    { SYS_perf_event_open, 0, 0, 0, 0, EPERM },
    { SYS_io_uring_setup, 0, 0, 0, 0, EPERM },
    { SYS_keyctl, 0, 0, 0, 0, EPERM },
    { SYS_init_module, 0, 0, 0, 0, EPERM },
    { SYS_kexec_load, 0, 0, 0, 0, EPERM },
    { SYS_reboot, 0, 0, 0, 0, EPERM },
    { SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, 0, EPERM },
    { SYS_socket, AF_INET6, SOCK_RAW, 58, 0, EPERM },
    { SYS_socket, AF_UNIX, SOCK_STREAM, 0, 0, EPERM },
    { SYS_socket, AF_PACKET, SOCK_DGRAM, 0, 0, EPERM },
    { SYS_socket, AF_VSOCK, SOCK_STREAM, 0, 0, EPERM },
    { SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER, 0, EPERM },
    { SYS_clone, CLONE_NEWUSER, 0, 0, 0, EPERM },
    { SYS_mmap, 0, 4096, PROT_EXEC | PROT_WRITE, ANY_MEMORY, EPERM },
    { SYS_ioctl, 0, TIOCSTI, 0, 0, ENOSYS },
    { SYS_socket, 1000, SOCK_DGRAM, 0, 0, ENOSYS },
    { SYS_setuid, 0, 0, 0, 0, ENOSYS },
    { SYS_seccomp, 0, 0, 0, 0, ENOSYS },
    { SYS_clone3, 0, 0, 0, 0, ENOSYS },
    { 4096, 0, 0, 0, 0, ENOSYS },
};

static bool load(void)
{
    return jail_no_new_privs() == 0 && call_filter_load() == 0;
}

static int make_call(void *arg)
{
    const struct call *c = arg;

    if (!load())
        return 255;
    return syscall(c->number, c->a, c->b, c->c, c->d, -1, 0) < 0 ? errno : 0;
}

static void what_an_intruder_wants_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct call c = refused[i];
        int got = in_child(make_call, &c);

        if (got != c.want)
            fail_msg("line %zu, call %ld: %d, not %d", i, c.number, got, c.want);
    }
}

static void *run(void *arg)
{
    *(int *)arg = 1;
    return NULL;
}

static int grandchild(void *arg)
{
    (void)arg;
    return 7;
}

static int work(void *arg)
{
    pthread_t thread;
    int ran = 0;

    (void)arg;
    if (!load())
        return 255;
    if (pthread_create(&thread, NULL, run, &ran) != 0 ||
        pthread_join(thread, NULL) != 0 || !ran)
        return 1;
    if (in_child(grandchild, NULL) != 7)
        return 2;
    if (socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) < 0 ||
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) < 0)
        return 3;
    return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0 ? 4 : 0;
}

static void what_a_server_does_goes_on(void **state)
{
    (void)state;
    assert_int_equal(in_child(work, NULL), 0);
}

static int load_only(void *arg)
{
    (void)arg;
    return call_filter_load() < 0 ? 1 : 0;
}

static void a_kernel_that_takes_no_filter_is_known(void **state)
{
    int told = in_refused_child(SYS_seccomp, EINVAL, load_only, NULL);

    (void)state;
    if (told == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(told, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_intruder_wants_is_refused),
        cmocka_unit_test(what_a_server_does_goes_on),
        cmocka_unit_test(a_kernel_that_takes_no_filter_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
