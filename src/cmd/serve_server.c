/* SPDX-License-Identifier: MIT */
/* The life of `kedge serve`, in a straight line: bind, give up privileges, serve, stop. */
#include "cmd/serve_server.h"

#include "cmd/key_option.h"
#include "cmd/printable.h"
#include "file/follow.h"
#include "file/writable.h"
#include "os/clock.h"
#include "os/privileges.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const kedge_nanos stop_patience = 5 * KEDGE_SEC;
static const kedge_nanos idle_look = 200 * KEDGE_MSEC;
static const kedge_nanos stop_look = 20 * KEDGE_MSEC;

static enum exit_code fail(const char *what, int err)
{
    fprintf(stderr, "kedge serve: %s: %s\n", what, strerror(-err));
    return exit_code_of_setup(err, EXIT_LOCAL_FILE);
}

static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* less is only less */
}

static bool fits_range(const struct serve_options *o)
{
    uint64_t ports = o->port_range.high ? o->port_range.high - o->port_range.low + 1 : 0;

    if (ports == 0 || ports >= o->shards)
        return true;
    fprintf(stderr, "kedge serve: --port-range has %u port%s for --shards %u\n",
            (unsigned)ports, ports == 1 ? "" : "s", (unsigned)o->shards);
    return false;
}

/* A server whose manager is not to be found serves all the same. */
static void find_manager(struct server *s)
{
    int err;

    if (!serve_notify_open(&s->notify, &err))
        fprintf(stderr, "kedge serve: NOTIFY_SOCKET: %s: no service manager is told\n",
                strerror(-err));
}

static bool take_passed(struct server *s)
{
    char why[PASSED_WHY];

    if (passed_take(&s->passed, why) &&
        (s->options->extra.socket == 0 ||
         passed_add(&s->passed, s->options->extra.socket, why)))
        return true;
    fprintf(stderr, "kedge serve: %s\n", printable(why, PRINTABLE_NAME).text);
    return false;
}

static int open_shards(struct server *s)
{
    int err = 0;

    s->shards = calloc(s->options->shards, sizeof *s->shards);
    if (!s->shards)
        return -ENOMEM;
    while (err == 0 && s->shard_count < s->options->shards) {
        err = shard_open(&s->shards[s->shard_count]);
        s->shard_count += err == 0;
    }
    s->loop = &s->shards[0].loop;
    return err;
}

enum exit_code server_open(struct server *s, const struct serve_options *options)
{
    enum exit_code code = EXIT_OK;
    sigset_t stop;
    int err;

    s->options = options;
    s->root.fd = -1;
    seldom_init(&s->seldom);
    serve_exec_init(&s->exec);
    s->sandbox = (struct serve_sandbox){ .files = { .rules = -1 }, .memory = -1 };
    find_manager(s);
    if (!take_passed(s) || !fits_range(options))
        return EXIT_USAGE;
    if (options->key) /* while it is still allowed to */
        code = key_option("serve", options->key, &s->key);
    if (code != EXIT_OK)
        return code;
    raise_descriptors();
    loop_signals_stop(&stop);
    err = open_shards(s);
    if (err == 0)
        err = loop_signals_open(s->loop, &s->signals, &stop);
    s->signals_open = err == 0;
    return err == 0 ? EXIT_OK : fail("cannot start", err);
}

static bool opens_root(struct server *s)
{
    struct store_result result = root_open(&s->root, s->options->root);

    if (result.error == STORE_OK && s->follow)
        result = root_follow(&s->root, s->options->root, s->follow);
    s->root.public_only = s->options->extra.public_only;
    s->root.keep_backslash = s->options->extra.keep_backslash;
    if (result.error == STORE_OK)
        return true;
    fprintf(stderr, "kedge serve: --root %s: %s\n",
            printable(s->options->root, PRINTABLE_NAME).text, result.why);
    return false;
}

/* A root of mode 755 with a directory in it that takes uploads is usual. */
static bool check_uploads(const struct server *s, char *why, size_t room)
{
    char below[PRINTABLE_NAME];

    if (jail_check_root(s->root.fd, s->options->root, true, why, room))
        return true;
    if (!writable_below(s->root.fd, below, sizeof below))
        return false;
    fprintf(
        stderr,
        "kedge serve: uploads: %s itself may not be written; directories below it may, "
        "such as %s\n",
        printable(s->options->root, PRINTABLE_NAME).text,
        printable(below, PRINTABLE_NAME).text);
    return true;
}

static bool check_root(const struct server *s, char *why, size_t room)
{
    bool write = !s->policies && s->options->uploads != UPLOAD_REFUSE;

    return jail_check_root(s->root.fd, s->options->root, false, why, room) &&
           (!write || check_uploads(s, why, room));
}

static enum exit_code become_user(struct server *s)
{
    struct jail_user user;
    char why[256];
    int err;

    if (!jail_choose(s->options->user, &user, why, sizeof why) ||
        !jail_become(&user, why, sizeof why) ||
        (s->tftp && !check_root(s, why, sizeof why))) {
        fprintf(stderr, "kedge serve: %s\n", printable(why, PRINTABLE_NAME).text);
        return EXIT_NO_PERMISSION;
    }
    err = jail_no_new_privs();
    return err == 0 ? EXIT_OK : fail("no_new_privs", err);
}

static enum exit_code bind_all(struct server *s, const struct operands *endpoints)
{
    enum exit_code code = EXIT_OK;

    if (endpoints->count == 0)
        code = serve_defaults(s);
    for (size_t i = 0; i < endpoints->count && code == EXIT_OK; i++)
        code = serve_endpoint(s, endpoints->items[i]);
    return code;
}

static enum exit_code open_exec(struct server *s)
{
    const char *program = s->options->exec;
    int err = program ? serve_exec_open(&s->exec, program) : 0;

    if (err == 0)
        return EXIT_OK;
    fprintf(stderr, "kedge serve: --exec %s: %s\n",
            printable(program, PRINTABLE_NAME).text, strerror(-err));
    return EXIT_LOCAL_FILE;
}

/* What is passed was bound by who passes it. */
static enum exit_code check_interface(const struct server *s)
{
    const char *name = s->options->interface;
    bool passed = s->passed.count > 0;

    if (!name || (!passed && if_nametoindex(name) > 0))
        return EXIT_OK;
    fprintf(stderr, "kedge serve: --interface %s: %s\n",
            printable(name, PRINTABLE_NAME).text,
            passed ? "the sockets were passed: BindToDevice= of their unit sets it"
                   : "there is no such interface (ip link says which there are)");
    return passed ? EXIT_USAGE : EXIT_NO_NAME;
}

enum exit_code server_listen(struct server *s, const struct operands *endpoints)
{
    enum exit_code code = check_interface(s);

    if (code != EXIT_OK)
        return code;
    if (s->passed.count > 0)
        code = serve_passed(s, endpoints);
    else
        code = bind_all(s, endpoints);
    if (code == EXIT_OK && s->tftp && !opens_root(s))
        code = EXIT_LOCAL_FILE;
    serve_guard_own_ports(s);
    if (code == EXIT_OK)
        code = serve_status_listen(s);
    if (code == EXIT_OK)
        code = become_user(s);
    if (code == EXIT_OK)
        code = open_exec(s);
    return code == EXIT_OK ? serve_sandbox_enter(s) : code;
}

static bool busy(const struct server *s)
{
    for (unsigned i = 0; i < s->cache_count; i++)
        if (s->served[i].service && service_busy(s->served[i].service) > 0)
            return true;
    for (unsigned i = 0; i < s->shard_count && s->tftp; i++)
        if (!shard_idle(&s->shards[i]))
            return true;
    return false;
}

static void look_for_end(void *owner)
{
    struct server *s = owner;
    kedge_nanos now = loop_now(s->loop);

    if (now >= s->stop_by || !busy(s))
        loop_stop(s->loop);
    else
        loop_timer_set(s->loop, &s->stop_timer, now + stop_look);
}

static void read_again(struct server *s)
{
    if (s->hang_up)
        s->hang_up(s->hang_up_owner);
    serve_notify_reloading(&s->notify);
}

/* Of a terminal SIGHUP is the end, of a service manager the wish to read again. */
static bool is_reload(const struct server *s, int number)
{
    return number == SIGHUP && !s->stop_by &&
           (s->hang_up || serve_notify_has_manager(&s->notify));
}

/* Take nothing new, finish what is open. */
static void begin_stop(struct server *s)
{
    s->stop_by = loop_now(s->loop) + stop_patience;
    serve_notify_stopping(&s->notify);
    for (unsigned i = 0; i < s->shard_count; i++)
        shard_stop(&s->shards[i]);
    for (unsigned i = 0; i < s->cache_count; i++)
        if (s->served[i].service)
            service_stop(s->served[i].service);
    look_for_end(s);
}

/* Without a transfer for long enough it stops, as if by a signal. */
static void look_for_idle(void *owner)
{
    struct server *s = owner;
    uint64_t records = atomic_load(&s->records);
    kedge_nanos now = loop_now(s->loop);

    if (s->stop_by)
        return;
    if (records != s->records_seen || tftp_service_busy(s->shards[0].tftp) > 0)
        s->idle_since = now;
    s->records_seen = records;
    if (now - s->idle_since < s->options->extra.idle_exit)
        loop_timer_set(s->loop, &s->idle_timer, now + idle_look);
    else
        begin_stop(s);
}

/* The first signal to stop begins it, the second ends it. */
static void server_caught(void *owner, int number)
{
    struct server *s = owner;

    if (is_reload(s, number))
        read_again(s);
    else if (s->stop_by)
        loop_stop(s->loop);
    else
        begin_stop(s);
}

static void write_log(void *owner, const struct transfer_record *record)
{
    struct server *s = owner;

    atomic_fetch_add(&s->records, 1);
    serve_status_record(s, record);
    log_record(s->log, record);
    serve_exec_record(&s->exec, record);
}

static void sweep_root(struct server *s, const struct store_root *root)
{
    struct sweep_result more = upload_sweep(root);

    upload_sweep_add(&s->sweep, &more);
}

static void sweep_directory(struct server *s, struct kedge_span path)
{
    struct store_root below = { .fd = -1 };
    struct root_name name;

    if (root_name_parse(&s->root, path, &name).error != STORE_OK ||
        root_open_directory(&s->root, &name, &below.fd).error != STORE_OK)
        return;
    sweep_root(s, &below);
    root_close(&below);
}

/* Links may have led uploads there. */
static void sweep_followed(struct server *s)
{
    bool takes =
        s->swept ? policy_set_uploads(s->swept) : s->options->uploads != UPLOAD_REFUSE;

    for (size_t i = 0; takes && s->follow && i < s->follow->count; i++)
        if (!follow_is_again(s->follow, i))
            sweep_root(s, &(struct store_root){ .fd = s->follow->dirs[i].fd });
}

static void sweep(struct store_job *job)
{
    struct server *s = JOB_OWNER(job, struct server, sweeping);
    const struct path_rules *paths = &s->options->extra.paths;

    for (size_t i = 0; i < paths->dir_count && paths->validate; i++)
        sweep_directory(s, paths->dirs[i]);
    if (paths->validate)
        return;
    sweep_root(s, &s->root);
    if (s->swept) {
        struct sweep_result more = policy_roots_sweep(&s->swept->roots);

        upload_sweep_add(&s->sweep, &more);
    }
    sweep_followed(s);
}

/* What is left there takes room, and nobody else would tell. */
static void say_sweep(const struct sweep_result *r)
{
    if (r->unread > 0)
        fprintf(stderr,
                "kedge serve: left uploads are not looked for in %llu director%s: %s\n",
                (unsigned long long)r->unread, r->unread == 1 ? "y" : "ies",
                strerror(r->err));
    if (r->cut)
        fprintf(stderr, "kedge serve: left uploads are not looked for in all of the "
                        "tree: it is too large or too deep\n");
}

static void swept(struct store_job *job)
{
    struct server *s = JOB_OWNER(job, struct server, sweeping);

    say_sweep(&s->sweep);
    if (s->swept)
        policy_slot_give(s->policies, s->swept);
}

/* What a crash left. A helper sweeps, for a mount that hangs shall hold up nobody. */
static void sweep_later(struct server *s)
{
    s->sweeping = (struct store_job){ .run = sweep, .done = swept };
    if (s->policies)
        s->swept = policy_slot_take(s->policies);
    workers_submit(&s->shards[0].workers, &s->sweeping);
}

static int start_tftp(struct server *s)
{
    struct tftp_recorder to_log = { write_log, s };
    int err = 0;

    for (unsigned i = 0; i < s->shard_count && err == 0; i++)
        err = shard_start(&s->shards[i], to_log);
    if (err == 0 && serve_takes_uploads(s))
        sweep_later(s);
    return err;
}

/* The first shard is turned by the program's own thread. */
static int spawn_shards(struct server *s)
{
    int err = 0;

    for (unsigned i = 1; i < s->shard_count && err == 0; i++)
        err = shard_spawn(&s->shards[i]);
    return err;
}

static int join_shards(struct server *s)
{
    int err = 0;

    for (unsigned i = 1; i < s->shard_count; i++)
        shard_end(&s->shards[i]);
    for (unsigned i = 1; i < s->shard_count; i++) {
        int one = shard_join(&s->shards[i]);

        err = err < 0 ? err : one;
    }
    return err;
}

static int start_log(struct server *s)
{
    struct log_options options = { .fd = STDERR_FILENO,
                                   .form = (enum record_form)s->options->log };

    return log_open(&s->log, &options);
}

static int tell_ready(struct server *s)
{
    struct serve_notify_about about = { .shards = s->shards,
                                        .shard_count = s->shard_count,
                                        .tftp = s->tftp,
                                        .is_reloading = s->hung_up,
                                        .reloading_owner = s->hang_up_owner };

    return serve_notify_ready(&s->notify, &about);
}

static int watch_idle(struct server *s)
{
    int err = 0;

    if (!s->options->extra.idle_exit || !s->tftp)
        return 0;
    s->idle_since = loop_now(s->loop);
    s->idle_timer = (struct loop_timer){ .due = look_for_idle, .owner = s };
    err = loop_timer_add(s->loop, &s->idle_timer);
    if (err == 0)
        loop_timer_set(s->loop, &s->idle_timer, s->idle_since + idle_look);
    return err;
}

enum exit_code server_run(struct server *s)
{
    int err;

    s->signals.caught = server_caught;
    s->signals.owner = s;
    s->stop_timer = (struct loop_timer){ .due = look_for_end, .owner = s };
    err = loop_timer_add(s->loop, &s->stop_timer);
    if (err == 0)
        err = start_log(s); /* threads begin here, and not before the sandbox */
    if (err == 0)
        err = serve_status_start(s);
    if (err == 0 && s->tftp)
        err = start_tftp(s);
    if (err == 0 && s->tftp)
        err = spawn_shards(s);
    if (err == 0)
        err = tell_ready(s);
    if (err < 0)
        return fail("cannot start", err);
    s->started = clock_now();
    if (s->ready)
        s->ready(s->ready_owner, s);
    else
        server_print_table(s);
    err = watch_idle(s);
    if (err < 0)
        return fail("cannot start", err);
    err = shard_run(&s->shards[0]);
    if (err == 0)
        err = join_shards(s);
    return err < 0 ? fail("epoll", err) : EXIT_OK;
}

static bool free_shards(struct server *s)
{
    bool through = true;

    for (unsigned i = 0; i < s->shard_count; i++)
        through = shard_free(&s->shards[i]) && through;
    if (through)
        free(s->shards);
    return through;
}

bool server_close(struct server *s)
{
    (void)join_shards(s);
    serve_notify_close(&s->notify);
    if (s->loop)
        serve_status_close(s);
    for (unsigned i = 0; i < s->shard_count; i++)
        shard_close(&s->shards[i]);
    serve_exec_close(&s->exec); /* what they broke off is told too */
    if (s->log)
        log_close(s->log, KEDGE_SEC);
    if (s->started && !s->ready)
        server_print_summary(s);
    for (unsigned i = 0; i < s->cache_count; i++)
        if (s->served[i].service)
            service_close(s->served[i].service);
    /* One more signal between here and the end changes nothing: not the exit code. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (s->signals_open)
        loop_signals_close(s->loop, &s->signals);
    if (!free_shards(s))
        return false;
    free(s->echo_buffer);
    return true;
}

void server_free(struct server *s)
{
    root_close(&s->root);
    seldom_free(&s->seldom);
    serve_sandbox_close(&s->sandbox);
}
