/* SPDX-License-Identifier: MIT */
/* The words that scripts are written in: one macro a step (check/check.h says what each
 * does). Only files of rows include this. */
#ifndef CHECK_STEPS_H
#define CHECK_STEPS_H

#include "check/check.h"

#define MS(n) ((n)*KEDGE_MSEC)

/* Each first argument is the value of the field that is written last: fields may follow. */
#define RRQ(...)                                                                         \
    {                                                                                    \
        .what = CHECK_RRQ, .text = __VA_ARGS__                                           \
    }
#define WRQ(...)                                                                         \
    {                                                                                    \
        .what = CHECK_WRQ, .size = __VA_ARGS__                                           \
    }
#define RAW(bytes)                                                                       \
    {                                                                                    \
        .what = CHECK_RAW, .text = (bytes), .size = sizeof(bytes) - 1                    \
    }
#define RAW_FROM(from, bytes)                                                            \
    {                                                                                    \
        .what = CHECK_RAW, .side = (from), .text = (bytes), .size = sizeof(bytes) - 1    \
    }
#define AGAIN(...)                                                                       \
    {                                                                                    \
        .what = CHECK_AGAIN, __VA_ARGS__                                                 \
    }
#define ACK(...)                                                                         \
    {                                                                                    \
        .what = CHECK_ACK, .number = __VA_ARGS__                                         \
    }
#define LONG_ACK(n)                                                                      \
    {                                                                                    \
        .what = CHECK_LONG_ACK, .number = (n)                                            \
    }
#define DATA(...)                                                                        \
    {                                                                                    \
        .what = CHECK_DATA, .size = CHECK_BLOCK, .number = __VA_ARGS__                   \
    }
#define SHORT_DATA(n, bytes)                                                             \
    {                                                                                    \
        .what = CHECK_DATA, .number = (n), .size = (bytes)                               \
    }
#define ERROR(code, ...)                                                                 \
    {                                                                                    \
        .what = CHECK_ERROR, .number = (code), .text = __VA_ARGS__                       \
    }
#define OACK(...)                                                                        \
    {                                                                                    \
        .what = CHECK_OACK, .options = __VA_ARGS__                                       \
    }
#define STRAY(from, kind, n)                                                             \
    {                                                                                    \
        .what = CHECK_STRAY, .size = (from), .text = (kind), .number = (n)               \
    }

#define EXPECT(...)                                                                      \
    {                                                                                    \
        .what = CHECK_EXPECT, .text = __VA_ARGS__                                        \
    }
#define OFFERS(list)                                                                     \
    {                                                                                    \
        .what = CHECK_OFFERS, .text = (list)                                             \
    }
#define QUIET(...)                                                                       \
    {                                                                                    \
        .what = CHECK_QUIET, .time = __VA_ARGS__                                         \
    }
#define REPEAT(...)                                                                      \
    {                                                                                    \
        .what = CHECK_REPEAT, __VA_ARGS__                                                \
    }
#define PAUSE(...)                                                                       \
    {                                                                                    \
        .what = CHECK_PAUSE, .time = __VA_ARGS__                                         \
    }
#define BLOCKS(first, ...)                                                               \
    {                                                                                    \
        .what = CHECK_BLOCKS, .number = (first), .size = __VA_ARGS__                     \
    }
#define READ(...)                                                                        \
    {                                                                                    \
        .what = CHECK_READ, __VA_ARGS__                                                  \
    }
#define WRITE(...)                                                                       \
    {                                                                                    \
        .what = CHECK_WRITE, __VA_ARGS__                                                 \
    }
#define FEWER(most, ...)                                                                 \
    {                                                                                    \
        .what = CHECK_FEWER, .size = (most), .time = __VA_ARGS__                         \
    }
#define NEVER(...)                                                                       \
    {                                                                                    \
        .what = CHECK_NEVER, .text = __VA_ARGS__                                         \
    }
#define ALIVE()                                                                          \
    {                                                                                    \
        .what = CHECK_ALIVE, .side = CHECK_SIDES - 1                                     \
    }
/* What was stored, a moment after its last ACK: no RFC says that it is there before. */
#define READ_BACK(on)                                                                    \
    { .what = CHECK_PAUSE, .time = MS(400) },                                            \
        { .what = CHECK_RRQ, .text = "put", .side = (on) },                              \
    {                                                                                    \
        .what = CHECK_READ, .side = (on)                                                 \
    }
#define STEP(...)                                                                        \
    {                                                                                    \
        .what = __VA_ARGS__                                                              \
    }

#endif
