/* SPDX-License-Identifier: MIT */
/* The bytes of the files that are asked for, and the making of them. */
#include "check/files.h"

#include "base/bytes.h"
#include "kedge/tftp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINES_MAX = 2048, CHUNK = 1 << 16 };

enum kind { PLAIN, SPARSE, DIRECTORY, SECRET, LINK, FIFO };

static const struct known {
    const char *word;
    uint64_t size;
    enum check_content content;
    enum kind kind;
} set[] = {
    { "0", 0, CHECK_PATTERN, PLAIN },
    { "1", 1, CHECK_PATTERN, PLAIN },
    { "511", 511, CHECK_PATTERN, PLAIN },
    { "512", 512, CHECK_PATTERN, PLAIN },
    { "513", 513, CHECK_PATTERN, PLAIN },
    { "1024", 1024, CHECK_PATTERN, PLAIN },
    { "2000", 2000, CHECK_PATTERN, PLAIN },
    { "20000", 20000, CHECK_PATTERN, PLAIN },
    { "200000", 200000, CHECK_PATTERN, PLAIN },
    { "600000", 600000, CHECK_PATTERN, PLAIN },
    { "33553920", 65535UL * 512, CHECK_PATTERN, PLAIN },
    { "33554432", 65536UL * 512, CHECK_PATTERN, PLAIN },
    { "5368709123", 5368709123, CHECK_NOTHING, SPARSE },
    { "text", 0, CHECK_LINES, PLAIN },
    { "lines", 0, CHECK_LF_LINES, PLAIN },
    { "dir", 0, CHECK_NOTHING, DIRECTORY },
    { "secret", 4, CHECK_NOTHING, SECRET },
    { "link", 0, CHECK_NOTHING, LINK },
    { "fifo", 0, CHECK_NOTHING, FIFO },
    { "missing", 0, CHECK_NOTHING, PLAIN },
};

/* Each eight bytes are a mix of their place: two blocks are never alike, and there are zero
 * bytes early, where a string would end. */
uint8_t check_pattern(uint64_t offset)
{
    uint64_t v = (offset / 8 + 3) * 0x9e3779b97f4a7c15;

    v = (v ^ (v >> 29)) * 0xbf58476d1ce4e5b9;
    v ^= v >> 32;
    return offset % 64 == 21 ? 0 : (uint8_t)(v >> (offset % 8 * 8));
}

/* 511 letters and a newline: in netascii its CR ends block 1 and its LF begins block 2.
 * Then CRs that stand alone, in front of an LF, and at the very end. */
static size_t lines(bool with_crs, uint8_t out[LINES_MAX])
{
    const char *rest =
        with_crs ? "a bare \r in a line\n\r\n\n\r\rtwo\n" : "one line\n\nand two\n";
    struct writer w = { .ptr = out, .room = LINES_MAX };

    for (int i = 0; i < 511; i++)
        put_u8(&w, (uint8_t)('a' + i % 26));
    put_u8(&w, '\n');
    for (int i = 0; i < 12; i++)
        put(&w, span_of(rest));
    if (with_crs)
        put_u8(&w, '\r');
    return w.len;
}

static bool is_text(const struct check_file *f)
{
    return f->content == CHECK_LINES || f->content == CHECK_LF_LINES;
}

static size_t lines_on_wire(const struct check_file *f, bool netascii,
                            uint8_t out[2 * LINES_MAX])
{
    uint8_t plain[LINES_MAX];
    size_t len = lines(f->content == CHECK_LINES, plain), used = 0, n;
    struct kedge_netascii state = { 0 };

    if (!netascii) {
        memcpy(out, plain, len);
        return len;
    }
    n = kedge_netascii_encode(&state, (struct kedge_span){ plain, len }, out,
                              2 * LINES_MAX, &used);
    return n + kedge_netascii_finish(&state, out + n, 2 * LINES_MAX - n);
}

static size_t cut(const uint8_t *all, size_t size, uint64_t offset, uint8_t *out,
                  size_t len)
{
    size_t left = offset < size ? size - (size_t)offset : 0;
    size_t n = len < left ? len : left;

    if (n > 0)
        memcpy(out, all + offset, n);
    return n;
}

size_t check_file_bytes(const struct check_file *f, bool netascii, uint64_t offset,
                        uint8_t *out, size_t len)
{
    uint8_t wire[2 * LINES_MAX];
    uint64_t left = offset < f->size ? f->size - offset : 0;

    if (is_text(f))
        return cut(wire, lines_on_wire(f, netascii, wire), offset, out, len);
    if (f->content == CHECK_LEARNT)
        return cut(f->bytes, (size_t)f->size, offset, out, len);
    if (left < len)
        len = (size_t)left;
    for (size_t i = 0; i < len; i++)
        out[i] = check_pattern(offset + i);
    return len;
}

uint64_t check_file_wire_size(const struct check_file *f, bool netascii)
{
    uint8_t wire[2 * LINES_MAX];

    return is_text(f) ? lines_on_wire(f, netascii, wire) : f->size;
}

static const struct known *find_known_file(const char *word)
{
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        if (strcmp(set[i].word, word) == 0)
            return &set[i];
    return NULL;
}

bool check_file_known(const char *word, struct check_file *out)
{
    const struct known *k = find_known_file(word);

    if (!k)
        return false;
    *out = (struct check_file){ .size = k->size, .content = k->content };
    if (is_text(out))
        out->size = check_file_wire_size(out, false);
    return true;
}

static int write_all(int fd, const struct check_file *f)
{
    uint8_t chunk[CHUNK];

    for (uint64_t at = 0; at < f->size;) {
        size_t n = check_file_bytes(f, false, at, chunk, sizeof chunk);

        for (size_t done = 0; done < n;) {
            ssize_t wrote = write(fd, chunk + done, n - done);

            if (wrote < 0 && errno != EINTR)
                return -errno;
            done += wrote > 0 ? (size_t)wrote : 0;
        }
        at += n;
    }
    return 0;
}

static int make_file(int dir, const char *name, const struct known *k)
{
    struct check_file f;
    int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    int err = 0;

    if (fd < 0)
        return -errno;
    if (!check_file_known(k->word, &f))
        err = -EINVAL;
    else if (k->kind == SPARSE)
        err = ftruncate(fd, (off_t)k->size) < 0 ? -errno : 0;
    else if (k->kind == SECRET)
        err = write(fd, "no\n", 3) < 3 ? -EIO : 0;
    else
        err = write_all(fd, &f);
    if (!err && fchmod(fd, k->kind == SECRET ? 0 : 0644) < 0)
        err = -errno;
    close(fd);
    return err;
}

static int made(int result)
{
    return result < 0 && errno != EEXIST ? -errno : 0;
}

static int make_known_file(int dir, const struct known *k)
{
    char name[64];

    snprintf(name, sizeof name, CHECK_FILE_PREFIX "%s", k->word);
    switch (k->kind) {
    case DIRECTORY:
        return made(mkdirat(dir, name, 0755));
    case LINK:
        return made(symlinkat("/etc/passwd", dir, name));
    case FIFO:
        return made(mkfifoat(dir, name, 0644));
    default:
        return strcmp(k->word, "missing") == 0 ? 0 : make_file(dir, name, k);
    }
}

int check_files_make(const char *directory, const char **what)
{
    int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err = dir < 0 ? -errno : 0;

    *what = "";
    for (size_t i = 0; i < sizeof set / sizeof *set && !err; i++) {
        *what = set[i].word;
        err = make_known_file(dir, &set[i]);
    }
    if (dir >= 0)
        close(dir);
    return err;
}
