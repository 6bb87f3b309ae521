/* SPDX-License-Identifier: MIT */
/* Run a target over files, without a fuzzer: what its corpus and the crashes of the past
 * hold must still hold. Each input lies in a block of just its size, so that a sanitizer
 * sees the first byte too far; and one byte shorter, cut by cut, where it is small. */
#include "fuzz.h"

#include <dirent.h>
#include <stdint.h>
#include <string.h>

enum { CUT_MAX = 200, INPUT_MAX = 1 << 20 };

static void run_copy(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len);

    if (len > 0 && !exact)
        abort();
    if (len > 0)
        memcpy(exact, bytes, len);
    (void)LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

static int run_file(const char *path)
{
    uint8_t *bytes = malloc(INPUT_MAX);
    FILE *f = fopen(path, "rb");
    size_t len;

    if (!f || !bytes) {
        perror(path);
        exit(2);
    }
    len = fread(bytes, 1, INPUT_MAX, f);
    fclose(f);
    run_copy(bytes, len);
    for (size_t cut = 0; len <= CUT_MAX && cut < len; cut++)
        run_copy(bytes, cut);
    free(bytes);
    return 1;
}

static int run_directory(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;
    int count = 0;

    if (!d)
        return 0;
    while ((e = readdir(d))) {
        char name[4096];

        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        fprintf(stderr, "%s\n", name); /* the last one named is the one that failed */
        count += run_file(name);
    }
    closedir(d);
    return count;
}

/* replay CORPUS [REGRESSIONS]: directories; the first holds at least one file. */
int main(int argc, char **argv)
{
    int count = 0;

    for (int i = 1; i < argc; i++)
        count += run_directory(argv[i]);
    printf("%d inputs\n", count);
    return argc > 1 && count > 0 ? 0 : 2;
}
