/* SPDX-License-Identifier: MIT */
/* The files that a server is asked for. Their bytes follow from their place, so that each
 * block can be judged, and the cause of a wrong one guessed, without a copy. A set of them
 * is made by `kedge check --make-files`, under the names kedge-check-NAME; or one file of
 * the server's own is learnt at the start of a run. */
#ifndef CHECK_FILES_H
#define CHECK_FILES_H

#include "kedge/base.h"

#define CHECK_FILE_PREFIX "kedge-check-"

enum { CHECK_NAME = 400, CHECK_LEARN_MAX = 1 << 20 };

enum check_content {
    CHECK_PATTERN,  /* the bytes of check_pattern() */
    CHECK_LINES,    /* text with an LF where a block of netascii ends, and bare CRs */
    CHECK_LF_LINES, /* the same without CRs */
    CHECK_LEARNT,   /* read from the server before, `bytes` */
    CHECK_NOTHING   /* there is no such file, or it may not be read */
};

struct check_file {
    char name[CHECK_NAME]; /* as it is asked for */
    uint64_t size;
    enum check_content content;
    const uint8_t *bytes;
};

/* The byte at `offset` of every file of kedge's own. */
uint8_t check_pattern(uint64_t offset);

/* Bytes [offset, offset + len) as they go over the wire, in netascii where that is asked
 * (of text only). Returns how many there are. */
size_t check_file_bytes(const struct check_file *f, bool netascii, uint64_t offset,
                        uint8_t *out, size_t len);

/* How many bytes go over the wire. */
uint64_t check_file_wire_size(const struct check_file *f, bool netascii);

/* What is known of the file that scripts call `word` ("2000", "text", "secret"): its
 * content and size. False if there is no such word. */
KEDGE_MUST_CHECK bool check_file_known(const char *word, struct check_file *out);

/* Make the set in a directory that exists. 0 or -errno, and then *what names the file. */
KEDGE_MUST_CHECK int check_files_make(const char *directory, const char **what);

#endif
