/* SPDX-License-Identifier: MIT */
/* The filter, by libseccomp: lists of names, and rules for calls whose arguments matter. */
#include "os/call_filter.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* What the server calls, the C library for it, and both where something fails. A name that an
 * architecture or libseccomp does not know is left out. */
static const char *const allowed[] = {
    /* memory, threads, the child that compiles expressions */
    "brk", "munmap", "mremap", "madvise", "futex", "futex_time64", "set_robust_list",
    "rseq", "set_tid_address", "fork", "sched_yield", "sched_getaffinity", "membarrier",
    "exit", "exit_group", "wait4", "waitid", "waitpid", "prlimit64", "getrlimit",
    "setrlimit", "ugetrlimit", "getrusage",
    /* signals */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "rt_sigtimedwait",
    "sigaltstack", "signalfd4", "kill", "tgkill", "tkill", "restart_syscall",
    /* files that are open */
    "close", "close_range", "read", "write", "readv", "writev", "pread64", "pwrite64",
    "preadv", "pwritev", "preadv2", "pwritev2", "lseek", "_llseek", "fcntl", "fcntl64",
    "dup", "dup2", "dup3", "pipe2", "flock", "fsync", "fdatasync", "syncfs",
    "sync_file_range", "ftruncate", "ftruncate64", "fallocate", "fadvise64",
    "fadvise64_64", "readahead", "sendfile", "sendfile64", "copy_file_range",
    "memfd_create", "fstat", "fstat64", "fstatfs", "fstatfs64", "getdents64", "fchmod",
    /* names */
    "open", "openat", "openat2", "stat", "stat64", "lstat", "lstat64", "newfstatat",
    "fstatat64", "statx", "statfs", "statfs64", "access", "faccessat", "faccessat2",
    "readlink", "readlinkat", "rename", "renameat", "renameat2", "link", "linkat",
    "unlink", "unlinkat", "mkdirat", "umask", "getcwd", "chdir",
    /* time and waiting */
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
    "clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "gettimeofday", "time",
    "times", "timerfd_create", "timerfd_settime", "timerfd_settime64", "timerfd_gettime",
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2",
    "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6",
    "pselect6_time64",
    /* sockets */
    "bind", "connect", "accept", "accept4", "getsockname", "getpeername", "getsockopt",
    "setsockopt", "send", "sendto", "sendmsg", "sendmmsg", "recv", "recvfrom", "recvmsg",
    "recvmmsg", "recvmmsg_time64", "shutdown",
    /* what this process is, and where */
    "getpid", "gettid", "getppid", "getuid", "getuid32", "geteuid", "geteuid32", "getgid",
    "getgid32", "getegid", "getegid32", "getresuid", "getresuid32", "getresgid",
    "getresgid32", "uname", "sysinfo", "getcpu", "getrandom"
};

/* What no server needs, and an intruder wants first. */
static const char *const refused[] = {
    /* programs, and other processes */
    "execve", "execveat", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "pidfd_getfd", "kcmp", "personality",
    /* mounts, roots, namespaces */
    "mount", "umount", "umount2", "move_mount", "open_tree", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "pivot_root", "chroot", "unshare", "setns",
    "open_by_handle_at",
    /* the kernel */
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "keyctl", "add_key",
    "request_key", "init_module", "finit_module", "delete_module", "kexec_load",
    "kexec_file_load", "reboot"
};

static const unsigned ioctls[] = {
    TCGETS,  FIONREAD, SIOCGIFNAME, SIOCGIFINDEX, SIOCGIFFLAGS, SIOCGIFMTU,
#ifdef TCGETS2 /* what isatty() asks from glibc 2.42 on */
    TCGETS2,
#endif
};

static const unsigned new_namespaces[] = { CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
                                           CLONE_NEWIPC, CLONE_NEWPID,    CLONE_NEWUSER,
                                           CLONE_NEWNET };

#ifdef __s390__
#define CLONE_FLAGS 1 /* the number of that argument */
#else
#define CLONE_FLAGS 0
#endif

/* A filter under construction, whose error sticks. */
struct filter {
    scmp_filter_ctx context;
    int err;
};

struct test {
    unsigned count;
    struct scmp_arg_cmp of[3];
};

#define EVERY ((struct test){ 0 })
#define REFUSE SCMP_ACT_ERRNO(EPERM)

static struct scmp_arg_cmp is(unsigned arg, uint64_t value)
{
    return (struct scmp_arg_cmp){ arg, SCMP_CMP_EQ, value, 0 };
}

static struct scmp_arg_cmp masked(unsigned arg, uint64_t mask, uint64_t value)
{
    return (struct scmp_arg_cmp){ arg, SCMP_CMP_MASKED_EQ, mask, value };
}

static void rule(struct filter *f, uint32_t action, const char *call, struct test t)
{
    int number = seccomp_syscall_resolve_name(call);
    int err;

    if (number == __NR_SCMP_ERROR || f->err)
        return;
    err = seccomp_rule_add_array(f->context, action, number, t.count, t.of);
    f->err = err == -EDOM ? 0 : err; /* there is no such call here */
}

static void rules(struct filter *f, uint32_t action, const char *const *calls,
                  size_t count)
{
    for (size_t i = 0; i < count; i++)
        rule(f, action, calls[i], EVERY);
}

/* Nothing that is written becomes code. */
static void memory(struct filter *f, const char *call)
{
    rule(f, SCMP_ACT_ALLOW, call, (struct test){ 1, { masked(2, PROT_EXEC, 0) } });
    rule(f, REFUSE, call, (struct test){ 1, { masked(2, PROT_EXEC, PROT_EXEC) } });
}

/* Threads and children of the same namespaces. The flags of clone3 cannot be seen: it stays
 * unknown, and the C library calls clone. */
static void threads(struct filter *f)
{
    uint64_t any = 0;

    for (size_t i = 0; i < sizeof new_namespaces / sizeof *new_namespaces; i++) {
        uint64_t one = new_namespaces[i];

        any |= one;
        rule(f, REFUSE, "clone", (struct test){ 1, { masked(CLONE_FLAGS, one, one) } });
    }
    rule(f, SCMP_ACT_ALLOW, "clone", (struct test){ 1, { masked(CLONE_FLAGS, any, 0) } });
}

static void socket_of(struct filter *f, uint32_t action, int family, int type)
{
    const unsigned bits = 0xf; /* the others are flags */

    rule(
        f, action, "socket",
        (struct test){ 2, { is(0, (unsigned)family), masked(1, bits, (unsigned)type) } });
}

/* Datagrams, and questions to the kernel's routing table; no stream leads anywhere. */
static void sockets(struct filter *f)
{
    static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };
    static const int types[] = { SOCK_STREAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_PACKET };

    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        socket_of(f, SCMP_ACT_ALLOW, families[i], SOCK_DGRAM);
        for (size_t k = 0; k < sizeof types / sizeof *types; k++)
            socket_of(f, REFUSE, families[i], types[k]);
    }
    rule(f, SCMP_ACT_ALLOW, "socket",
         (struct test){ 2, { is(0, AF_NETLINK), is(2, NETLINK_ROUTE) } });
    rule(f, REFUSE, "socket",
         (struct test){ 2, { is(0, AF_NETLINK), { 2, SCMP_CMP_NE, NETLINK_ROUTE, 0 } } });
    for (int family = 0; family < AF_MAX; family++)
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6 &&
            family != AF_NETLINK)
            rule(f, REFUSE, "socket", (struct test){ 1, { is(0, (unsigned)family) } });
}

static void arguments(struct filter *f)
{
    memory(f, "mmap");
    memory(f, "mmap2");
    memory(f, "mprotect");
    threads(f);
    sockets(f);
    for (size_t i = 0; i < sizeof ioctls / sizeof *ioctls; i++)
        rule(f, SCMP_ACT_ALLOW, "ioctl", (struct test){ 1, { is(1, ioctls[i]) } });
    rule(f, SCMP_ACT_ALLOW, "prctl", (struct test){ 1, { is(0, PR_SET_NAME) } });
}

int call_filter_load(void)
{
    struct filter f = { .context = seccomp_init(SCMP_ACT_ERRNO(ENOSYS)) };

    if (!f.context)
        return -ENOMEM;
    rules(&f, SCMP_ACT_ALLOW, allowed, sizeof allowed / sizeof *allowed);
    rules(&f, REFUSE, refused, sizeof refused / sizeof *refused);
    arguments(&f);
    if (!f.err)
        f.err = seccomp_attr_set(f.context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!f.err)
        f.err = seccomp_load(f.context);
    seccomp_release(f.context);
    return f.err;
}
