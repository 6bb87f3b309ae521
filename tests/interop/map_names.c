/* SPDX-License-Identifier: MIT */
/* The map test of in.tftpd by kedge's own engine: map_names [-6] [-c] MAP NAMES. */
#include "cmd/map_test.h"

#include <string.h>

int main(int argc, char **argv)
{
    struct map_test t = { 0 };
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++) {
        t.ipv6 = t.ipv6 || strcmp(argv[i], "-6") == 0;
        t.put = t.put || strcmp(argv[i], "-c") == 0;
    }
    if (argc - i != 2) {
        fputs("usage: map_names [-6] [-c] MAP NAMES\n", stderr);
        return EXIT_USAGE;
    }
    t.map = argv[i];
    t.names = argv[i + 1];
    return (int)map_test_run(&t, stdout);
}
