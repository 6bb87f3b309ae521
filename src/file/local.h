/* SPDX-License-Identifier: MIT */
/* The client's files: where a download goes, and where an upload comes from. Unlike the
 * server's they are named by the user, so no root confines them, and every call may
 * block. */
#ifndef FILE_LOCAL_H
#define FILE_LOCAL_H

#include "file/temp.h"

#include <limits.h>
#include <sys/uio.h>

/* Where a download goes. If the target is absent or a regular file, bytes go to
 * `.kedge-<random>` beside it, which takes its name on commit: so it appears whole or not
 * at all. (It is not fsynced: a power cut may still lose it.) A symbolic link to a
 * regular file keeps pointing, and that file is replaced. A device, a FIFO and standard
 * output, also as /dev/stdout, are written straight through, in order. */
struct local_target {
    int fd;       /* -1 when not open */
    int dir;      /* -1 when straight through */
    bool stream;  /* writes must come in order */
    bool empties; /* a file without a name, until its first write */
    uint64_t end; /* written so far, at most */
    char last[NAME_MAX + 1];
    char temp[TEMP_ROOM];
};

/* path `-` is standard output. Errors: NOT_FOUND (the directory), BAD_NAME (too long),
 * DENIED (also: path is a directory), FULL, BUSY, IO. On failure there is nothing to
 * close. */
KEDGE_MUST_CHECK struct store_result local_target_open(struct local_target *target,
                                                       const char *path);

/* Write all at offset. A stream: offset must be the end of what was written before.
 * Errors: FULL (disk or quota), TOO_LARGE, IO (EPIPE: who reads the stream went away). */
KEDGE_MUST_CHECK struct store_result local_target_write(struct local_target *target,
                                                        const struct iovec *iov,
                                                        int count, uint64_t offset);

/* The download is complete: give it its name, close it. On failure as abort. */
KEDGE_MUST_CHECK struct store_result local_target_commit(struct local_target *target);

/* Leave nothing behind (but what a stream has already got). Harmless after commit, after
 * a failed open, and twice. Safe in a signal handler. */
void local_target_abort(struct local_target *target);

/* Where an upload comes from. A regular file is read at any offset, and its size is
 * known; standard input too, from where it stands, if it is one. All else is a stream:
 * it is read once, and the last bytes are kept for reading again. */
struct local_source {
    int fd; /* -1 when not open */
    bool stream;
    bool sized; /* size is known: at once, or at the end of a stream */
    uint64_t size;
    uint64_t base; /* a file's: the offset in it of our 0 */
    int64_t mtime_s;
    int64_t mtime_ns;
    uint8_t *keep; /* a stream's: the caller's memory, a ring of its last bytes */
    size_t keep_room;
    uint64_t end; /* a stream's: bytes taken from it so far */
};

/* path `-` is standard input. keep holds, for a stream, at least all that may be asked
 * for again and what is asked for with it: a window of blocks, and then some. A
 * regular file needs none. Errors: NOT_FOUND, DENIED (also: a directory), IO. */
KEDGE_MUST_CHECK struct store_result local_source_open(struct local_source *source,
                                                       const char *path, uint8_t *keep,
                                                       size_t keep_room);

/* Fill iov from offset on, less only at the end: *got says how many bytes. A stream:
 * offset lies at most at the end of what was asked before, and what is asked for reaches
 * back from the highest end so far by at most keep_room. Errors: CHANGED (a file is
 * shorter than it was), IO. */
KEDGE_MUST_CHECK struct store_result local_source_read(struct local_source *source,
                                                       const struct iovec *iov, int count,
                                                       uint64_t offset, size_t *got);

/* A stream: take once what is there, but not beyond offset `end`, which is at most
 * keep_room past what may still be asked for. So who polls fd first does not wait, and
 * knows by `end` and `sized` what may be asked for without waiting. Error: IO. */
KEDGE_MUST_CHECK struct store_result local_source_take(struct local_source *source,
                                                       uint64_t end);

/* A file: its size or time of change is no longer what it was. A stream: false. */
KEDGE_MUST_CHECK bool local_source_changed(const struct local_source *source);

void local_source_close(struct local_source *source);

#endif
