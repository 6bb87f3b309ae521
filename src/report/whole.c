/* SPDX-License-Identifier: MIT */
#include "report/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK ".kedge-XXXXXX"

static void forget(struct atomic_file *w)
{
    free(w->path);
    free(w->temp);
    free(w->bytes);
    *w = (struct atomic_file){ 0 };
}

/* As a plain open would have made it. */
static void set_mode(int fd)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
}

static int open_temp(struct atomic_file *w)
{
    size_t room = strlen(w->path) + sizeof MARK;

    w->temp = malloc(room);
    if (!w->temp)
        return -1;
    snprintf(w->temp, room, "%s" MARK, w->path);
    w->fd = mkostemp(w->temp, O_CLOEXEC);
    if (w->fd >= 0)
        set_mode(w->fd);
    return w->fd;
}

static int open_there(struct atomic_file *w)
{
    struct stat st;

    if (stat(w->path, &st) < 0 || S_ISREG(st.st_mode))
        return open_temp(w);
    w->fd = open(w->path, O_WRONLY | O_CLOEXEC);
    return w->fd;
}

static void end(struct atomic_file *w, bool keep)
{
    (void)fclose(w->out);
    close(w->fd);
    if (w->temp && !keep)
        (void)unlink(w->temp);
    forget(w);
}

int atomic_file_open(struct atomic_file *w, const char *path)
{
    int err;

    *w = (struct atomic_file){ .fd = -1, .path = strdup(path) };
    if (w->path && open_there(w) >= 0) {
        w->out = open_memstream(&w->bytes, &w->len);
        if (w->out)
            return 0;
        close(w->fd);
        if (w->temp)
            (void)unlink(w->temp);
    }
    err = errno;
    forget(w);
    return -err;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

int atomic_file_commit(struct atomic_file *w)
{
    int err = fflush(w->out) == 0 && !ferror(w->out) ? 0 : -ENOMEM;

    if (!err)
        err = write_all(w->fd, w->bytes, w->len);
    if (!err && w->temp && rename(w->temp, w->path) != 0)
        err = -errno;
    end(w, err == 0);
    return err;
}

void atomic_file_drop(struct atomic_file *w)
{
    end(w, false);
}
