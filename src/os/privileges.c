/* SPDX-License-Identifier: MIT */
/* Changes of user and the no-new-privileges flag, each checked after it is made. */
#include "os/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRY_ROOM 16384

static bool look_up(const char *name, struct jail_user *out)
{
    char buf[ENTRY_ROOM];
    struct passwd entry;
    struct passwd *found = NULL;

    if (getpwnam_r(name, &entry, buf, sizeof buf, &found) != 0 || !found)
        return false;
    *out = (struct jail_user){ .uid = entry.pw_uid, .gid = entry.pw_gid, .name = name };
    return true;
}

static bool choose_default(struct jail_user *out, char *why, size_t room)
{
    if (look_up("tftp", out) || look_up("nobody", out))
        return true;
    (void)snprintf(why, room, "no user tftp and no user nobody: name one to become");
    return false;
}

bool jail_choose(const char *wanted, struct jail_user *out, char *why, size_t room)
{
    struct jail_user me = { geteuid(), getegid(), true, wanted };
    struct jail_user user;

    if (!wanted && me.uid == 0)
        return choose_default(out, why, room);
    if (wanted && me.uid == 0 && strcmp(wanted, "root") == 0) {
        *out = me; /* a container may have no list of users */
        return true;
    }
    if (wanted && !look_up(wanted, &user)) {
        (void)snprintf(why, room, "%s: no such user", wanted);
        return false;
    }
    if (wanted && user.uid != me.uid && me.uid != 0) {
        (void)snprintf(why, room, "%s: only root can become another user", wanted);
        return false;
    }
    if (!wanted || user.uid == me.uid)
        user = me;
    *out = user;
    return true;
}

/* Version 3 of the call takes 64 capabilities in two halves. */
static int set_no_capabilities(void)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { 0 };

    return syscall(SYS_capset, &head, none) < 0 ? -errno : 0;
}

bool jail_has_capabilities(void)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct has[2] = { 0 };

    if (syscall(SYS_capget, &head, has) < 0)
        return true;
    return has[0].effective | has[0].permitted | has[0].inheritable | has[1].effective |
           has[1].permitted | has[1].inheritable;
}

/* With no capability and none of root's ids left, no call leads back. */
static bool can_go_back(const struct jail_user *user)
{
    uid_t u[3];
    gid_t g[3];

    if (getresuid(&u[0], &u[1], &u[2]) < 0 || getresgid(&g[0], &g[1], &g[2]) < 0)
        return true;
    for (int i = 0; i < 3; i++)
        if (u[i] != user->uid || g[i] != user->gid)
            return true;
    return setuid(0) == 0 || seteuid(0) == 0 || getgroups(0, NULL) != 0 ||
           jail_has_capabilities();
}

static bool privileges_failed(const struct jail_user *user, const char *step, char *why,
                              size_t room)
{
    (void)snprintf(why, room, "cannot become user %s: %s: %s", user->name, step,
                   strerror(errno));
    return false;
}

/* A service manager may have given what it took to bind: ambient capabilities, which go with
 * the inheritable ones. Root that stays keeps what it has, for it was asked for by name. */
static bool stay(const struct jail_user *user, char *why, size_t room)
{
    if (geteuid() == 0 || (set_no_capabilities() == 0 && !jail_has_capabilities()))
        return true;
    (void)snprintf(why, room, "cannot give up capabilities%s%s: %s",
                   user->name ? " as user " : "", user->name ? user->name : "",
                   strerror(errno));
    return false;
}

/* The order matters: each step needs what the next one takes away. */
bool jail_become(const struct jail_user *user, char *why, size_t room)
{
    if (user->stays)
        return stay(user, why, room);
    if (setgroups(0, NULL) < 0)
        return privileges_failed(user, "setgroups", why, room);
    if (setresgid(user->gid, user->gid, user->gid) < 0)
        return privileges_failed(user, "setresgid", why, room);
    if (setresuid(user->uid, user->uid, user->uid) < 0)
        return privileges_failed(user, "setresuid", why, room);
    /* The change of ids clears all but the inheritable ones, if no securebit is set. */
    if (set_no_capabilities() < 0)
        return privileges_failed(user, "capset", why, room);
    if (!can_go_back(user))
        return true;
    (void)snprintf(why, room, "cannot become user %s: it could still become root again",
                   user->name);
    return false;
}

int jail_no_new_privs(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

bool jail_hides(const char *path)
{
    return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
}

static void who(char *name, size_t room)
{
    char buf[ENTRY_ROOM];
    struct passwd entry;
    struct passwd *found = NULL;
    uid_t me = geteuid();

    if (getpwuid_r(me, &entry, buf, sizeof buf, &found) == 0 && found)
        (void)snprintf(name, room, "%s", found->pw_name);
    else
        (void)snprintf(name, room, "%lu", (unsigned long)me);
}

struct verdict {
    char *why;
    size_t room;
};

static bool permits(int dir, const char *path, int mode, const char *verb,
                    const struct verdict *out)
{
    char name[64];
    int err;

    if (faccessat(dir, ".", mode, AT_EACCESS) == 0)
        return true;
    err = errno;
    who(name, sizeof name);
    (void)snprintf(out->why, out->room, "%s: user %s cannot %s: %s", path, name, verb,
                   strerror(err));
    return false;
}

bool jail_check_root(int dir, const char *path, bool write, char *why, size_t room)
{
    struct verdict out = { why, room };

    return permits(dir, path, R_OK | X_OK, "read this directory", &out) &&
           (!write ||
            permits(dir, path, W_OK, "write this directory, as uploads need", &out));
}
