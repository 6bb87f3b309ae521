#include "cmd/verbs.h"

#include <string.h>

#define VERB_ADDRESS(name) &verb_##name,
static const struct verb *const verbs[] = { VERB_LIST(VERB_ADDRESS) };
#undef VERB_ADDRESS

const struct verb *verb_at(size_t i)
{
    return i < sizeof verbs / sizeof *verbs ? verbs[i] : NULL;
}

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; verb_at(i); i++)
        if (strcmp(verb_at(i)->name, name) == 0)
            return verb_at(i);
    return NULL;
}
