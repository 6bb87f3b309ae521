/* SPDX-License-Identifier: MIT */
/* One file that was looked up, and one that was checked. */
#include "serve/tftp/turn_memory.h"

#include <string.h>

void turn_memory_forget(struct turn_memory *m, kedge_nanos now)
{
    if (m->file)
        cache_release(m->file, now);
    m->file = NULL;
    m->checked = NULL;
}

struct cached_file *turn_memory_find(struct turn_memory *m, const struct turn_question *q)
{
    if (m->file && m->found_at == q->now && m->root == q->root &&
        m->generation == q->generation && strcmp(m->name.text, q->name->text) == 0) {
        cache_share(m->file);
        return m->file;
    }
    turn_memory_forget(m, q->now);
    m->file = cache_find(q->files, q->root, q->name);
    if (!m->file)
        return NULL;
    m->found_at = q->now;
    m->root = q->root;
    m->generation = q->generation;
    m->name = *q->name;
    cache_share(m->file);
    return m->file;
}

bool turn_memory_changed(struct turn_memory *m, const struct cached_file *file,
                         kedge_nanos now)
{
    if (m->checked != file || m->checked_at != now)
        m->changed = cache_changed(file);
    m->checked = file;
    m->checked_at = now;
    return m->changed;
}
