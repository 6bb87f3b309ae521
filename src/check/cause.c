/* SPDX-License-Identifier: MIT */
/* Guesses at the cause of a wrong packet, for a learner: each is a mistake that was met in
 * programs again and again, and shows in the bytes. A sentence is given only where the
 * bytes are just as that mistake makes them. */
#include "check/private.h"

#include "base/number.h"
#include "kedge/tftp.h"

#include <string.h>

static uint16_t swapped(uint16_t v)
{
    return (uint16_t)(v << 8 | v >> 8);
}

static const char *cause_of_order(const char *pattern, struct kedge_span got)
{
    long want = check_match_number(pattern);
    uint16_t op = check_opcode(got), number = check_number(got);

    if (got.len >= 2 && op >= 0x0100 && op <= 0x0600 && (op & 0xff) == 0)
        return "you write the opcode in host order: convert it by htons()";
    if (got.len >= 4 && want > 0 && number != want && number == swapped((uint16_t)want))
        return "you compare or write the block number in host order: convert it by "
               "ntohs() "
               "and htons()";
    return NULL;
}

/* The value of tsize in a pattern, as text; empty if it wants none. */
static struct kedge_span wanted_size(const char *pattern)
{
    const char *at = strstr(pattern, "tsize=");
    struct kedge_span v = span_of(at ? at + strlen("tsize=") : "");

    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] == ' ' || v.ptr[i] == '|')
            v.len = i;
    return v;
}

static bool is_octal_of(struct kedge_span text, uint64_t size)
{
    uint64_t v = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '7' || v > UINT64_MAX / 8)
            return false;
        v = v * 8 + text.ptr[i] - '0';
    }
    return text.len > 0 && v == size;
}

static const char *cause_of_size(const char *pattern, struct kedge_span got)
{
    struct kedge_span list = { got.ptr + 2, got.len > 2 ? got.len - 2 : 0 }, value;
    uint64_t want = 0, v = 0;

    if (check_opcode(got) != KEDGE_TFTP_OACK ||
        !decimal(wanted_size(pattern), UINT64_MAX, &want) ||
        !check_option(list, "tsize", &value))
        return NULL;
    if (is_octal_of(value, want))
        return "you write the size in octal: print it by %llu, not %llo";
    if (decimal(value, UINT64_MAX, &v) && want > UINT32_MAX && v == (want & UINT32_MAX))
        return "you keep the size in 32 bits: use off_t or uint64_t, and print it by "
               "%llu";
    if (value.len > 0 && value.ptr[0] == '-')
        return "you keep the size in a signed 32-bit number: use off_t or uint64_t";
    return NULL;
}

static const char *cause_of_start(const char *pattern, struct kedge_span got)
{
    uint16_t op = check_opcode(got), number = check_number(got);

    if (strncmp(pattern, "DATA 1", 6) == 0 && op == KEDGE_TFTP_DATA && number == 0)
        return "you count blocks from 0: the first DATA is block 1";
    if (strncmp(pattern, "ACK 0", 5) == 0 && op == KEDGE_TFTP_ACK && number == 1)
        return "you acknowledge a WRQ with block 1: it is block 0";
    if (strncmp(pattern, "ACK 0", 5) == 0 && op == KEDGE_TFTP_DATA)
        return "you answer a WRQ as though it were an RRQ: look at the opcode";
    if (strcmp(pattern, "repeat") == 0 && op == KEDGE_TFTP_ACK && number == 0)
        return "you repeat a lost OACK as ACK 0: repeat the OACK itself";
    return NULL;
}

/* A packet of the past, or none that fits, and the peer gives up. */
static const char *cause_of_end(const struct check_play *p, struct kedge_span got)
{
    const struct check_packet *before = NULL;

    for (uint32_t i = 1; i < CHECK_LOG && i < p->logged && !before; i++)
        if (p->log[(p->logged - 1 - i) % CHECK_LOG].sent)
            before = &p->log[(p->logged - 1 - i) % CHECK_LOG];
    if (check_opcode(got) != KEDGE_TFTP_ERROR || !before)
        return NULL;
    if (before->head[1] == KEDGE_TFTP_ACK || before->head[1] == KEDGE_TFTP_DATA)
        return "you end the transfer at a packet that was only late or came twice: "
               "networks "
               "do that, so ignore it and go on";
    return NULL;
}

const char *cause_of_packet(const struct check_play *p, const char *pattern,
                            struct kedge_span got)
{
    const char *cause = cause_of_order(pattern, got);

    if (!cause)
        cause = cause_of_start(pattern, got);
    if (!cause)
        cause = cause_of_size(pattern, got);
    if (!cause && !step_of(p)->lesson && p->at > 1)
        cause = cause_of_end(p, got);
    return cause;
}

static bool all_are(const uint8_t *bytes, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != value)
            return false;
    return len > 0;
}

/* Whether these are the bytes of another place, as many blocks away. */
static bool is_block_at(const struct check_side *s, struct kedge_span got, int64_t blocks)
{
    uint8_t other[512];
    int64_t at = (int64_t)s->done + blocks * (int64_t)s->blksize;
    size_t len;

    if (at < 0 || got.len < 8)
        return false;
    len = check_file_bytes(&s->file, s->netascii, (uint64_t)at, other,
                           min_u64(got.len, sizeof other));
    return len >= 8 && memcmp(other, got.ptr, len) == 0;
}

static const char *cause_of_length(const struct check_side *s, struct kedge_span got,
                                   const uint8_t *want, size_t want_len)
{
    if (got.len > want_len && memcmp(got.ptr, want, want_len) == 0)
        return all_are(got.ptr + want_len, got.len - want_len, 0)
                   ? "you send the whole buffer, filled up with zeros: send only the "
                     "bytes "
                     "that read() returned"
                   : "you send more bytes than read() returned: what was in the buffer "
                     "before goes with them";
    if (got.len < want_len && memcmp(got.ptr, want, got.len) == 0) {
        if (want[got.len] == 0)
            return "the block ends at its first zero byte: you use strlen() on data; "
                   "keep "
                   "the count that read() returned";
        if (got.len < s->blksize && want_len == s->blksize)
            return "the block is shorter than it has to be: read() may return less than "
                   "you "
                   "ask, so read until the block is full";
    }
    return NULL;
}

const char *cause_of_bytes(const struct check_side *s, struct kedge_span got,
                           const uint8_t *want, size_t want_len)
{
    size_t same = 0, most = min_u64(got.len, want_len);

    if (want_len > 0 && got.len > 0)
        while (same < most && got.ptr[same] == want[same])
            same++;
    if (same == most)
        return cause_of_length(s, got, want, want_len);
    if (same + 1 < got.len && got.ptr[same] == '\r' && want[same] == '\n')
        return "line ends are changed: send octet as it is, and open files in binary "
               "mode";
    if (is_block_at(s, got, 1) || is_block_at(s, got, -1))
        return "these are the bytes of the block beside it: block N begins at byte "
               "(N - 1) * blksize of the file";
    return NULL;
}

const char *cause_of_silence(const struct check_play *p)
{
    if (p->to_old_port)
        return "the server's new port is not learnt: it answers from a port of its own, "
               "and "
               "what follows the request goes there";
    switch (step_of(p)->what) {
    case CHECK_REPEAT:
        return step_of(p)->lesson
                   ? NULL
                   : "nothing is sent again: keep the last packet, and send "
                     "it once more when no answer comes in time";
    case CHECK_ALIVE:
        return "the program no longer answers: it crashed or waits for ever after the "
               "packet "
               "before";
    default:
        return NULL;
    }
}
