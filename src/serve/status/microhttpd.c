/* SPDX-License-Identifier: MIT */
/* Loads libmicrohttpd. */
#include "serve/status/microhttpd.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* ISO C knows no conversion from the pointer that dlsym() gives. */
static bool find_symbol(const struct microhttpd *m, const char *name, void *out,
                        size_t size)
{
    void *found = dlsym(m->library, name);

    memcpy(out, &found, size);
    return found != NULL;
}

int microhttpd_load(struct microhttpd *m)
{
    bool all = true;

    *m = (struct microhttpd){ .library =
                                  dlopen(MICROHTTPD_LIBRARY, RTLD_NOW | RTLD_LOCAL) };
    if (!m->library)
        return -ENOENT;
#define FIND(name) all = find_symbol(m, "MHD_" #name, &m->name, sizeof m->name) && all;
    MICROHTTPD_CALLS(FIND)
#undef FIND
    return all ? 0 : -ENOENT;
}
