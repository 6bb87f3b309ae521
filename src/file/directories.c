/* SPDX-License-Identifier: MIT */
/* Makes and removes directories one by one, each opened by its name below the root. */
#include "file/directories.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What `..` would lead to depends on what is there: such a name gets nothing new. */
static bool goes_up(const struct root_name *name)
{
    for (const char *part = name->text; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return true;
    }
    return false;
}

/* The name without its last component. False: it has one only. */
static bool cut_last(struct root_name *name)
{
    char *slash = strrchr(name->text, '/');

    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

static struct store_result make_one(const struct store_root *root,
                                    const struct root_name *name, unsigned *made)
{
    const char *last = NULL;
    int dir = -1;
    struct store_result r = root_open_parent(root, name, &dir, &last);

    if (r.error)
        return r;
    if (mkdirat(dir, last, DIRECTORIES_MODE) == 0)
        ++*made;
    else if (errno != EEXIST)
        r = store_errno(errno);
    close(dir);
    return r;
}

struct store_result directories_make(const struct store_root *root,
                                     const struct root_name *name, unsigned *made)
{
    struct store_result r = store_ok();

    *made = 0;
    if (goes_up(name))
        return store_errno(ENOENT);
    for (const char *slash = strchr(name->text, '/'); slash && !r.error;
         slash = strchr(slash + 1, '/')) {
        struct root_name one = { "" };

        memcpy(one.text, name->text, (size_t)(slash - name->text));
        r = make_one(root, &one, made);
    }
    return r;
}

void directories_remove(const struct store_root *root, const struct root_name *name,
                        unsigned made)
{
    struct root_name one = *name;

    while (made-- > 0 && cut_last(&one)) {
        const char *last = NULL;
        int dir = -1;

        if (root_open_parent(root, &one, &dir, &last).error)
            return;
        (void)unlinkat(dir, last, AT_REMOVEDIR);
        close(dir);
    }
}

struct store_result directories_look(const struct store_root *root,
                                     const struct root_name *name, int *dir)
{
    struct root_name one = *name;

    while (!goes_up(name) && cut_last(&one)) {
        const char *last = NULL;
        struct stat st;
        struct store_result r = root_open_parent(root, &one, dir, &last);

        if (r.error == STORE_NOT_FOUND)
            continue;
        if (!r.error && fstatat(*dir, last, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            close(*dir); /* it is no directory: else its own would be there */
            break;
        }
        return r;
    }
    return store_errno(ENOENT);
}
