/* SPDX-License-Identifier: MIT */
/* Which directories a server needs, what libraries need to have read before, and the entry. */
#include "cmd/serve_sandbox.h"

#include "base/bytes.h"
#include "cmd/printable.h"
#include "cmd/serve_server.h"
#include "file/follow.h"
#include "os/call_filter.h"
#include "os/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What is allowed, where an error sticks. */
struct allowing {
    struct sandbox *files;
    int err;
};

static void allow(struct allowing *a, int fd, unsigned uses)
{
    if (!a->err)
        a->err = sandbox_allow(a->files, fd, uses);
}

static void allow_path(struct allowing *a, const char *path, unsigned uses)
{
    if (!a->err)
        a->err = sandbox_allow_path(a->files, path, uses);
}

static void allow_parent(struct allowing *a, const char *path, unsigned uses)
{
    if (!a->err)
        a->err = sandbox_allow_parent(a->files, path, uses);
}

/* A file that may be replaced by another: where its name is, and where that leads to. */
static void allow_file(struct allowing *a, const char *path)
{
    char *real = realpath(path, NULL);

    allow_parent(a, path, SANDBOX_READ);
    if (real)
        allow_parent(a, real, SANDBOX_READ);
    free(real);
}

static bool is_rooted(const struct policy_set *set, size_t section)
{
    return set->sections[section].values[POLICY_ROOT].text.len > 0;
}

/* The root of a section, or the directory before the first part that a request fills in; -1. */
static int open_root(struct policy_set *set, size_t section)
{
    struct kedge_span path = set->sections[section].values[POLICY_ROOT].text;
    const char *text = (const char *)path.ptr; /* it has a NUL */
    const struct store_root *root = NULL;
    char dir[POLICY_PATH_ROOM];

    if (policy_roots_find(&set->roots, path, false, &root).error == STORE_OK)
        return fcntl(root->fd, F_DUPFD_CLOEXEC, 0);
    snprintf(dir, sizeof dir, "%.*s", (int)strcspn(text, "%"), text);
    if (text[strlen(dir)] && strrchr(dir, '/'))
        strrchr(dir, '/')[1] = '\0';
    return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static const char *section_root(const struct policy_set *set, size_t section)
{
    return (const char *)set->sections[section].values[POLICY_ROOT].text.ptr;
}

/* A sandbox never widens: what is not there now is not allowed when it comes. */
static void warn_of_missing(const struct policy_set *set, size_t section)
{
    fprintf(stderr, "kedge serve: sandbox: %s is not there: restart needed once it is\n",
            printable(section_root(set, section), PRINTABLE_NAME).text);
}

static void allow_policy(struct allowing *a, struct policy_set *set, unsigned uses)
{
    for (size_t i = 0; i < set->policy.count; i++) {
        int fd = is_rooted(set, i) ? open_root(set, i) : -1;

        if (fd < 0) {
            if (is_rooted(set, i))
                warn_of_missing(set, i);
            continue;
        }
        allow(a, fd, uses);
        close(fd);
    }
    for (size_t i = 0; i < set->policy.map_count; i++)
        allow_file(a, set->map_paths[i]);
}

/* The nameless file of an upload that is copied in place. */
static void allow_temporary(struct allowing *a)
{
    allow_path(a, "/var/tmp", SANDBOX_READ | SANDBOX_WRITE);
    allow_path(a, "/tmp", SANDBOX_READ | SANDBOX_WRITE);
}

static void allow_tftp(struct allowing *a, struct server *s)
{
    bool takes = serve_takes_uploads(s);
    unsigned uses = takes ? SANDBOX_TAKES : SANDBOX_SERVES;

    allow(a, s->root.fd, uses);
    if (s->policies)
        allow_policy(a, s->policies->now, uses);
    for (size_t i = 0; s->follow && i < s->follow->count; i++)
        allow(a, s->follow->dirs[i].fd, uses);
    if (takes && s->options->extra.in_place)
        allow_temporary(a);
}

/* A terminal is opened once more by its name: see report/log_output.c. */
static void allow_log(struct allowing *a)
{
    struct stat st;

    if (fstat(STDERR_FILENO, &st) == 0 && S_ISCHR(st.st_mode))
        allow(a, STDERR_FILENO, SANDBOX_WRITE);
}

static void allow_removal(void *allowing, const char *path)
{
    allow_parent(allowing, path, SANDBOX_REMOVE);
}

static void allow_all(struct allowing *a, struct server *s)
{
    if (s->tftp)
        allow_tftp(a, s);
    if (s->options->config)
        allow_file(a, s->options->config);
    for (unsigned i = 0; i < s->cache_count; i++)
        if (s->served[i].endpoint.path[0] && s->served[i].endpoint.path[0] != '@')
            allow_parent(a, s->served[i].endpoint.path, SANDBOX_REMOVE);
    serve_status_paths(s, allow_removal, a);
    allow_log(a);
    if (s->sandbox.memory >= 0)
        allow(a, s->sandbox.memory, SANDBOX_READ);
    if (s->allow && !a->err)
        a->err = s->allow(s->ready_owner, a->files);
}

/* By a path in TZ the C library reads the time zone once, and asks for it never again. */
static void prepare_libraries(struct serve_sandbox *b)
{
    (void)setenv("TZ", ":/etc/localtime", 0);
    tzset();
    b->letters_open = match_locale_open(&b->letters, "") == 0;
    if (b->letters_open)
        (void)match_character(&b->letters, span_of("a"), 1);
    b->memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

/* The manager has such a name; and clients of unix datagrams may, which are answered. */
static bool needs_abstract_names(const struct server *s)
{
    bool needs = serve_notify_is_abstract(&s->notify);

    for (unsigned i = 0; i < s->cache_count; i++)
        needs = needs || s->served[i].endpoint.transport == KEDGE_UNIX_DGRAM;
    return needs;
}

static int enter_files(struct server *s)
{
    struct sandbox *files = &s->sandbox.files;
    struct allowing a = { files, sandbox_open(files, needs_abstract_names(s)) };

    if (!a.err)
        allow_all(&a, s);
    return a.err ? a.err : sandbox_enter(files);
}

static void add_missing_part(struct serve_sandbox *b, const char *part, int err)
{
    size_t len = strlen(b->text);
    const char *comma = len > 0 ? ", " : "";

    b->lacks = b->lacks || err < 0;
    if (err < 0)
        snprintf(b->text + len, sizeof b->text - len, "%sno %s (%s)", comma, part,
                 strerror(-err));
    else
        snprintf(b->text + len, sizeof b->text - len, "%s%s", comma, part);
}

static void enter_sandbox(struct server *s)
{
    struct serve_sandbox *b = &s->sandbox;
    bool capable = jail_has_capabilities(); /* of root that stays, who was asked for */
    char part[32] = "landlock";
    int err;

    prepare_libraries(b);
    err = enter_files(s);
    if (err == 0)
        snprintf(part, sizeof part, "landlock %d", b->files.abi);
    add_missing_part(b, part, err);
    add_missing_part(b, "seccomp", call_filter_load());
    add_missing_part(b, capable ? "root's capabilities" : "no capabilities", 0);
    b->lacks = b->lacks || capable;
}

enum exit_code serve_sandbox_enter(struct server *s)
{
    struct serve_sandbox *b = &s->sandbox;
    bool off = s->options->sandbox == SERVE_SANDBOX_OFF;

    if (s->tftp) {
        b->root = &s->root;
        b->root_path = s->options->root;
    }
    if (!off && sandbox_is_possible()) {
        enter_sandbox(s);
    } else {
        snprintf(b->text, sizeof b->text, "%s",
                 off ? "off" : "none (built with a sanitizer)");
        b->lacks = true;
    }
    if (s->options->sandbox != SERVE_SANDBOX_REQUIRE || !b->lacks)
        return EXIT_OK;
    fprintf(stderr, "kedge serve: --sandbox=require: a part is missing: %s\n", b->text);
    return EXIT_SYSTEM;
}

static bool reaches(const struct serve_sandbox *b, int fd, unsigned uses,
                    const char *path)
{
    const char *what = uses == SANDBOX_TAKES ? "uploads to " : "";

    if (sandbox_reaches(&b->files, fd, uses))
        return true;
    if (uses == SANDBOX_TAKES && !sandbox_reaches(&b->files, fd, SANDBOX_SERVES))
        what = "";
    fprintf(stderr, "kedge serve: restart needed for %s%s\n", what,
            printable(path, PRINTABLE_NAME).text);
    return false;
}

static bool is_same_root(const char *a, const char *b)
{
    size_t same = 0;

    while (a[same] && a[same] == b[same])
        same++;
    return strspn(a + same, "/") == strlen(a + same) &&
           strspn(b + same, "/") == strlen(b + same);
}

static bool is_root_again(const struct policy_set *set, size_t section)
{
    for (size_t i = 0; i < section; i++)
        if (is_rooted(set, i) &&
            is_same_root(section_root(set, i), section_root(set, section)))
            return true;
    return false;
}

bool serve_sandbox_fits(const struct serve_sandbox *b, struct policy_set *set)
{
    unsigned uses = policy_set_uploads(set) ? SANDBOX_TAKES : SANDBOX_SERVES;
    const struct store_follow *follow = set->roots.follow;
    bool fits = !b->root || reaches(b, b->root->fd, uses, b->root_path);
    const char *said = fits ? "" : b->root_path;

    for (size_t i = 0; follow && i < follow->count; i++)
        if (!follow_is_again(follow, i))
            fits = reaches(b, follow->dirs[i].fd, uses, follow->dirs[i].path) && fits;
    for (size_t i = 0; i < set->policy.count; i++) {
        int fd;

        if (!is_rooted(set, i) || is_root_again(set, i))
            continue;
        fd = open_root(set, i);
        if (fd < 0) {
            if (b->files.entered)
                warn_of_missing(set, i);
            continue;
        }
        if (!is_same_root(said, section_root(set, i)))
            fits = reaches(b, fd, uses, section_root(set, i)) && fits;
        close(fd);
    }
    return fits;
}

void serve_sandbox_close(struct serve_sandbox *b)
{
    sandbox_close(&b->files);
    if (b->letters_open)
        match_locale_close(&b->letters);
    if (b->memory >= 0)
        close(b->memory);
}
