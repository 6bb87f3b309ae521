/* SPDX-License-Identifier: MIT */
/* kedge explain: what serve would do with one request, step by step, and why. It judges by
 * the same rules (serve/tftp/rules.h), looks at the same file, and sends nothing. */
#include "cmd/explain.h"

#include "cmd/printable.h"
#include "file/directories.h"
#include "file/publish.h"
#include "os/privileges.h"
#include "serve/tftp/limits.h"
#include "serve/tftp/refusal.h"
#include "tftp/options.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each link that the name itself leads through; what those lead through is in `path`. */
static void say_links(struct explaining *e)
{
    const char *name = e->rules.name.text;

    for (const char *end = name; *end; end++) {
        struct root_name part = { "" };
        uint8_t target[1024];
        const char *last = NULL;
        ssize_t len = 0;
        int dir = -1;

        if (end[1] != '/' && end[1] != '\0')
            continue;
        memcpy(part.text, name, (size_t)(end + 1 - name));
        if (root_open_parent(e->rules.root, &part, &dir, &last).error != STORE_OK)
            continue;
        len = readlinkat(dir, last, (char *)target, sizeof target);
        close(dir);
        if (len > 0)
            explain_say(e, "link", "%s -> %s", explain_shown(span_of(part.text)).text,
                        explain_shown((struct kedge_span){ target, (size_t)len }).text);
    }
}

/* What the kernel says this descriptor is, links and all. */
static void say_path(struct explaining *e, int fd)
{
    char link[64];
    uint8_t path[4096];
    ssize_t len = 0;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    len = readlink(link, (char *)path, sizeof path);
    if (len > 0)
        explain_say(e, "path", "%s",
                    explain_shown((struct kedge_span){ path, (size_t)len }).text);
}

static struct store_result look_at_get(struct explaining *e)
{
    struct stat st;
    int fd = -1;
    struct store_result result = root_open_file(e->rules.root, &e->rules.name, &fd, &st);

    if (result.error != STORE_OK)
        return result;
    e->size = (uint64_t)st.st_size;
    say_path(e, fd);
    explain_say(e, "file", "%llu bytes, mode %04o, may be read",
                (unsigned long long)st.st_size, (unsigned)st.st_mode & 07777);
    close(fd);
    return result;
}

static struct store_result look_at_target(struct explaining *e,
                                          const struct publication *p)
{
    struct stat st;
    struct store_result result = publish_look(p, &st);

    if (result.error == STORE_OK)
        result = publish_check(p, &st);
    if (result.error != STORE_OK)
        return result;
    if (faccessat(p->dir, ".", W_OK | X_OK, AT_EACCESS) < 0)
        return store_errno(errno);
    if (!st.st_mode)
        explain_say(e, "file", "is new, and appears when it is complete");
    else if (p->policy == UPLOAD_VERSION)
        explain_say(e, "file", "is there, and is kept as a version");
    else
        explain_say(e, "file", "is there, and is replaced when the new one is complete");
    return store_ok();
}

/* What a commit that makes them needs: the directory that is there may be written. */
static struct store_result look_at_directories(struct explaining *e)
{
    int dir = -1;
    struct store_result result = directories_look(e->rules.root, &e->rules.name, &dir);

    if (result.error != STORE_OK)
        return result;
    say_path(e, dir);
    if (faccessat(dir, ".", W_OK | X_OK, AT_EACCESS) < 0)
        result = store_errno(errno);
    else
        explain_say(e, "file", "is new, as are directories of its name");
    close(dir);
    return result;
}

static struct store_result look_at_put(struct explaining *e)
{
    struct publication p = { .dir = -1, .policy = e->rules.uploads.policy };
    struct store_result result;

    if (e->request.announced_bytes > e->rules.uploads.max_bytes)
        return store_fail(STORE_TOO_LARGE, "its announced size is larger than the limit");
    if (p.policy == UPLOAD_CREATE) /* a link is a name that is taken */
        result = root_open_parent(e->rules.root, &e->rules.name, &p.dir, &p.last);
    else
        result = root_open_target(e->rules.root, &e->rules.name, &p.dir, &p.last);
    if (result.error == STORE_NOT_FOUND && e->rules.uploads.create_directories)
        return look_at_directories(e);
    if (result.error != STORE_OK)
        return result;
    say_path(e, p.dir);
    result = look_at_target(e, &p);
    close(p.dir);
    return result;
}

static struct kedge_tftp_limits limits_of(const struct explaining *e)
{
    const struct serve_options *o = e->options;
    const struct rules *r = &e->rules;
    uint32_t blksize = o->blksize_max == ARG_WORD ? 0 : (uint32_t)o->blksize_max;
    struct limits_block block = { r->blksize_max ? r->blksize_max : blksize, 0 };
    uint32_t window = r->windowsize_max ? r->windowsize_max : (uint32_t)o->windowsize_max;
    struct net_route route = { -1, -1 };
    int err = net_route_open(&route); /* without one: what every route carries */
    struct kedge_tftp_limits limits = {
        .blksize_max = limits_blksize(block, &route, &e->peer, e->asked.blksize),
        .windowsize_max = window,
        .size_known = !e->request.writes,
        .size = e->size,
        .window_bytes = limits_window_bytes(window, 0),
    };

    if (err == 0)
        net_route_close(&route);
    return limits;
}

/* What is asked for is given back. */
static void put_cookie(struct writer *w, struct kedge_span cookie)
{
    if (cookie.len == 0)
        return;
    put(w, span_of(w->len > 0 ? ",cookie=" : "cookie="));
    put(w, span_of(explain_shown(cookie).text));
}

static void say_options(struct explaining *e)
{
    struct kedge_tftp_limits limits = limits_of(e);
    struct kedge_tftp_request q = { .op = explain_op(e),
                                    .mode = KEDGE_TFTP_OCTET,
                                    .options = e->asked };
    struct kedge_tftp_options granted = kedge_tftp_grant(&q, &limits);
    uint8_t text[256 + sizeof(struct printable)] = { 0 };
    struct writer w = { .ptr = text, .room = sizeof text - 1 };

    if (!e->asked.has && e->cookie.len == 0)
        return;
    options_list(&w, &granted);
    put_cookie(&w, e->cookie);
    explain_say(e, "options", "%s (blksize at most %u, windowsize at most %u)",
                (const char *)text, (unsigned)limits.blksize_max,
                (unsigned)limits.windowsize_max);
}

static void conclude_in_json(struct explaining *e, const struct store_result *result,
                             int code)
{
    bool granted = result->error == STORE_OK;
    struct kedge_span text;

    json_end(&e->json);
    json_bool(&e->json, "granted", granted);
    json_u64_known(&e->json, "code", !granted && code >= 0, (uint64_t)code);
    json_text(&e->json, "reason", granted ? NULL : result->why);
    json_end(&e->json);
    if (json_finish(&e->json, &text))
        printf("%.*s\n", (int)text.len, (const char *)text.ptr);
}

/* The last line. */
static enum exit_code conclude(struct explaining *e, const struct store_result *result)
{
    int code = refusal_code(explain_op(e), result->error);

    if (e->options->json)
        conclude_in_json(e, result, code);
    else if (result->error == STORE_OK)
        puts("granted");
    else if (code < 0)
        printf("refused: no answer, %s\n", result->why);
    else
        printf("refused: %d, %s\n", code, result->why);
    if (result->error == STORE_OK)
        return EXIT_OK;
    return code == KEDGE_TFTP_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_REFUSED;
}

static struct store_result explain_judge(struct explaining *e)
{
    const struct serve_options *o = e->options;
    struct rules_base base = {
        .root = &e->root,
        .uploads = { .policy = (enum upload_policy)o->uploads,
                     .mode = (uint32_t)o->upload_mode,
                     .max_bytes = o->max_upload },
        .mac = o->mac ? e->mac.mac : NULL,
    };
    struct rules_watcher watcher = { .step = explain_step, .owner = e };

    rules_judge(&e->policy.set, &base, &e->request, &watcher, &e->rules);
    return e->rules.result;
}

static enum exit_code judge_and_look(struct explaining *e)
{
    struct store_result result;

    if (e->options->json) {
        json_init(&e->json, e->json_bytes, sizeof e->json_bytes);
        json_object(&e->json, NULL);
        json_u64(&e->json, "v", 1);
        json_array(&e->json, "steps");
    }
    result = explain_judge(e);
    if (result.error == STORE_OK) {
        say_links(e);
        result = e->request.writes ? look_at_put(e) : look_at_get(e);
    }
    if (result.error == STORE_OK)
        say_options(e);
    return conclude(e, &result);
}

static bool usage(const char *what, const char *word)
{
    fprintf(stderr, "kedge explain: %s: %s\n", what,
            printable(word, PRINTABLE_WORD).text);
    return false;
}

/* ADDRESS, or ADDRESS%INTERFACE. */
static bool read_client(struct explaining *e, const char *word)
{
    char host[NET_ADDRESS_TEXT];
    char *interface = NULL;

    if (snprintf(host, sizeof host, "%s", word) >= (int)sizeof host)
        return usage("CLIENT is an address, or ADDRESS%INTERFACE", word);
    interface = strchr(host, '%');
    if (interface) {
        e->request.ifindex = if_nametoindex(interface + 1);
        if (!e->request.ifindex)
            return usage("no such interface", interface + 1);
        *interface = '\0';
    }
    if (!net_address_parse(host, 0, &e->peer))
        return usage("CLIENT is an address, or ADDRESS%INTERFACE", word);
    if (net_address_is_v6(&e->peer) && IN6_IS_ADDR_LINKLOCAL(&e->peer.u.v6.sin6_addr))
        e->peer.u.v6.sin6_scope_id = e->request.ifindex;
    return true;
}

/* NAME=VALUE, as a request carries it. */
static bool read_options(struct explaining *e, const char *const *words, size_t count)
{
    static const char cookie[] = "cookie=";
    uint8_t bytes[KEDGE_TFTP_REQUEST_MAX];
    struct writer w = { .ptr = bytes, .room = sizeof bytes };
    struct reader r;

    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(words[i], '=');

        if (!equals)
            return usage("an option is NAME=VALUE", words[i]);
        if (strncasecmp(words[i], cookie, strlen(cookie)) == 0) {
            e->cookie = span_of(equals + 1);
            continue;
        }
        put_string(&w, (struct kedge_span){ (const uint8_t *)words[i],
                                            (size_t)(equals - words[i]) });
        put_string(&w, span_of(equals + 1));
    }
    if (e->cookie.len > TFTP_COOKIE_MAX)
        e->cookie.len = 0;
    if (w.bad)
        return usage("more options than a request holds, from", words[0]);
    r = (struct reader){ .left = written(&w) };
    if (!options_take(&r, &e->asked))
        fputs("kedge explain: ignored an option that is unknown or has a bad value\n",
              stderr);
    return true;
}

static bool read_mac(struct explaining *e)
{
    const char *mac = e->options->mac;

    if (!mac ||
        (policy_mac_parse(span_of(mac), &e->mac) && e->mac.mac_bytes == POLICY_MAC_BYTES))
        return true;
    return usage("--mac takes an address as 52:54:00:12:34:56, not", mac);
}

static bool read_operands(struct explaining *e, const struct operands *o)
{
    e->request.peer = &e->peer;
    if (!read_client(e, o->items[0]) || !read_mac(e))
        return false;
    e->request.writes = strcmp(o->items[1], "put") == 0;
    if (!e->request.writes && strcmp(o->items[1], "get") != 0)
        return usage("expected get or put, not", o->items[1]);
    e->request.name = span_of(o->items[2]);
    if (!read_options(e, o->items + 3, o->count - 3))
        return false;
    if (e->asked.has & KEDGE_TFTP_HAS_TSIZE)
        e->request.announced_bytes = e->asked.tsize;
    return true;
}

/* As serve does it: the root first, then the user that it becomes. */
static enum exit_code open_as_serve(struct explaining *e)
{
    struct store_result result = root_open(&e->root, e->options->root);
    struct jail_user user;
    char why[256] = "";

    if (result.error == STORE_OK && e->options->follow.count > 0)
        result = root_follow(&e->root, e->options->root, &e->policy.follow);
    if (result.error != STORE_OK) {
        fprintf(stderr, "kedge explain: --root %s: %s\n",
                printable(e->options->root, PRINTABLE_NAME).text, result.why);
        return EXIT_LOCAL_FILE;
    }
    if (jail_choose(e->options->user, &user, why, sizeof why) &&
        jail_become(&user, why, sizeof why))
        return EXIT_OK;
    fprintf(stderr, "kedge explain: %s\n", printable(why, PRINTABLE_NAME).text);
    return EXIT_NO_PERMISSION;
}

static enum exit_code explain_run(const void *options, const struct operands *operands)
{
    struct serve_options o = *(const struct serve_options *)options;
    struct explaining *e = calloc(1, sizeof *e);
    enum exit_code code;

    if (!e) {
        fputs("kedge explain: no memory\n", stderr);
        return EXIT_SYSTEM;
    }
    e->options = &o;
    e->root.fd = -1;
    code = serve_policy_open(&e->policy, "explain", &o);
    if (code == EXIT_OK && !read_operands(e, operands))
        code = EXIT_USAGE;
    if (code == EXIT_OK)
        code = open_as_serve(e);
    if (code == EXIT_OK)
        code = judge_and_look(e);
    if (e->root.fd >= 0)
        root_close(&e->root);
    serve_policy_close(&e->policy);
    free(e);
    return code;
}

const struct verb verb_explain = {
    .name = "explain",
    .operands = "CLIENT get|put NAME [OPTION=VALUE...]",
    .summary = "show what serve would do with a request, and why",
    .notes =
        "CLIENT is an address, or ADDRESS%INTERFACE. The options are those of serve.\n"
        "Exit status: 0 granted, 3 not found, 4 refused.\n",
    .args = serve_args,
    .arg_count = SERVE_ARGS + EXPLAIN_ARGS,
    .operands_min = 3,
    .operands_max = 24,
    .defaults = &serve_usual,
    .options_size = sizeof(struct serve_options),
    .given_into = offsetof(struct serve_options, given),
    .run = explain_run,
};
