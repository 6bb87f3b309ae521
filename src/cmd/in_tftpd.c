/* SPDX-License-Identifier: MIT */
/* From the command line of in.tftpd to the settings of serve. */
#include "cmd/in_tftpd.h"

#include "cmd/in_tftpd_process.h"
#include "cmd/in_tftpd_sockets.h"
#include "cmd/map_test.h"
#include "cmd/printable.h"
#include "cmd/serve_server.h"
#include "cmd/standard_streams.h"
#include "os/privileges.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { DIRS_MAX = 64, IDLE_S = 900 };

/* All that the settings of serve point to. */
struct daemon_settings {
    struct in_tftpd_args args;
    struct serve_options serve;
    struct in_tftpd_process process;
    char root[PATH_MAX];
    struct kedge_span dirs[DIRS_MAX];
    struct in_tftpd_sockets sockets;
};

bool in_tftpd_is(const char *name)
{
    const char *slash = name ? strrchr(name, '/') : NULL;

    return name && strcmp(slash ? slash + 1 : name, "in.tftpd") == 0;
}

/* kedge's own exit status, where a server could not begin. */
static int status_of(enum exit_code code)
{
    switch (code) {
    case EXIT_OK:
        return EX_OK;
    case EXIT_USAGE:
        return EX_CONFIG; /* usage was looked at before: it is a map */
    case EXIT_NO_NAME:
    case EXIT_LOCAL_FILE:
        return EX_NOINPUT;
    case EXIT_NO_PERMISSION:
        return EX_NOPERM;
    default:
        return EX_OSERR;
    }
}

/* ---- What the directories are ---- */

static int bad_directory(const char *dir, const char *why)
{
    in_tftpd_say("%s: %s", printable(dir, PRINTABLE_NAME).text, why);
    return EX_DATAERR;
}

static bool is_slashes(const char *path)
{
    return path[strspn(path, "/")] == '\0';
}

static bool is_rooted(const struct in_tftpd_args *a)
{
    return a->chroots || a->jails;
}

static int check_directory(const struct in_tftpd_args *a, const char *dir)
{
    enum path_fault fault = path_check(span_of(dir));

    if (fault == PATH_RELATIVE && !is_rooted(a))
        return bad_directory(dir, "a directory's name begins with /");
    if (fault != PATH_SOUND && fault != PATH_RELATIVE)
        return bad_directory(dir, path_fault_text(fault));
    if (is_slashes(dir) && !a->prefix)
        return bad_directory(dir,
                             "the whole file system is served with --path-prefix only");
    return EX_OK;
}

static int check_directories(const struct in_tftpd_args *a)
{
    int code = EX_OK;

    if (a->dir_count == 0) {
        in_tftpd_say("no directory is named");
        return EX_USAGE;
    }
    if (a->dir_count > DIRS_MAX) {
        in_tftpd_say("at most %d directories are served", DIRS_MAX);
        return EX_USAGE;
    }
    for (size_t i = 0; i < a->dir_count && code == EX_OK; i++)
        code = check_directory(a, a->dirs[i]);
    if (code == EX_OK && is_rooted(a) && a->dir_count != 1) {
        in_tftpd_say("--secure and --jail take one directory");
        return EX_USAGE;
    }
    return code;
}

static int check_exists(const char *dir, int code)
{
    struct stat st;
    int err = stat(dir, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;

    if (err)
        in_tftpd_say("%s: %s", printable(dir, PRINTABLE_NAME).text, strerror(err));
    return err ? code : EX_OK;
}

/* The root is the jail; or the prefix, below which names must lie in the directories. */
static int set_root(struct daemon_settings *d)
{
    const struct in_tftpd_args *a = &d->args;
    const char *prefix = a->prefix ? a->prefix : "";
    bool relative = is_rooted(a) && a->dirs[0][0] != '/';
    int len = snprintf(d->root, sizeof d->root, "%s%s%s", prefix, relative ? "/" : "",
                       is_rooted(a) ? a->dirs[0]
                       : a->prefix  ? ""
                                    : "/");

    if (len < 0 || len >= (int)sizeof d->root)
        return bad_directory(a->dirs[0], "too long");
    if (a->prefix && check_exists(a->prefix, EX_DATAERR) != EX_OK)
        return EX_DATAERR;
    d->serve.root = d->root;
    return check_exists(d->root, EX_NOINPUT);
}

static void set_names(struct daemon_settings *d)
{
    const struct in_tftpd_args *a = &d->args;
    struct path_rules *paths = &d->serve.extra.paths;

    paths->form = a->form;
    paths->validate = a->validates || !is_rooted(a);
    paths->dir_count = a->dir_count;
    paths->dirs = d->dirs;
    for (size_t i = 0; i < a->dir_count; i++)
        d->dirs[i] = span_of(a->dirs[i]);
    d->serve.extra.has_paths = true;
    d->serve.extra.keep_backslash = true;
}

/* ---- Limits and rights ---- */

/* A mask that was not given is 0; with -p it is the one that it was started with. */
static mode_t umask_of(const struct in_tftpd_args *a)
{
    mode_t own;

    if (a->has_umask)
        return (mode_t)a->umask;
    if (!a->permissive)
        return 0;
    own = umask(0);
    (void)umask(own);
    return own;
}

static void set_uploads(struct daemon_settings *d)
{
    const struct in_tftpd_args *a = &d->args;
    struct serve_options *o = &d->serve;
    bool none = a->read_only || a->max_upload == 0;

    o->uploads = none ? UPLOAD_REFUSE : UPLOAD_OVERWRITE;
    o->max_upload = a->max_upload;
    o->upload_mode = 0666 & ~umask_of(a);
    o->extra.existing_only = !a->creates;
    o->extra.public_only = !a->permissive;
    o->extra.in_place = true;
}

static void set_limits(struct daemon_settings *d)
{
    const struct in_tftpd_args *a = &d->args;
    struct serve_options *o = &d->serve;

    o->blksize_max = a->blksize ? a->blksize : ARG_WORD;
    o->windowsize_max = a->window;
    o->port_range = a->ports;
    o->extra.blksize_slack = (uint32_t)a->slack;
    o->extra.window_bytes = (uint32_t)a->window_bytes;
    o->extra.refused_options = a->refused;
    o->extra.map_steps = (uint32_t)a->map_steps;
    if (a->has_retransmit)
        o->timeout = a->retransmit_us * KEDGE_USEC;
    if (a->has_idle)
        o->extra.idle_exit = a->idle_s * KEDGE_SEC;
    if (a->map) {
        o->map = a->map;
        o->given |= serve_given_bit("map");
    }
}

/* Who is not root stays who they are: tftp-hpa goes on then, too. */
static int set_user(struct daemon_settings *d)
{
    const char *name = d->args.user ? d->args.user : "nobody";
    struct jail_user user;
    char why[256];

    d->serve.user = geteuid() == 0 ? name : NULL;
    if (jail_choose(d->serve.user, &user, why, sizeof why))
        return EX_OK;
    in_tftpd_say("%s", printable(why, PRINTABLE_NAME).text);
    return EX_NOUSER;
}

/* ---- All of it ---- */

static int check_mode(const struct in_tftpd_args *a)
{
    const char *why = NULL;

    if (a->chroots && a->jails)
        why = "--secure and --jail exclude each other";
    else if (a->systemd && a->listens)
        why = "--systemd excludes --listen, --foreground and --address";
    if (why)
        in_tftpd_say("%s", why);
    return why ? EX_USAGE : EX_OK;
}

/* Without --listen something else starts it for a request, and again later: it ends by
 * itself. */
static void set_on_demand(struct daemon_settings *d)
{
    struct in_tftpd_args *a = &d->args;

    if (a->pidfile)
        in_tftpd_say("--pidfile is for --listen and --foreground");
    a->pidfile = NULL;
    a->stays = true;
    if (!a->has_idle)
        d->serve.extra.idle_exit = IDLE_S * KEDGE_SEC;
}

static int set_sockets(struct daemon_settings *d)
{
    const struct in_tftpd_args *a = &d->args;
    int code;

    if (!a->listens)
        set_on_demand(d);
    code = in_tftpd_sockets_find(&d->sockets, a);
    d->serve.extra.socket = d->sockets.fd;
    d->serve.wait_for_address = true; /* as tftp-hpa binds them */
    if (a->v4 || a->v6)
        d->serve.extra.family = a->v4 ? KEDGE_IPV4 : KEDGE_IPV6;
    return code;
}

static int check_map(const char *map)
{
    if (!map || access(map, R_OK) == 0)
        return EX_OK;
    in_tftpd_say("map file %s: %s", printable(map, PRINTABLE_NAME).text, strerror(errno));
    return EX_NOINPUT;
}

static int settle_daemon(struct daemon_settings *d)
{
    int code = check_map(d->args.map);

    if (code == EX_OK)
        code = check_directories(&d->args);
    if (code == EX_OK)
        code = check_mode(&d->args);
    if (code == EX_OK)
        code = set_root(d);
    if (code == EX_OK)
        code = set_user(d);
    if (code == EX_OK)
        code = set_sockets(d);
    set_names(d);
    set_uploads(d);
    set_limits(d);
    return code;
}

static void say_ready(void *owner, const struct server *s)
{
    struct daemon_settings *d = owner;
    char text[KEDGE_ENDPOINT_TEXT];

    for (unsigned i = 0; i < s->cache_count; i++)
        in_tftpd_say("listens at %s", kedge_endpoint_print(&s->served[i].endpoint, text));
    in_tftpd_say("sandbox: %s", s->sandbox.text);
    in_tftpd_process_ready(&d->process);
}

static void reopen(void *owner)
{
    struct daemon_settings *d = owner;

    in_tftpd_process_reopen(&d->process);
}

static int allow(void *owner, struct sandbox *files)
{
    struct daemon_settings *d = owner;

    return in_tftpd_process_allow(&d->process, files);
}

static int in_tftpd_end(void *owner, enum exit_code code)
{
    struct daemon_settings *d = owner;

    in_tftpd_process_end(&d->process);
    return status_of(code);
}

static int serve(struct daemon_settings *d)
{
    struct operands endpoints = { d->sockets.endpoints, d->sockets.count };
    struct serve_hooks hooks = { say_ready, reopen, allow, in_tftpd_end, d };
    int err = d->args.stays ? 0 : in_tftpd_process_detach(&d->process);

    if (err < 0) {
        in_tftpd_say("cannot go to the background: %s", strerror(-err));
        return EX_OSERR;
    }
    if (!in_tftpd_process_log(&d->process))
        return EX_CANTCREAT;
    signal(SIGHUP, SIG_DFL); /* it reads again, also where it was ignored */
    in_tftpd_process_pid(&d->process);
    return in_tftpd_end(d, serve_by(&d->serve, &endpoints, &hooks));
}

static int test_map(const struct in_tftpd_args *a)
{
    struct map_test t = { .map = a->map,
                          .names = a->map_test,
                          .put = a->creates,
                          .ipv6 = a->v6,
                          .form = a->form,
                          .steps = (uint32_t)a->map_steps };
    int code = check_map(a->map);

    return code == EX_OK ? status_of(map_test_run(&t, stdout)) : code;
}

static int run_daemon(struct daemon_settings *d)
{
    int code;

    if (d->args.version) {
        puts("kedge " KEDGE_VERSION " as in.tftpd\nFilename remap: yes");
        return EX_OK;
    }
    if (d->args.prefix && !*d->args.prefix)
        d->args.prefix = NULL; /* nothing in front is no prefix */
    if (d->args.map_test)
        return test_map(&d->args);
    in_tftpd_process_init(&d->process, &d->args);
    code = settle_daemon(d);
    return code == EX_OK ? serve(d) : code;
}

int in_tftpd_run(int argc, char **argv)
{
    struct daemon_settings *d = calloc(1, sizeof *d);
    int code = EX_USAGE;

    if (!d) {
        in_tftpd_say("no memory");
        return EX_OSERR;
    }
    d->serve = serve_usual;
    if (in_tftpd_args_parse(argc, argv, &d->args))
        code = run_daemon(d);
    free(d);
    return standard_end(EXIT_OK) == EXIT_OK || code != EX_OK ? code : EX_IOERR;
}
