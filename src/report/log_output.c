/* SPDX-License-Identifier: MIT */
/* Writes of the log's thread, none of which waits past the log's end. */
#include "report/log_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The mode of a descriptor is shared with others, a shell among them. A pipe and a
 * terminal are opened anew, with a mode of our own; where that is not permitted, a write
 * of at most PIPE_BUF behind poll() must do. A file makes nobody wait, and must keep its
 * place. */
static void open_anew(struct log_output *out)
{
    char path[32];
    int fd;

    snprintf(path, sizeof path, "/proc/self/fd/%d", out->fd);
    fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    out->fd = fd;
    out->own = true;
}

int log_output_open(struct log_output *out, int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    *out = (struct log_output){ .fd = fd,
                                .is_socket = S_ISSOCK(st.st_mode),
                                .is_file = S_ISREG(st.st_mode) };
    out->giving_up = eventfd(0, EFD_CLOEXEC);
    if (out->giving_up < 0)
        return -errno;
    if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
        open_anew(out);
    return 0;
}

void log_output_close(struct log_output *out)
{
    if (out->own)
        close(out->fd);
    close(out->giving_up);
}

ssize_t log_output_write(const struct log_output *out, struct kedge_span bytes)
{
    struct pollfd fds[2] = { { .fd = out->fd, .events = POLLOUT },
                             { .fd = out->giving_up, .events = POLLIN } };
    size_t len = out->own || out->is_file || bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF;
    ssize_t n;

    if (poll(fds, 2, -1) < 0)
        return -errno;
    if (fds[1].revents)
        return -ECANCELED;
    if (out->is_socket)
        n = send(out->fd, bytes.ptr, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        n = write(out->fd, bytes.ptr, len);
    return n < 0 ? -errno : n;
}

void log_output_give_up(const struct log_output *out)
{
    (void)eventfd_write(out->giving_up, 1);
}
