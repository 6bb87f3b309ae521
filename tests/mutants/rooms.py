# SPDX-License-Identifier: MIT
"""One-line faults of the rooms that have I/O. Each is a file, the unit tests that look at it, what
stands in it (once), and what would stand there."""

ROOT, UPLOAD, PUBLISH = "src/file/root.c", "src/file/upload.c", "src/file/publish.c"
TEMP, SWEEP, CACHE = "src/file/temp.c", "src/file/sweep.c", "src/file/cache.c"
COPY, IN_PLACE, KEY = "src/file/cache_copy.c", "src/file/in_place.c", "src/file/key.c"
DIRECTORIES, IDENTITY = "src/file/directories.c", "src/file/identity.c"
WALK, PLAIN, FOLLOW = "src/file/walk.c", "src/file/open_plain.c", "src/file/follow.c"
ATOMIC, HOOK = "src/file/atomic_file.c", "src/os/hook.c"
CALLS, LOCAL_TARGET = "src/file/calls.c", "src/file/local_target.c"

ROOMS = {
    # Names below a root.
    "what is no regular file is served": (ROOT, ["file/root"], "    if (!S_ISREG(st.st_mode))\n        return store_fail", "    if (0)\n        return store_fail"),
    "a private file is served": (ROOT, ["file/root"], "root->public_only && !(st->st_mode & S_IROTH)", "root->public_only && !(st->st_mode & S_IRUSR)"),
    "a temporary file may be asked for": (ROOT, ["file/root"], "if (has_own_component(out->text))", "if (0 && has_own_component(out->text))"),
    "a NUL ends a name": (ROOT, ["file/root"], "if (c == 0)\n            return store_fail", "if (c == 0)\n            break;\n        if (0)\n            return store_fail"),
    "a backslash is always a slash": (ROOT, ["file/root"], "c == '\\\\' && !root->keep_backslash", "c == '\\\\'"),
    "a put follows a link to a directory": (ROOT, ["file/publish:a_link_that_leads_to_no_file_is_refused"], "if (is_directory(root, name))", "if (0)"),
    "a put by links has no end": (ROOT, ["file/publish:a_put_follows_forty_links_at_most"], "links <= WALK_LINKS_MAX", "links <= 100000000"),
    # A walk.
    "an absolute link leaves from where it stands": (WALK, ["file/walk:a_walk_ends_where_the_kernel_does"], "w->at[0] = '\\0';", "walk_climb(w);"),
    "a walk has no end": (WALK, ["file/walk:a_walk_ends_where_the_kernel_does"], "++w->links > WALK_LINKS_MAX", "++w->links > 100000"),
    "there is something behind a file": (WALK, ["file/walk:a_walk_ends_where_the_kernel_does"], "!S_ISDIR(st.st_mode) && w->todo[0]", "0"),
    "a link swapped in is followed": (PLAIN, ["file/follow!:a_race_of_uploads_leads_nowhere"], "flags | O_NOFOLLOW | O_CLOEXEC", "flags | O_CLOEXEC"),
    "two dots climb by hand": (PLAIN, ["file/calls!"], "if (strcmp(part, \"..\") == 0)", "if (0)"),
    "another file system is entered by hand": (PLAIN, ["file/writable!:another_file_system_is_not_asked"], "here.stx_dev_major != there.stx_dev_major ||\n        here.stx_dev_minor != there.stx_dev_minor", "0"),
    "a directory beside is the same": (WALK, ["file/follow:uploads_follow_their_table"], "(path[len] != '/' && path[len] != '\\0')", "(path[len] == '!')"),
    "a name may climb out by itself": (FOLLOW, ["file/follow:no_name_leads_out_by_itself"], "int err = climbs_or_ends_in_slash(name) ? -ENOENT : walk_name(&w, name);\n\n    return", "int err = walk_name(&w, name);\n\n    return"),
    # Uploads.
    "an upload that failed stays": (UPLOAD, ["file/upload"], "    if (u->fd >= 0 && u->target < 0)\n        (void)unlinkat", "    if (0)\n        (void)unlinkat"),
    "uploads are refused at their end": (UPLOAD, ["file/upload"], "u->rules->policy == UPLOAD_REFUSE", "0"),
    "the announced size is not looked at": (UPLOAD, ["file/upload"], "u->expected > u->rules->max_bytes", "0"),
    "an upload may be larger than the limit": (UPLOAD, ["file/upload"], "if (end > u->rules->max_bytes)", "if (0)"),
    "a short upload is complete": (UPLOAD, ["file/upload"], "u->expected > 0 && u->size != u->expected", "0"),
    "a late write makes the file shorter": (UPLOAD, ["file/upload"], "u->size = max_u64(u->size, end);", "u->size = end;"),
    "a write goes to the start": (UPLOAD, ["file/upload"], "IOV_WRITE, list, offset, &moved", "IOV_WRITE, list, 0, &moved"),
    "a private file is written": (UPLOAD, ["file/upload", "file/in_place"], "!(st->st_mode & S_IWOTH)", "0"),
    "a new file is made where none may be": (UPLOAD, ["file/upload", "file/in_place"], "rules->existing_only && st->st_mode == 0", "0"),
    "the old file's mode is lost": (UPLOAD, ["file/publish:a_version_keeps_the_old_files_mode"], "S_ISREG(old->st_mode) ? old->st_mode : u->rules->mode", "u->rules->mode"),
    "a link is followed under create": (UPLOAD, ["file/publish:a_link_to_nothing_is_a_name_that_is_taken"], "if (u->rules->policy == UPLOAD_CREATE)\n        return root_open_parent", "if (0)\n        return root_open_parent"),
    "directories that were made stay": (UPLOAD, ["file/directories:the_wrong_size_removes_them"], "        directories_remove(&u->made_in, u->name, u->made);", "        ;"),
    "create replaces": (PUBLISH, ["file/publish:a_link_to_nothing_is_a_name_that_is_taken"], "if (p->policy == UPLOAD_CREATE)\n        return store_errno(EEXIST);", ""),
    "a directory is replaced": (PUBLISH, ["file/publish:what_is_no_file_is_not_replaced"], "if (!S_ISREG(st->st_mode))", "if (0)"),
    "nobody is told of a new file": (PUBLISH, ["file/publish"], "    tell_watchers(p, to);", ""),
    "a version replaces one": (PUBLISH, ["file/publish:versions_are_numbered_on"], "uint64_t n = highest_version(p);", "uint64_t n = 0;"),
    "a name too long for a version is taken": (PUBLISH, ["file/publish"], "bool keeps = p->policy == UPLOAD_VERSION;", "bool keeps = false;"),
    "a mount point is taken": (PUBLISH, ["file/publish:a_mount_point_is_refused_at_the_request"], "now.stx_attributes & STATX_ATTR_MOUNT_ROOT", "0"),
    "an old file is lost in an exchange": (PUBLISH, ["file/publish:a_version_is_kept_beside_what_a_link_leads_to"], "renameat2(p->dir, version, p->dir, p->last, RENAME_EXCHANGE)", "renameat2(p->dir, version, p->dir, p->last, 0)"),
    "a setuid bit is kept": (TEMP, ["file/publish:the_mode_is_that_of_the_replaced"], "fchmod(fd, mode & 0777)", "fchmod(fd, mode)"),
    "a temporary file has no lock": (TEMP, ["file/sweep", "file/upload"], "flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK", "0"),
    "any hidden file is ours": (TEMP, ["file/sweep"], "strspn(name + PREFIX_LEN, hex) == DIGITS", "1"),
    "an upload that lives is swept": (SWEEP, ["file/sweep"], "flock(fd, LOCK_EX | LOCK_NB) == 0;", "1;"),
    "a sweep goes down for ever": (SWEEP, ["file/sweep"], "depth > DEPTH_MAX", "0"),
    "what is there by another name is copied into": (IN_PLACE, ["file/in_place"], "fstat(fd, &now) == 0 && is_same(&now, p->st)", "1"),
    "a longer file keeps its end": (IN_PLACE, ["file/in_place"], "ftruncate(target, (off_t)size) < 0 ||", ""),
    "part of a name is enough for a directory": (DIRECTORIES, ["file/directories:explain_hears_the_same"], "len == 2 && memcmp(part, \"..\", 2) == 0", "0"),
    "a part too long leaves the others": (DIRECTORIES, ["file/directories:a_part_that_is_too_long_leaves_none"], "if (len > NAME_MAX)", "if (0)"),
    "directories of a failed one stay": (DIRECTORIES, ["file/directories:a_failure_midway_leaves_none"], "            directories_remove(root, &one, *made);", "            ;"),
    # The cache.
    "a changed mode is not seen": (IDENTITY, ["file/cache", "file/cache_read"], "a->ctime_s == b->ctime_s &&\n           a->ctime_ns == b->ctime_ns", "1"),
    "a lent file is closed while it is used": (CACHE, ["file/cache", "file/cache_lend"], "    if (--file->users > 0)\n        return;", "    if (--file->users > 100)\n        return;"),
    "the cache opens each file again": (CACHE, ["file/cache"], "return f ? use(f) : NULL;", "return NULL;"),
    "idle files stay open": (CACHE, ["file/cache"], "add_sat(cache->oldest->idle_since, cache->keep) <= now)\n", "0)\n"),
    "the newest idle file gives way": (CACHE, ["file/cache"], "    struct cached_file *f = cache->oldest;\n", "    struct cached_file *f = cache->newest;\n"),
    "no descriptor is given back for another": (CACHE, ["file/cache"], "    submit_open(o, take_oldest(o->cache));\n    return true;", "    return false;"),
    "a file that was cut is read on": (CACHE, ["file/cache_read"], "moved < iov_total(list) ? ended_early()", "0 ? ended_early()"),
    "a cold read gives what it has": (CACHE, ["file/cache_read"], "if (n >= 0 && (uint64_t)n == want)", "if (n >= 0)"),
    "a copy begins at its start": (CACHE, ["file/cache_read"], "const uint8_t *from = file->copy + offset;", "const uint8_t *from = file->copy;"),
    "a file with another link is changed": (CACHE, ["file/cache_read"], "if (now.links != file->id.links)", "if (0)"),
    "a file of procfs has any size": (COPY, ["file/cache_read"], "got > CACHE_MADE_MAX", "0"),
    "a file of procfs is empty": (COPY, ["file/cache_read"], "has_byte(f) ? copy_made(f) : store_ok()", "store_ok()"),
    # Keys and files of the command line.
    "a short key is a key": (KEY, ["file/key"], "len < KEY_MIN", "len < 1"),
    "a line's end is part of a key": (KEY, ["file/key"], "len -= len > 0 && bytes[len - 1] == '\\n';", ""),
    "any MAC proves": (KEY, ["file/key"], "return memeql_sec(right, mac, KEY_MAC);", "return true;"),
    "half a MAC proves": (KEY, ["file/key"], "memeql_sec(right, mac, KEY_MAC)", "memeql_sec(right, mac, KEY_MAC / 2)"),
    "a file whose write failed is kept": (ATOMIC, ["file/atomic_file"], "    if (!f->failed.error)\n        return local_target_commit", "    if (1)\n        return local_target_commit"),
    "what was dropped is written": (ATOMIC, ["file/atomic_file"], "    f->failed = store_errno(ECANCELED);\n", ""),
    # Calls that fail.
    "a directory is not flushed": (UPLOAD, ["file/faults:each_flush_is_told"], "        u->result = flush_directory(u);", "        ;"),
    "a close that failed is a file": (LOCAL_TARGET, ["file/faults:a_close_that_fails_is_told"], "if (close(fd) < 0 && !err)", "if (close(fd) < 0 && 0)"),
    "a read that was interrupted has failed": (CACHE, ["file/faults:a_large_file_that_is_read"], " || errno == EINTR)", ")"),
    "a write that was interrupted has failed": (CALLS, ["file/faults:a_file_in_memory_that_is_read"], "    return errno == EINTR;\n}", "    return false;\n}"),
    "a part that was written is all": (CALLS, ["file/faults:a_file_in_memory_that_is_read"], "        *moved += (size_t)n;\n        skip += (size_t)n;", "        *moved += (size_t)n;\n        break;"),
    "a root that was kept stays open": (UPLOAD, ["file/faults:an_upload_into_new_directories"], "    if (u->made_in.fd >= 0)\n        root_close(&u->made_in);", ""),
    # Hooks.
    "a hook has no end": (HOOK, ["os/hook"], "now >= min_u64(r->until, h->end_by)", "0"),
    "what a hook started lives on": (HOOK, ["os/hook"], "kill(-r->pid, SIGKILL)", "kill(r->pid, SIGKILL)"),
    "any number of hooks run": (HOOK, ["os/hook"], "        if (h->runs[i].pid == 0)\n            return &h->runs[i];", "        return &h->runs[i];"),
    "a hook has the server's descriptors": (HOOK, ["os/hook"], "    close_all_but(&h->fd);\n", ""),
}
