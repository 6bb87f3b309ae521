/* SPDX-License-Identifier: MIT */
/* What runs inside a server that an intruder has taken over: a preload library for
 * test_sandbox.py. A datagram that begins with PLANTED makes the server's own thread try what
 * its clients never ask for; the results, a line each, go to the file PLANT_OUT.
 * With PLANT_UNKNOWN=kill or log, a system call that the filter does not know ends the server or
 * stands in the kernel's log: any test of a server can run so, with LD_PRELOAD. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <asm/termbits.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Opened while that is allowed. */
static int out = -1;

__attribute__((constructor)) static void open_out(void)
{
    const char *path = getenv("PLANT_OUT");

    if (path)
        out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void say(const char *what, long got)
{
    char line[128];
    int len = snprintf(line, sizeof line, "%s %d\n", what, got < 0 ? errno : 0);

    if (write(out, line, (size_t)len) != len)
        abort();
}

/* A process of the same user. */
static pid_t other(void)
{
    return atoi(getenv("PLANT_PID"));
}

static long connect_to_port(int type)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    int fd = socket(AF_INET, type, 0);

    to.sin_port = htons((uint16_t)atoi(getenv("PLANT_PORT")));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd < 0 ? fd : connect(fd, (struct sockaddr *)&to, sizeof to);
}

/* In a child, for what succeeds changes the process. */
static void in_child(const char *what, long (*body)(void))
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        say(what, body());
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        say(what, 0);
}

static long run_program(void)
{
    char *const none[] = { NULL };

    return execve("/bin/true", none, none);
}

static long run_image(void)
{
    char *const none[] = { NULL };

    return syscall(SYS_execveat, open("/bin/true", O_PATH), "", none, none,
                   AT_EMPTY_PATH);
}

static long new_namespace(void)
{
    return unshare(CLONE_NEWUSER);
}

static long make_in_root(void)
{
    return openat(AT_FDCWD, getenv("PLANT_FILE"), O_WRONLY | O_CREAT, 0600);
}

static void plant(void)
{
    struct iovec io = { &io, 1 };
    struct termios2 terminal;

    say("open /etc/passwd", open("/etc/passwd", O_RDONLY));
    say("list /", open("/", O_RDONLY | O_DIRECTORY));
    say("write /tmp", open("/tmp/kedge-planted", O_WRONLY | O_CREAT, 0600));
    say("make in the root", make_in_root());
    say("tcp connect", connect_to_port(SOCK_STREAM));
    say("unix stream", socket(AF_UNIX, SOCK_STREAM, 0));
    say("packet socket", socket(AF_PACKET, SOCK_DGRAM, 0));
    say("netfilter", socket(AF_NETLINK, SOCK_RAW, 12));
    say("is a terminal", ioctl(STDIN_FILENO, TCGETS2, &terminal));
    say("udp", connect_to_port(SOCK_DGRAM));
    say("ptrace", ptrace(PTRACE_SEIZE, other(), NULL, NULL));
    say("process_vm_readv", syscall(SYS_process_vm_readv, other(), &io, 0, &io, 0, 0));
    say("mount", syscall(SYS_mount, "none", "/mnt", "tmpfs", 0ul, NULL));
    say("bpf", syscall(SYS_bpf, 0, NULL, 0));
    say("keyctl", syscall(SYS_keyctl, 0, 0, 0, 0, 0));
    say("executable memory", mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                                 ? -1
                                 : 0);
    say("signal", kill(other(), 0));
    say("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1));
    in_child("execve", run_program);
    in_child("execveat", run_image);
    in_child("unshare", new_namespace);
    say("setuid", syscall(SYS_setuid, 0)); /* the filter does not know it */
    say("done", 0);
}

int recvmmsg(int fd, struct mmsghdr *in, unsigned n, int flags, struct timespec *wait)
{
    static const char word[] = "PLANTED";
    int (*next)(int, struct mmsghdr *, unsigned, int, struct timespec *) = NULL;
    int got;

    *(void **)&next = dlsym(RTLD_NEXT, "recvmmsg");
    got = next(fd, in, n, flags, wait);
    if (got > 0 && in->msg_len >= sizeof word - 1 &&
        memcmp(in->msg_hdr.msg_iov->iov_base, word, sizeof word - 1) == 0)
        plant();
    return got;
}

#define UNKNOWN_KILL 0x80000000u
#define UNKNOWN_LOG 0x7ffc0000u
#define ANSWER_ENOSYS (0x00050000u | ENOSYS)

/* clone3 is the one call that the C library makes though the filter does not know it. */
void *seccomp_init(uint32_t action)
{
    const char *unknown = getenv("PLANT_UNKNOWN");
    void *(*next)(uint32_t) = NULL;
    int (*add)(void *, uint32_t, int, unsigned, ...) = NULL;
    void *made;

    *(void **)&next = dlsym(RTLD_NEXT, "seccomp_init");
    *(void **)&add = dlsym(RTLD_NEXT, "seccomp_rule_add");
    if (!unknown)
        return next(action);
    made = next(strcmp(unknown, "kill") == 0 ? UNKNOWN_KILL : UNKNOWN_LOG);
    if (!made || add(made, ANSWER_ENOSYS, SYS_clone3, 0))
        abort();
    return made;
}
