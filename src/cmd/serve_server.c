/* The life of `kedge serve`, in a straight line: bind, give up privileges, serve, stop. */
#include "cmd/serve_server.h"

#include "jail/privileges.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const kedge_nanos stop_patience = 5 * KEDGE_SEC;
static const kedge_nanos stop_look = 20 * KEDGE_MSEC;
static const kedge_nanos file_keep = 10 * KEDGE_SEC;

static enum exit_code fail(const char *what, int err)
{
    fprintf(stderr, "kedge serve: %s: %s\n", what, strerror(-err));
    return EXIT_LOCAL_FILE;
}

static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* less is only less */
}

enum exit_code server_open(struct server *s, const struct serve_options *options)
{
    sigset_t stop;
    int err;

    s->options = options;
    s->root.fd = -1;
    signal(SIGXFSZ, SIG_IGN); /* a file too large is an error of one upload */
    raise_descriptors();
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    err = loop_open(&s->loop);
    if (err == 0)
        err = loop_signals_open(&s->loop, &s->signals, &stop);
    return err == 0 ? EXIT_OK : fail("cannot start", err);
}

static bool opens_root(struct server *s)
{
    struct store_result result = root_open(&s->root, s->options->root);

    if (result.error == STORE_OK)
        return true;
    fprintf(stderr, "kedge serve: --root %s: %s\n", s->options->root, result.why);
    return false;
}

static enum exit_code become_user(struct server *s)
{
    bool write = s->options->uploads != UPLOAD_REFUSE;
    struct jail_user user;
    char why[256];
    int err;

    if (!jail_choose(s->options->user, &user, why, sizeof why) ||
        !jail_become(&user, why, sizeof why) ||
        (s->tftp &&
         !jail_check_root(s->root.fd, s->options->root, write, why, sizeof why))) {
        fprintf(stderr, "kedge serve: %s\n", why);
        return EXIT_NO_PERMISSION;
    }
    err = jail_no_new_privs();
    return err == 0 ? EXIT_OK : fail("no_new_privs", err);
}

enum exit_code server_listen(struct server *s, const struct operands *endpoints)
{
    enum exit_code code = EXIT_OK;

    if (endpoints->count == 0)
        code = serve_defaults(s);
    for (size_t i = 0; i < endpoints->count && code == EXIT_OK; i++)
        code = serve_endpoint(s, endpoints->items[i]);
    if (code == EXIT_OK && s->tftp && !opens_root(s))
        code = EXIT_LOCAL_FILE;
    serve_guard_own_ports(s);
    return code == EXIT_OK ? become_user(s) : code;
}

static bool busy(const struct server *s)
{
    for (unsigned i = 0; i < s->served_count; i++)
        if (s->served[i].service && service_busy(s->served[i].service) > 0)
            return true;
    return s->tftp && tftp_service_busy(s->tftp) > 0;
}

static void look_for_end(void *owner)
{
    struct server *s = owner;
    kedge_nanos now = loop_now(&s->loop);

    if (now >= s->stop_by || !busy(s))
        loop_stop(&s->loop);
    else
        loop_timer_set(&s->loop, &s->stop_timer, now + stop_look);
}

/* The first signal: take nothing new, finish what is open. The second: end. */
static void caught(void *owner, int number)
{
    struct server *s = owner;

    (void)number;
    if (s->stop_by) {
        loop_stop(&s->loop);
        return;
    }
    s->stop_by = loop_now(&s->loop) + stop_patience;
    if (s->tftp)
        tftp_service_stop(s->tftp);
    for (unsigned i = 0; i < s->served_count; i++)
        if (s->served[i].service)
            service_stop(s->served[i].service);
    look_for_end(s);
}

static void collect(void *owner, unsigned events)
{
    struct server *s = owner;

    (void)events;
    (void)workers_collect(&s->workers);
}

static int start_files(struct server *s)
{
    struct workers_config workers = { .threads = HELPERS };
    struct served_config files = { .workers = &s->workers,
                                   .room = SERVED_FILES,
                                   .keep = file_keep };
    int err = workers_open(&s->workers, &workers);

    if (err < 0)
        return err;
    s->workers_open = true;
    files.slots = s->file_slots = calloc(SERVED_FILES, sizeof *s->file_slots);
    files.buckets = s->file_buckets = calloc(SERVED_FILES, sizeof *s->file_buckets);
    if (!files.slots || !files.buckets)
        return -ENOMEM;
    served_init(&s->files, &files);
    return 0;
}

/* Helpers are watched, leftovers of a crash swept, then the first request is taken. */
static int start_tftp(struct server *s)
{
    int err = start_files(s);

    if (err < 0)
        return err;
    if (s->options->uploads != UPLOAD_REFUSE)
        (void)upload_sweep(&s->root);
    s->helpers.ready = collect;
    s->helpers.owner = s;
    err = loop_watch_add(&s->loop, &s->helpers, workers_fd(&s->workers), LOOP_READ);
    return err < 0 ? err : tftp_service_start(s->tftp, s->log);
}

static int start_log(struct server *s)
{
    struct log_options options = { .fd = STDERR_FILENO,
                                   .form = (enum record_form)s->options->log,
                                   .level = LOG_LEVEL_INFO };

    return log_open(&s->log, &options);
}

enum exit_code server_run(struct server *s)
{
    int err;

    s->signals.caught = caught;
    s->signals.owner = s;
    s->stop_timer = (struct loop_timer){ .due = look_for_end, .owner = s };
    err = loop_timer_add(&s->loop, &s->stop_timer);
    if (err == 0)
        err = start_log(s); /* threads begin here, after privileges are gone */
    if (err == 0 && s->tftp)
        err = start_tftp(s);
    if (err < 0)
        return fail("cannot start", err);
    s->started = loop_clock();
    server_print_table(s);
    err = loop_run(&s->loop);
    if (err < 0)
        return fail("epoll", err);
    return EXIT_OK;
}

/* Aborted uploads leave nothing behind, if their helpers get a moment. */
static bool helpers_finish(struct server *s)
{
    struct pollfd done = { .fd = workers_fd(&s->workers), .events = POLLIN };
    kedge_nanos until = loop_clock() + KEDGE_SEC;

    while (workers_pending(&s->workers) > 0 && loop_clock() < until) {
        (void)poll(&done, 1, 100);
        (void)workers_collect(&s->workers);
    }
    return workers_pending(&s->workers) == 0;
}

static void close_files(struct server *s)
{
    if (s->helpers.added)
        loop_watch_remove(&s->loop, &s->helpers);
    if (!s->workers_open)
        return;
    if (!helpers_finish(s))
        _exit(EXIT_OK); /* a disk that hangs shall not hang us */
    if (s->file_buckets)
        served_free(&s->files);
    workers_close(&s->workers);
}

void server_close(struct server *s)
{
    if (s->tftp)
        tftp_service_close(s->tftp);
    if (s->log)
        log_close(s->log, KEDGE_SEC);
    if (s->started)
        server_print_summary(s);
    for (unsigned i = 0; i < s->served_count; i++)
        if (s->served[i].service)
            service_close(s->served[i].service);
    close_files(s);
    if (s->tftp)
        tftp_service_free(s->tftp);
    free(s->echo_buffer);
    root_close(&s->root);
    free(s->file_slots);
    free(s->file_buckets);
    /* One more signal between here and the end changes nothing: not the exit code. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    loop_signals_close(&s->loop, &s->signals);
    loop_close(&s->loop);
}
