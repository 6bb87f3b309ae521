/* SPDX-License-Identifier: MIT */
/* Makes and removes directories one by one, each opened by its name below the root. */
#include "file/directories.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* 0, or the errno of a name that gets nothing new: what `..` would lead to depends on what
 * is there, and a part that is too long shall not leave those before it. */
static int unfit(const struct root_name *name)
{
    for (const char *part = name->text; part; part = strchr(part, '/')) {
        size_t len;

        part += *part == '/';
        len = strcspn(part, "/");
        if (len == 2 && memcmp(part, "..", 2) == 0)
            return ENOENT;
        if (len > NAME_MAX)
            return ENAMETOOLONG;
    }
    return 0;
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
    *made = 0;
    if (unfit(name))
        return store_errno(unfit(name));
    for (const char *slash = strchr(name->text, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        struct root_name one = { "" };
        struct store_result r;

        memcpy(one.text, name->text, (size_t)(slash - name->text));
        r = make_one(root, &one, made);
        if (r.error) {
            directories_remove(root, &one, *made);
            *made = 0;
            return r;
        }
    }
    return store_ok();
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

    while (!unfit(name) && cut_last(&one)) {
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
    return store_errno(unfit(name) ? unfit(name) : ENOENT);
}
