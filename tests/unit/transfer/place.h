/* SPDX-License-Identifier: MIT */
/* What the tests of transfers share: a directory of their own, and short words for files
 * in it. */
#ifndef TESTS_UNIT_TRANSFER_PLACE_H
#define TESTS_UNIT_TRANSFER_PLACE_H

#include "transfer/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct place {
    char path[64];
};

struct path {
    char text[512];
};

static inline struct path at(const struct place *p, const char *name)
{
    struct path path;

    snprintf(path.text, sizeof path.text, "%s/%s", p->path, name);
    return path;
}

static inline int publish_open(void **state)
{
    struct place *p = malloc(sizeof *p);

    assert_non_null(p);
    snprintf(p->path, sizeof p->path, "/tmp/kedge-transfer-XXXXXX");
    assert_non_null(mkdtemp(p->path));
    *state = p;
    return 0;
}

/* How many files there are; with `away` they are removed. */
static inline unsigned place_files(const struct place *p, bool away)
{
    DIR *list = opendir(p->path);
    const struct dirent *entry;
    unsigned count = 0;

    assert_non_null(list);
    while ((entry = readdir(list))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (away)
            assert_int_equal(unlink(at(p, entry->d_name).text), 0);
    }
    closedir(list);
    return count;
}

static inline int publish_close(void **state)
{
    struct place *p = *state;

    place_files(p, true);
    rmdir(p->path);
    free(p);
    return 0;
}

static inline void put_bytes(struct path path, const void *bytes, size_t len)
{
    FILE *f = fopen(path.text, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static inline void assert_bytes(struct path path, const void *bytes, size_t len)
{
    uint8_t *got = malloc(len + 1);
    FILE *f = fopen(path.text, "r");

    assert_true(f && got);
    assert_int_equal(fread(got, 1, len + 1, f), len);
    if (len > 0)
        assert_memory_equal(got, bytes, len);
    fclose(f);
    free(got);
}

static inline struct kedge_span text(const char *s)
{
    return (struct kedge_span){ (const uint8_t *)s, strlen(s) };
}

/* The SHA-256 of "abc" (FIPS 180-2, B.1). */
static const uint8_t sum_of_abc[KEDGE_SHA256_SIZE] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
    0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
    0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad
};

#endif
