#include "cmd/printable.h"

#include "report/text.h"

struct shown shown(const char *text, size_t most)
{
    struct shown s = { { 0 } };
    struct writer w = { .ptr = (uint8_t *)s.text, .room = sizeof s.text - 1 };

    text_shown(&w, span_of(text), most);
    return s;
}
