/* SPDX-License-Identifier: MIT */
/* The proof of src/policy/path.c. */
/* With: base/bytes.c base/number.c */
#include "policy/path.c"

#include "proof.h"

enum { NAME = 6, ROOM = 7 };

void prove_part(void)
{
    ANY_SPAN(left, NAME);
    bool slash;
    struct kedge_span part = path_part(&left, any_bool(), &slash);

    readable(part);
    readable(left);
    (void)path_is_dot(part);
    (void)path_is_up(part);
}

void prove_put(void)
{
    ANY_SPAN(name, NAME);
    EACH(room, ROOM);
    ANY_BYTES(bytes, room);
    struct writer w = { .ptr = bytes, .room = room };

    path_put(&w, (enum path_form)any_from_to(PATH_AS_IS, PATH_FLAT), name);
    //@ assert within: w.len <= w.room;
    readable(written(&w));
}

void prove_validate(void)
{
    ANY_SPAN(name, NAME);
    ANY_SPAN(dir, 3);
    struct path_rules rules = { .validate = any_bool(), .dirs = &dir, .dir_count = 1 };
    enum path_fault fault = path_validate(&rules, name);
    const char *text = path_fault_text(fault);

    //@ assert some: \valid_read(text);
}
