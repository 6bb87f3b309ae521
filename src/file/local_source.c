/* SPDX-License-Identifier: MIT */
/* A local file or pipe that the client reads and sends. */
#include "file/local.h"

#include "base/number.h"
#include "file/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files of /proc say that they are empty, and are not: those are streams. */
static bool really_empty(int fd, uint64_t base)
{
    char byte;

    return pread(fd, &byte, 1, (off_t)base) <= 0;
}

static struct store_result look_at_source(struct local_source *s)
{
    struct stat st;
    off_t here;

    if (fstat(s->fd, &st) < 0)
        return store_errno(errno);
    if (S_ISDIR(st.st_mode))
        return store_errno(EISDIR);
    s->stream = true;
    here = S_ISREG(st.st_mode) ? lseek(s->fd, 0, SEEK_CUR) : -1;
    if (here < 0)
        return store_ok();
    s->base = (uint64_t)here;
    s->size = sub_sat((uint64_t)st.st_size, s->base);
    if (s->size == 0 && !really_empty(s->fd, s->base))
        return store_ok();
    s->stream = false;
    s->sized = true;
    s->mtime_s = st.st_mtim.tv_sec;
    s->mtime_ns = st.st_mtim.tv_nsec;
    return store_ok();
}

struct store_result local_source_open(struct local_source *s, const char *path,
                                      uint8_t *keep, size_t keep_room)
{
    struct store_result r;

    *s = (struct local_source){ .fd = -1, .keep = keep, .keep_room = keep_room };
    if (strcmp(path, "-") == 0)
        s->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    else
        s->fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (s->fd < 0)
        return store_errno(errno);
    r = look_at_source(s);
    if (r.error)
        local_source_close(s);
    return r;
}

/* A file that has grown since may give more than counts. */
static struct store_result read_file(const struct local_source *s, struct iov_list list,
                                     uint64_t offset, size_t *got)
{
    uint64_t wanted = min_u64(iov_total(list), sub_sat(s->size, offset));
    uint64_t moved = 0;
    int err = wanted ? iov_all(s->fd, IOV_READ, list, s->base + offset, &moved) : 0;

    if (err)
        return store_errno(-err);
    if (moved < wanted)
        return store_fail(STORE_CHANGED, "the file was cut short while it was read");
    *got = wanted;
    return store_ok();
}

/* One read of a stream, not beyond `end`. Each byte has its place in the ring by its
 * offset, so what is kept are always the last keep_room of them. */
static int fill_some(struct local_source *s, uint64_t end)
{
    size_t at = s->end % s->keep_room;
    size_t room = min_u64(s->keep_room - at, end - s->end);
    ssize_t n = read(s->fd, s->keep + at, room);

    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    if (n == 0) {
        s->sized = true;
        s->size = s->end;
    }
    s->end += (uint64_t)n;
    return 0;
}

/* Standard input may be a pipe that its other owner made non-blocking. */
static int fill_source(struct local_source *s, uint64_t end)
{
    struct pollfd in = { .fd = s->fd, .events = POLLIN };
    int err = 0;

    while (!err && !s->sized && s->end < end) {
        (void)poll(&in, 1, -1);
        err = fill_some(s, end);
    }
    return err;
}

static void copy_out(const struct local_source *s, uint8_t *to, size_t len,
                     uint64_t offset)
{
    size_t at = offset % s->keep_room;
    size_t first = min_u64(len, s->keep_room - at);

    memcpy(to, s->keep + at, first);
    memcpy(to + first, s->keep, len - first);
}

static struct store_result read_stream(struct local_source *s, struct iov_list list,
                                       uint64_t offset, size_t *got)
{
    uint64_t wanted = iov_total(list);
    int err = fill_source(s, offset + wanted);

    if (err)
        return store_errno(-err);
    KEDGE_ASSERT(s->end - min_u64(offset, s->end) <= s->keep_room);
    wanted = min_u64(wanted, sub_sat(s->end, offset));
    for (*got = 0; *got < wanted; list.v++) {
        size_t one = min_u64(list.v->iov_len, wanted - *got);

        copy_out(s, list.v->iov_base, one, offset + *got);
        *got += one;
    }
    return store_ok();
}

struct store_result local_source_read(struct local_source *s, const struct iovec *iov,
                                      int count, uint64_t offset, size_t *got)
{
    struct iov_list list = { iov, count };

    return s->stream ? read_stream(s, list, offset, got)
                     : read_file(s, list, offset, got);
}

struct store_result local_source_take(struct local_source *s, uint64_t end)
{
    int err = s->stream && !s->sized && s->end < end ? fill_some(s, end) : 0;

    return err ? store_errno(-err) : store_ok();
}

bool local_source_changed(const struct local_source *s)
{
    struct stat st;

    if (s->stream)
        return false;
    if (fstat(s->fd, &st) < 0)
        return true;
    return st.st_mtim.tv_sec != s->mtime_s || st.st_mtim.tv_nsec != s->mtime_ns ||
           sub_sat((uint64_t)st.st_size, s->base) != s->size;
}

void local_source_close(struct local_source *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}
