/* SPDX-License-Identifier: MIT */
/* When each of a few subjects was said last. */
#include "serve/tftp/seldom.h"

#include "base/number.h"

void seldom_init(struct seldom *s)
{
    *s = (struct seldom){ .subjects = { { NULL, 0, 0 } } };
    pthread_mutex_init(&s->lock, NULL);
}

void seldom_free(struct seldom *s)
{
    pthread_mutex_destroy(&s->lock);
}

static bool is_old(const struct seldom_subject *one, kedge_nanos now)
{
    return !one->what || sub_sat(now, one->said) >= SELDOM_EVERY;
}

/* Its own entry, else one that is free or old; NULL: all are new. */
static struct seldom_subject *find_subject(struct seldom *s, const void *what,
                                           uint64_t version, kedge_nanos now)
{
    struct seldom_subject *unused = NULL;

    for (size_t i = 0; i < SELDOM_SUBJECTS; i++) {
        if (s->subjects[i].what == what && s->subjects[i].version == version)
            return &s->subjects[i];
        if (!unused && is_old(&s->subjects[i], now))
            unused = &s->subjects[i];
    }
    return unused;
}

bool seldom_may_say(struct seldom *s, const void *what, uint64_t version, kedge_nanos now)
{
    struct seldom_subject *one = NULL;
    bool may = false;

    pthread_mutex_lock(&s->lock);
    one = find_subject(s, what, version, now);
    may = one && is_old(one, now);
    if (may)
        *one = (struct seldom_subject){ what, version, now };
    pthread_mutex_unlock(&s->lock);
    return may;
}
