/* SPDX-License-Identifier: MIT */
/* Reads a policy file: libconfuse has its grammar, and this the meaning of its keys. */
#include "cmd/policy_file.h"

#include "base/number.h"
#include "cmd/policy_text.h"
#include "cmd/printable.h"
#include "file/upload.h"
#include "kedge/tftp.h"
#include "net/address.h"
#include "policy/glob.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* libconfuse's callbacks carry no pointer of their own: one rides on an option whose name
 * a person does not type. Should one do it, the number lands in `decoy`. */
#define OWNER_KEY "\x01"

/* Stands behind the text: libconfuse takes a section or a text in quotes that the file's
 * end cuts off for whole, and then this is not met at the top level. */
#define END_KEY "end-of-policy-file"
/* They are equal, and are to stay so. NOLINTNEXTLINE(misc-redundant-expression) */
_Static_assert(sizeof POLICY_FILE_END == sizeof "\n" END_KEY " = 1\n", "one text");

enum { SECTION_ARGS = POLICY_KEYS, TOP_MAX = 64 };

/* What the rows below fill; a policy_value is made of it. */
struct section_values {
    uint64_t number;
    uint32_t word;
    const char *text; /* cppcheck-suppress unusedStructMember */
};

#define NUMBER .into = offsetof(struct section_values, number)
#define WORD .into = offsetof(struct section_values, word)
#define TEXT .into = offsetof(struct section_values, text)

static const struct arg section_args[SECTION_ARGS] = {
    [POLICY_GET] = { .kind = ARG_ENUM, .words = "refuse|allow", WORD },
    [POLICY_UPLOADS] = { .kind = ARG_ENUM,
                         .words = "refuse|create|overwrite|version",
                         WORD },
    [POLICY_MAX_UPLOAD] = { .kind = ARG_SIZE, .low = 1, NUMBER },
    [POLICY_MODE] = { .kind = ARG_OCTAL, .high = 0777, NUMBER },
    [POLICY_CREATE_DIRECTORIES] = { .kind = ARG_ENUM, .words = "no|yes", WORD },
    [POLICY_ROOT] = { .kind = ARG_TEXT, TEXT },
    [POLICY_MAP] = { .kind = ARG_TEXT, TEXT },
    [POLICY_IGNORE_CASE] = { .kind = ARG_ENUM, .words = "no|yes", WORD },
    [POLICY_BLKSIZE_MAX] = { .kind = ARG_NUMBER,
                             .low = KEDGE_TFTP_BLKSIZE_MIN,
                             .high = KEDGE_TFTP_BLKSIZE_MAX,
                             NUMBER },
    [POLICY_WINDOWSIZE_MAX] = { .kind = ARG_NUMBER,
                                .low = 1,
                                .high = KEDGE_TFTP_WINDOW_MAX,
                                NUMBER },
    [POLICY_TIMEOUT] = { .kind = ARG_TIME,
                         .low = 10 * KEDGE_MSEC,
                         .high = 255 * KEDGE_SEC,
                         NUMBER },
    [POLICY_MAX_TRANSFERS] = { .kind = ARG_NUMBER, .low = 1, .high = 1000000, NUMBER },
};

struct policy_reader {
    long decoy;
    struct policy_set *set;
    const char *path;
    const struct policy_file_top *top;
    struct writer *complaints;
    const cfg_t *at;                /* the section that is read ... */
    struct policy_section *section; /* ... and what it becomes */
    uint64_t top_given;
    bool ended; /* END_KEY was met */
    bool bad;
};

static struct policy_reader *reader_of(cfg_t *cfg)
{
    void *p = cfg_getopt(cfg, OWNER_KEY)->simple_value.number;

    return p;
}

static int policy_file_error(struct policy_reader *r, unsigned line, const char *key,
                             const char *what)
{
    struct writer *w = r->complaints;

    put(w, span_of(r->path));
    put_u8(w, ':');
    put_decimal(w, line);
    put(w, span_of(": "));
    if (key) {
        put(w, span_of(key));
        put_u8(w, ' ');
    }
    put(w, span_of(what));
    put_u8(w, '\n');
    r->bad = true;
    return 0; /* further faults are looked for */
}

/* The keys that may stand where an unknown one did. */
static void put_allowed(struct policy_reader *r, cfg_t *cfg)
{
    struct writer *w = r->complaints;

    put(w, span_of("; allowed are"));
    for (cfg_opt_t *o = cfg->opts; o->name; o++) {
        if (strcmp(o->name, OWNER_KEY) == 0 || strcmp(o->name, END_KEY) == 0)
            continue;
        put_u8(w, ' ');
        put(w, span_of(o->name));
    }
}

/* What libconfuse finds: grammar, unknown keys, titles. */
__attribute__((format(printf, 2, 0))) static void
complain_of_grammar(cfg_t *cfg, const char *format, va_list list)
{
    struct policy_reader *r = reader_of(cfg);
    char said[256];

    vsnprintf(said, sizeof said, format, list);
    if (strstr(said, END_KEY))
        snprintf(said, sizeof said, "the section is not closed: } is missing");
    policy_file_error(r, (unsigned)cfg->line, NULL, printable(said, PRINTABLE_NAME).text);
    if (strncmp(said, "no such option", 14) == 0 && !r->complaints->bad) {
        r->complaints->len--; /* the newline */
        put_allowed(r, cfg);
        put_u8(r->complaints, '\n');
    }
}

/* The part of a root before the first thing that a request fills in. */
static bool root_is_there(const char *path)
{
    char fixed[POLICY_PATH_ROOM];
    size_t len = strcspn(path, "%");
    struct stat st;

    if (path[0] != '/' || len >= sizeof fixed)
        return false;
    memcpy(fixed, path, len);
    fixed[len] = '\0';
    if (path[len])
        *(strrchr(fixed, '/') + 1) = '\0';
    return stat(fixed, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool percents_are_known(const char *path)
{
    for (const char *c = strchr(path, '%'); c; c = strchr(c + 2, '%'))
        if (c[1] == '\0' || !strchr("ami%", c[1]))
            return false;
    return true;
}

static bool set_root(struct policy_set *s, struct policy_value *v, const char *path,
                     struct args_problem *problem)
{
    const char *why = "takes a directory that is there, from / on";

    if (!percents_are_known(path))
        why = "may hold %a (address), %m (MAC), %i (interface) and %%, and no other %";
    else if (root_is_there(path))
        why = NULL;
    if (why) {
        snprintf(problem->text, sizeof problem->text, "%s, not '%.80s'", why,
                 printable(path, PRINTABLE_WORD).text);
        return false;
    }
    v->text = policy_set_text(s, path);
    return v->text.ptr != NULL;
}

static bool set_value(struct policy_set *s, struct policy_value *v, enum policy_key key,
                      const char *value, struct args_problem *problem)
{
    struct section_values got = { 0 };

    if (!args_set(&section_args[key], value, &got, problem))
        return false;
    if (key == POLICY_ROOT)
        return set_root(s, v, value, problem);
    v->number = section_args[key].kind == ARG_ENUM ? got.word : got.number;
    return true;
}

bool policy_file_set(struct policy_set *s, struct policy_section *section,
                     enum policy_key key, const char *value, struct args_problem *problem)
{
    struct policy_value *v = &section->values[key];
    uint8_t text[2048] = { 0 };
    struct writer faults = { .ptr = text, .room = sizeof text - 1 };

    if (section->has >> key & 1) {
        snprintf(problem->text, sizeof problem->text, "is set twice");
        return false;
    }
    section->has |= 1u << key;
    if (key != POLICY_MAP)
        return set_value(s, v, key, value, problem);
    v->number = policy_set_map(s, value, &faults);
    if (v->number == 0)
        snprintf(problem->text, sizeof problem->text, "cannot be used: %.200s",
                 (char *)text);
    else if (s->warnings)
        put(s->warnings, written(&faults));
    return v->number > 0;
}

static bool read_prefix(const char *text, struct policy_match *m)
{
    char host[64];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    struct net_address address;
    struct net_raw raw;
    uint64_t bits = 0;
    bool v4 = false;

    if (len >= sizeof host)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    if (!net_address_parse(host, 0, &address) || strchr(host, '%'))
        return false;
    v4 = address.u.any.sa_family == AF_INET;
    raw = net_address_raw(&address);
    bits = v4 ? 32 : 128;
    if (slash && !decimal(span_of(slash + 1), bits, &bits))
        return false;
    *m = (struct policy_match){ .kind = POLICY_ADDRESS,
                                .address_bytes = v4 ? 4 : 16,
                                .bits = (uint8_t)bits };
    memcpy(m->address, v4 ? raw.ip + 12 : raw.ip, m->address_bytes);
    return true;
}

static bool read_client(const struct policy_section *s, struct policy_match *m)
{
    static const char interface[] = "interface ";
    const char *text = (const char *)s->title.ptr;
    size_t front = sizeof interface - 1;

    if (strncmp(text, interface, front) == 0 && text[front]) {
        *m = (struct policy_match){ .kind = POLICY_INTERFACE,
                                    .interface = { s->title.ptr + front,
                                                   s->title.len - front } };
        return true;
    }
    return policy_mac_parse(s->title, m) || read_prefix(text, m);
}

static void check_title(struct policy_reader *r, cfg_t *cfg, struct policy_section *s)
{
    char what[256];

    snprintf(what, sizeof what,
             "takes an address, a CIDR prefix, a MAC (52:54:00:12:34:56 or 52:54:00:*) "
             "or interface NAME, not '%.80s'",
             printable((const char *)s->title.ptr, PRINTABLE_WORD).text);
    if (s->kind == POLICY_CLIENT && !read_client(s, &s->match))
        policy_file_error(r, (unsigned)cfg->line, "client", what);
    if (s->kind == POLICY_FILE && (s->title.len == 0 || s->title.len > GLOB_MAX))
        policy_file_error(r, (unsigned)cfg->line, "file",
                          "takes a pattern of 1 to 128 bytes, with * ** and ?");
}

static enum policy_kind policy_value_kind(const cfg_t *cfg)
{
    if (strcmp(cfg->name, "client") == 0)
        return POLICY_CLIENT;
    if (strcmp(cfg->name, "file") == 0)
        return POLICY_FILE;
    return strcmp(cfg->name, "default") == 0 ? POLICY_DEFAULT : POLICY_TOP;
}

/* The section that cfg stands for: a new one where the file has just come to it. */
static struct policy_section *section_at(struct policy_reader *r, cfg_t *cfg)
{
    enum policy_kind kind = policy_value_kind(cfg);

    if (r->at == cfg)
        return r->section;
    r->at = cfg;
    for (size_t i = 0; kind >= POLICY_DEFAULT && i < r->set->policy.count; i++)
        if (r->set->sections[i].kind == kind)
            return r->section = &r->set->sections[i];
    r->section = policy_set_add(r->set);
    if (!r->section) {
        policy_file_error(r, (unsigned)cfg->line, NULL,
                          "too many sections for one policy");
        return NULL;
    }
    r->section->kind = kind;
    r->section->title = policy_set_text(r->set, cfg->title ? cfg->title : "");
    if (r->section->title.ptr)
        check_title(r, cfg, r->section);
    return r->section;
}

static int policy_key_of(const char *name)
{
    for (int key = 0; key < POLICY_KEYS; key++)
        if (strcmp(policy_key_name((enum policy_key)key), name) == 0)
            return key;
    return -1;
}

static int read_section_key(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    struct policy_reader *r = reader_of(cfg);
    struct policy_section *s = section_at(r, cfg);
    int key = policy_key_of(opt->name);
    struct args_problem problem = { "no memory" };

    *(const char **)result = value;
    if (!s)
        return -1;
    s->values[key].line = (uint32_t)cfg->line;
    if (!policy_file_set(r->set, s, (enum policy_key)key, value, &problem))
        return policy_file_error(r, (unsigned)cfg->line, opt->name, problem.text);
    return 0;
}

static const struct arg *top_row(const struct policy_reader *r, const char *name)
{
    for (size_t i = 0; i < r->top->arg_count; i++)
        if (r->top->args[i].name && strcmp(r->top->args[i].name, name) == 0)
            return &r->top->args[i];
    return NULL;
}

static bool set_top(struct policy_reader *r, const struct arg *a, const char *value,
                    struct args_problem *problem)
{
    uint64_t bit = (uint64_t)1 << (a - r->top->args);
    struct kedge_span kept = policy_set_text(r->set, value);

    if (r->top_given & bit && a->kind != ARG_TEXTS) {
        snprintf(problem->text, sizeof problem->text, "is set twice");
        return false;
    }
    r->top_given |= bit;
    return kept.ptr && (!r->top->set ||
                        r->top->set(r->top->owner, a, (const char *)kept.ptr, problem));
}

/* A key of the top level: an option of the command line, a key of the policy, or both. */
static int read_top_key(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    struct policy_reader *r = reader_of(cfg);
    const struct arg *row = top_row(r, opt->name);
    struct args_problem problem = { "no memory" };

    *(const char **)result = value;
    if (row && !set_top(r, row, value, &problem))
        return policy_file_error(r, (unsigned)cfg->line, opt->name, problem.text);
    if (policy_key_of(opt->name) < 0 || r->top->without >> policy_key_of(opt->name) & 1)
        return 0;
    return read_section_key(cfg, opt, value, result);
}

static int read_list_item(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    struct policy_reader *r = reader_of(cfg);
    struct kedge_span kept = policy_set_text(r->set, value);
    struct args_problem problem = { "no memory" };

    *(const char **)result = value;
    if (!kept.ptr ||
        (r->top->add && !r->top->add(r->top->owner, (const char *)kept.ptr, &problem)))
        return policy_file_error(r, (unsigned)cfg->line, opt->name, problem.text);
    return 0;
}

static int read_end(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    (void)opt;
    *(const char **)result = value;
    reader_of(cfg)->ended = true;
    return 0;
}

/* The keys of one kind of section. */
static void fill_section(cfg_opt_t *rows, struct policy_reader *r, uint32_t without)
{
    size_t n = 0;

    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        cfg_opt_t row = CFG_STR_CB(policy_key_name((enum policy_key)key), NULL,
                                   CFGF_NODEFAULT, read_section_key);

        if (!(without >> key & 1))
            rows[n++] = row;
    }
    rows[n++] = (cfg_opt_t)CFG_SIMPLE_INT(OWNER_KEY, &r->decoy);
    rows[n] = (cfg_opt_t)CFG_END();
}

static void fill_top(cfg_opt_t *rows, struct policy_reader *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->top->arg_count; i++) {
        const struct arg *a = &r->top->args[i];
        cfg_opt_t one = CFG_STR_CB(a->name, NULL, CFGF_NODEFAULT, read_top_key);
        cfg_opt_t many = CFG_STR_LIST_CB(a->name, NULL, CFGF_NODEFAULT, read_top_key);

        if (a->name && a->kind != ARG_GONE)
            rows[n++] = a->kind == ARG_TEXTS ? many : one;
    }
    for (int key = 0; key < POLICY_KEYS; key++) {
        const char *name = policy_key_name((enum policy_key)key);
        cfg_opt_t row = CFG_STR_CB(name, NULL, CFGF_NODEFAULT, read_top_key);

        if (!top_row(r, name) && !(r->top->without >> key & 1))
            rows[n++] = row;
    }
    if (r->top->list)
        rows[n++] = (cfg_opt_t)CFG_STR_LIST_CB(r->top->list, NULL, CFGF_NODEFAULT,
                                               read_list_item);
    rows[n++] = (cfg_opt_t)CFG_STR_CB(END_KEY, NULL, CFGF_NODEFAULT, read_end);
    rows[n++] = (cfg_opt_t)CFG_SIMPLE_INT(OWNER_KEY, &r->decoy);
    rows[n] = (cfg_opt_t)CFG_END();
}

static void parse_text(struct policy_reader *r, const char *text)
{
    cfg_opt_t clients[POLICY_KEYS + 2];
    cfg_opt_t files[POLICY_KEYS + 2];
    cfg_opt_t rows[TOP_MAX + POLICY_KEYS + 7];
    cfg_opt_t more[] = {
        CFG_SEC("client", clients, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
        CFG_SEC("file", files, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
        CFG_SEC("default", clients, CFGF_NODEFAULT),
    };
    size_t n = 0;
    cfg_t *cfg = NULL;

    KEDGE_ASSERT(r->top->arg_count <= TOP_MAX);
    fill_section(clients, r, r->top->without);
    fill_section(files, r, r->top->without | POLICY_CLIENT_KEYS);
    fill_top(rows + sizeof more / sizeof *more, r);
    for (; n < sizeof more / sizeof *more; n++)
        rows[n] = more[n];
    cfg = cfg_init(rows, CFGF_NONE);
    if (!cfg) {
        policy_file_error(r, 0, NULL, "no memory");
        return;
    }
    cfg_set_error_function(cfg, complain_of_grammar);
    if (cfg_parse_buf(cfg, text) != CFG_SUCCESS && !r->bad)
        policy_file_error(r, (unsigned)cfg->line, NULL, "cannot be read");
    if (!r->ended && !r->bad)
        policy_file_error(r, (unsigned)cfg->line, NULL,
                          "a text is not closed: a quote is missing");
    cfg_free(cfg);
}

bool policy_file_parse(struct policy_set *s, const struct policy_source *from,
                       const struct policy_file_top *top, struct writer *complaints)
{
    struct policy_reader r = {
        .set = s, .path = from->path, .top = top, .complaints = complaints
    };

    if (policy_text_blank(from->text))
        parse_text(&r, from->text);
    else
        policy_file_error(&r, 0, NULL, "a comment is not closed: */ is missing");
    return !r.bad;
}

bool policy_file_load(struct policy_set *s, const char *path,
                      const struct policy_file_top *top, struct writer *complaints)
{
    const char *why = NULL;
    struct policy_source from = { path, policy_text_read(path, POLICY_FILE_END, &why) };

    if (from.text) {
        bool good = policy_file_parse(s, &from, top, complaints);
        free(from.text);
        return good;
    }
    put(complaints, span_of(path));
    put(complaints, span_of(": "));
    put(complaints, span_of(why));
    put_u8(complaints, '\n');
    return false;
}
