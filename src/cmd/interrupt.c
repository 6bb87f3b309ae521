#include "cmd/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void both(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

int interrupt_open(void)
{
    sigset_t set;
    int fd;

    both(&set);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    sigprocmask(SIG_BLOCK, &set, NULL);
    return fd;
}

void interrupt_close(int fd)
{
    struct signalfd_siginfo info;
    sigset_t set;

    /* One that was already taken as the wish to stop must not end the program now. */
    while (read(fd, &info, sizeof info) > 0)
        continue;
    close(fd);
    both(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}
