/* SPDX-License-Identifier: MIT */
/* Giving up privileges, one function a step, each called once at start: after the sockets
 * are bound, before the first datagram is read, and before any thread is started. */
#ifndef OS_PRIVILEGES_H
#define OS_PRIVILEGES_H

#include "kedge/base.h"

#include <sys/types.h>

struct jail_user {
    uid_t uid;
    gid_t gid;
    bool stays;       /* nothing to become: not root, or root was asked for */
    const char *name; /* as asked for, or chosen; NULL: stays, and none was asked for */
};

/* Whom to become. wanted is the name given, or NULL: then `tftp` if there is such a user,
 * else `nobody`. Who is not root stays what they are, and a wanted name must then be
 * their own. False with one line in why (room bytes). */
KEDGE_MUST_CHECK bool jail_choose(const char *wanted, struct jail_user *out, char *why,
                                  size_t room);

/* Become user for good: no supplementary groups, all three ids of each kind, and no
 * capability left. It is then checked that there is no way back. Who stays and is not root
 * gives up its capabilities, those that systemd's AmbientCapabilities= gave it too. False with
 * one line in why: the process must then end, for its state is between the two. */
KEDGE_MUST_CHECK bool jail_become(const struct jail_user *user, char *why, size_t room);

/* Is there any left? True also where the kernel does not say. */
bool jail_has_capabilities(void);

/* No exec from here on gains privileges. 0 or -errno. */
KEDGE_MUST_CHECK int jail_no_new_privs(void);

/* Of a path that could not be opened for reading: would its mode permit it? Then a sandbox is
 * in between (os/sandbox.h). */
bool jail_hides(const char *path);

/* The directory that is open as `dir` (O_PATH will do; path is its name, for why) can be
 * read, and written if `write`, by what this process is now: the directory itself,
 * whatever lies above it or below. False with one line in why that names the directory,
 * the user and what is missing. After jail_become(). */
KEDGE_MUST_CHECK bool jail_check_root(int dir, const char *path, bool write, char *why,
                                      size_t room);

#endif
