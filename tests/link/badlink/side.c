/* SPDX-License-Identifier: MIT */
/* One side of the link: a TUN device in a namespace. */
#include "side.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PATH 512

/* Run commands of ip(8), one a line, in the namespace this process is in now. */
__attribute__((format(printf, 1, 2))) static bool ip_batch(const char *format, ...)
{
    FILE *ip = popen("ip -batch -", "w");
    va_list args;

    if (!ip)
        return false;
    va_start(args, format);
    vfprintf(ip, format, args);
    va_end(args);
    return pclose(ip) == 0;
}

static void ns_path(const struct side *s, char path[NS_PATH])
{
    snprintf(path, NS_PATH, "%s%s", strchr(s->ns, '/') ? "" : "/run/netns/", s->ns);
}

static void set_ipv6(const char *device, const char *name, const char *value)
{
    char path[128];
    int fd;

    snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/%s", device, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) /* a kernel without IPv6: fine */
        return;
    if (write(fd, value, strlen(value)) < 0)
        fprintf(stderr, "badlink: %s: %s\n", path, strerror(errno));
    close(fd);
}

static void enter(struct side *s)
{
    char path[NS_PATH];

    ns_path(s, path);
    if (access(path, F_OK)) {
        if (strchr(s->ns, '/') || !ip_batch("netns add %s\n", s->ns))
            die("cannot create namespace %s", s->ns);
        s->created = true;
    }
    s->ns_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->ns_fd < 0 || setns(s->ns_fd, CLONE_NEWNET))
        die("cannot enter namespace %s: %s", s->ns, strerror(errno));
}

static void configure(const char *device, const struct side *s, int64_t mtu)
{
    set_ipv6(device, "addr_gen_mode", "1"); /* no link-local address */
    set_ipv6(device, "disable_ipv6", s->addr6 ? "0" : "1");
    if (!ip_batch("link set lo up\n"
                  "link set %s mtu %d txqueuelen %d\n"
                  "addr add %s dev %s\n"
                  "link set %s up\n",
                  device, (int)mtu, TXQLEN, s->addr, device, device) ||
        (s->addr6 && !ip_batch("addr add %s dev %s nodad\n", s->addr6, device)))
        die("cannot configure %s in %s", device, s->ns);
}

void side_open(const struct badlink *b, struct side *s, int64_t mtu)
{
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

    if (home < 0)
        die("/proc/self/ns/net: %s", strerror(errno));
    enter(s);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", b->device);
    s->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (s->tun < 0 || ioctl(s->tun, TUNSETIFF, &request))
        die("cannot create %s in %s: %s", b->device, s->ns, strerror(errno));
    configure(b->device, s, mtu);
    s->device_stat = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
    if (setns(home, CLONE_NEWNET))
        die("setns: %s", strerror(errno));
    close(home);
}

/* Signal the process if it is in that namespace; with 0, only look. True if it is. */
static bool signal_one(int pid, const struct stat *ns, int sig)
{
    int pidfd =
        (int)syscall(SYS_pidfd_open, pid, 0); /* first: no other takes the number */
    struct stat its;
    char path[64];
    bool there;

    if (pidfd < 0)
        return false;
    snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    there = !stat(path, &its) && its.st_ino == ns->st_ino && its.st_dev == ns->st_dev;
    if (there && sig)
        syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
    close(pidfd);
    return there;
}

/* Signal all processes in the namespace; how many there were. */
static int signal_all(int ns_fd, int sig)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    struct stat ns;
    int found = 0;

    if (proc && !fstat(ns_fd, &ns)) {
        while ((entry = readdir(proc))) {
            long pid = strtol(entry->d_name, NULL, 10);

            if (pid > 0)
                found += signal_one((int)pid, &ns, sig);
        }
    }
    if (proc)
        closedir(proc);
    return found;
}

void side_close(const struct badlink *b, const struct side *s)
{
    const struct timespec turn = { .tv_nsec = 10000000 };

    if (!s->created)
        return;
    for (int t = 0; b->kill_on_exit && t < 150; t++) {
        int sig = t >= 100 ? SIGKILL : 0;

        if (!signal_all(s->ns_fd, t == 0 ? SIGTERM : sig))
            break;
        nanosleep(&turn, NULL);
    }
    ip_batch("netns del %s\n", s->ns);
}

uint64_t side_ring_drops(const struct badlink *b, const struct side *s)
{
    char text[8192], key[IFNAMSIZ + 2];
    ssize_t len = pread(s->device_stat, text, sizeof text - 1, 0);
    unsigned long long drops = 0;
    const char *line;

    text[len > 0 ? len : 0] = 0;
    snprintf(key, sizeof key, "%s:", b->device);
    line = strstr(text, key);
    if (line)
        sscanf(line + strlen(key), "%*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu",
               &drops);
    return drops;
}
