/* SPDX-License-Identifier: MIT */
/* Reads directories and remembers their names, sorted by a hash of their folded letters. */
#include "serve/tftp/case_cache.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "base/number.h"
#include "file/identity.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A letter of two bytes may fold to one of three. */
enum { FOLDED_MAX = 2 * NAME_MAX };

struct folded {
    uint8_t bytes[FOLDED_MAX];
    size_t len;
    uint64_t hash;
};

struct case_name {
    uint64_t hash;
    uint32_t at; /* of its text */
};

struct case_names {
    struct case_names *next;
    struct file_identity directory;
    struct case_name *list; /* by hash, then as they were read */
    size_t count, room;
    char *text; /* each with its NUL */
    size_t len, text_room;
    kedge_nanos seen_at; /* the directory as it is, for the first time */
    kedge_nanos read_at;
    struct store_result result; /* of reading it; no names if it failed */
};

/* One search, as it goes on. */
struct case_search {
    struct file_identity directory;
    struct folded part;
    kedge_nanos now;
    kedge_nanos seen_at; /* as in case_names */
    struct case_found *out;
    struct store_result result;
};

/* ---- Folding ---- */

static uint8_t lower_ascii(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

/* To upper case and back joins what simple folding does: sigma and final sigma, s and long s.
 * The Turkish i with and without a dot (C4 B0, C4 B1) it leaves alone. */
static struct match_char fold_character(const struct match_locale *l,
                                        struct kedge_span text)
{
    struct match_char upper = { .taken = 0 };
    struct match_char c;

    if (l->locale && text.ptr[0] >= 0x80 &&
        !(text.len > 1 && text.ptr[0] == 0xc4 && (text.ptr[1] | 1) == 0xb1))
        upper = match_character(l, text, 1);
    if (upper.taken == 0 || upper.len == 0)
        return (struct match_char){ .taken = 1,
                                    .len = 1,
                                    .out = { lower_ascii(text.ptr[0]) } };
    c = match_character(l, (struct kedge_span){ upper.out, upper.len }, -1);
    c.taken = upper.taken;
    return c;
}

static void fold(const struct match_locale *l, struct kedge_span text, struct folded *out)
{
    const struct hash_key key = { 0 };

    KEDGE_ASSERT(text.len <= NAME_MAX);
    out->len = 0;
    while (text.len > 0) {
        struct match_char c = fold_character(l, text);

        KEDGE_ASSERT(c.len <= FOLDED_MAX - out->len);
        memcpy(out->bytes + out->len, c.out, c.len);
        out->len += c.len;
        text.ptr += c.taken;
        text.len -= c.taken;
    }
    out->hash = hash_keyed(&key, (struct kedge_span){ out->bytes, out->len });
}

/* ---- The names of one directory ---- */

static void names_free(struct case_names *n)
{
    if (!n)
        return;
    free(n->list);
    free(n->text);
    free(n);
}

static bool grow_names(struct case_names *n, size_t len)
{
    if (n->count == n->room) {
        size_t room = n->room ? 2 * n->room : 64;
        struct case_name *more = realloc(n->list, room * sizeof *more);

        if (!more)
            return false;
        n->list = more;
        n->room = room;
    }
    if (len > n->text_room - n->len) {
        size_t room = 2 * n->text_room + NAME_MAX + 1;
        char *more = realloc(n->text, room);

        if (!more)
            return false;
        n->text = more;
        n->text_room = room;
    }
    return true;
}

static bool add_name(struct case_names *n, const struct match_locale *l, const char *name)
{
    size_t len = strlen(name);
    struct folded f;

    if (!grow_names(n, len + 1))
        return false;
    fold(l, span_of(name), &f);
    n->list[n->count++] = (struct case_name){ f.hash, (uint32_t)n->len };
    memcpy(n->text + n->len, name, len + 1);
    n->len += len + 1;
    return true;
}

static int by_hash(const void *a, const void *b)
{
    const struct case_name *x = a;
    const struct case_name *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* The next entry. NULL: there is none, or errno says why it is not known. */
static struct dirent *next_entry(DIR *dir)
{
    errno = 0;
    return readdir(dir);
}

static struct store_result fill_names(struct case_names *n, const struct match_locale *l,
                                      DIR *dir)
{
    struct dirent *entry = NULL;

    /* Some file systems have names of more bytes than a path may name: nobody asks for one. */
    while (n->count < CASE_CACHE_NAMES && (entry = next_entry(dir)))
        if (strlen(entry->d_name) <= NAME_MAX && !add_name(n, l, entry->d_name))
            return store_errno(ENOMEM);
    if (n->count < CASE_CACHE_NAMES && errno != 0)
        return store_fail(STORE_BUSY, "its directory could not be read");
    if (n->count > 0)
        qsort(n->list, n->count, sizeof *n->list, by_hash);
    return store_ok();
}

/* What was read by then is no answer. */
static void drop_names(struct case_names *n)
{
    free(n->list);
    free(n->text);
    *n = (struct case_names){ .result = n->result };
}

/* Takes fd. NULL: no memory. */
static struct case_names *read_names(const struct match_locale *l, int fd)
{
    struct case_names *n = calloc(1, sizeof *n);
    DIR *dir = n ? fdopendir(fd) : NULL;

    if (n)
        n->result = dir ? fill_names(n, l, dir) : store_errno(ENOMEM);
    if (n && n->result.error != STORE_OK)
        drop_names(n);
    if (dir)
        closedir(dir);
    else
        close(fd);
    return n;
}

static size_t first_of(const struct case_names *n, uint64_t hash)
{
    size_t low = 0;
    size_t high = n->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (n->list[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void search(const struct case_names *n, const struct match_locale *l,
                   struct case_search *s)
{
    const struct folded *part = &s->part;
    struct case_found *out = s->out;

    s->result = n->result;
    for (size_t i = first_of(n, part->hash);
         out->count < 2 && i < n->count && n->list[i].hash == part->hash; i++) {
        const char *name = n->text + n->list[i].at;
        struct folded f;

        fold(l, span_of(name), &f);
        if (f.len == part->len && memcmp(f.bytes, part->bytes, f.len) == 0)
            memcpy(out->count++ == 0 ? out->first : out->second, name, strlen(name) + 1);
    }
}

/* ---- Those that are remembered ---- */

void case_cache_init(struct case_cache *c)
{
    *c = (struct case_cache){ .first = NULL };
    pthread_mutex_init(&c->lock, NULL);
}

static void forget_names(struct case_cache *c, struct case_names **link)
{
    struct case_names *n = *link;

    *link = n->next;
    c->names -= n->count;
    c->directories--;
    names_free(n);
}

void case_cache_free(struct case_cache *c)
{
    while (c->first)
        forget_names(c, &c->first);
    if (c->letters.locale)
        match_locale_close(&c->letters);
    pthread_mutex_destroy(&c->lock);
}

static void put_first(struct case_cache *c, struct case_names *n)
{
    n->next = c->first;
    c->first = n;
}

/* What is known of the directory, in front from now on; NULL if it has changed since. */
static struct case_names *find_known(struct case_cache *c, const struct file_identity *id)
{
    struct case_names **link = &c->first;
    struct case_names *n = NULL;

    while (*link &&
           ((*link)->directory.ino != id->ino || (*link)->directory.dev != id->dev))
        link = &(*link)->next;
    n = *link;
    if (!n)
        return NULL;
    if (!identity_same(&n->directory, id)) {
        forget_names(c, link);
        return NULL;
    }
    *link = n->next;
    put_first(c, n);
    return n;
}

/* A file system that knows no times of directories has 0. */
static bool has_times(const struct file_identity *id)
{
    return id->mtime_s > 0 || id->ctime_s > 0;
}

/* A disk may be well again while the directory is as it was: a failure counts for a while. */
static bool is_answer(const struct case_names *n, kedge_nanos now)
{
    if (n->result.error != STORE_OK)
        return sub_sat(now, n->read_at) < CASE_CACHE_FAILED;
    return n->read_at - n->seen_at >= CASE_CACHE_SETTLED;
}

/* The last of the list go. */
static void make_cache_room(struct case_cache *c, size_t names)
{
    while (c->first && (c->directories == CASE_CACHE_DIRECTORIES ||
                        c->names > CASE_CACHE_NAMES - names)) {
        struct case_names **last = &c->first;

        while ((*last)->next)
            last = &(*last)->next;
        forget_names(c, last);
    }
}

/* In place of what was read before, or by another thread meanwhile. */
static void remember(struct case_cache *c, struct case_names *n)
{
    pthread_mutex_lock(&c->lock);
    if (find_known(c, &n->directory))
        forget_names(c, &c->first);
    make_cache_room(c, n->count);
    put_first(c, n);
    c->names += n->count;
    c->directories++;
    pthread_mutex_unlock(&c->lock);
}

/* False: it is to be read; seen_at is lowered to when it was seen first as it is. */
static bool search_known(struct case_cache *c, struct case_search *s)
{
    struct case_names *n = NULL;
    bool known = false;

    pthread_mutex_lock(&c->lock);
    n = find_known(c, &s->directory);
    known = n && is_answer(n, s->now);
    if (known)
        search(n, &c->letters, s);
    else
        c->reads++;
    if (n)
        s->seen_at = n->seen_at;
    pthread_mutex_unlock(&c->lock);
    return known;
}

static bool may_remember(const struct case_names *n)
{
    return n->directory.ino != 0 &&
           (has_times(&n->directory) || n->result.error != STORE_OK);
}

/* Read without the lock: a directory may hang. Takes fd. */
static void search_read(struct case_cache *c, int fd, struct case_search *s)
{
    struct case_names *read = read_names(&c->letters, fd);

    s->result = store_errno(ENOMEM);
    if (!read)
        return;
    read->directory = s->directory;
    read->seen_at = s->seen_at;
    read->read_at = s->now;
    search(read, &c->letters, s);
    if (may_remember(read))
        remember(c, read);
    else
        names_free(read);
}

struct store_result case_cache_find(struct case_cache *c, int directory,
                                    struct kedge_span part, kedge_nanos now,
                                    struct case_found *out)
{
    struct case_search s = { .now = now, .seen_at = now, .out = out };
    struct stat st;

    out->count = 0;
    fold(&c->letters, part, &s.part);
    if (fstat(directory, &st) == 0)
        s.directory = identity_of(&st);
    if (search_known(c, &s))
        close(directory);
    else
        search_read(c, directory, &s);
    return s.result;
}
