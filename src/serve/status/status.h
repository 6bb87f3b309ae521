/* SPDX-License-Identifier: MIT */
/* What is shown of a server that runs, as plain data: figures since its start, what it has open,
 * what ended last. It knows no server: who fills it reads one (or makes one up, as tests do), and
 * who shows it (metrics.h, document.h) knows this only. */
#ifndef SERVE_STATUS_STATUS_H
#define SERVE_STATUS_STATUS_H

#include "base/bytes.h"
#include "net/address.h"

enum {
    STATUS_ROWS = 256,  /* transfers that are shown, of any number that are open */
    STATUS_RECENT = 32, /* ends that are shown */
    STATUS_WORDS = 64,  /* of one list */
    STATUS_NAME = 128,  /* bytes of a file's name */
    STATUS_VERDICT = 256,
    STATUS_ID = 32,
    STATUS_MAC = 18,
    STATUS_SLOTS = 60,
};
#define STATUS_SLOT (10 * KEDGE_SEC) /* sixty of them are ten minutes */

enum { STATUS_GETS, STATUS_PUTS, STATUS_DIRECTIONS };

static inline const char *status_direction(unsigned direction)
{
    return direction == STATUS_PUTS ? "put" : "get";
}

struct status_count {
    const char *word; /* lasts */
    uint64_t n;
};

struct status_list {
    size_t count;
    struct status_count at[STATUS_WORDS];
};

/* Since the start, but for `active`. */
struct status_figures {
    const char *version; /* lasts */
    kedge_nanos uptime;
    uint64_t active;       /* transfers now */
    uint64_t requests;     /* each once, however often it was repeated */
    uint64_t done, failed; /* ends and refusals; who fills it has the rule */
    uint64_t resent, duplicates;
    uint64_t bytes[STATUS_DIRECTIONS]; /* of transfers that ended */
    struct status_list outcomes[STATUS_DIRECTIONS];
    struct status_list refusals; /* by kind */
    struct status_list verdicts; /* by id */
    struct status_list dropped;  /* datagrams without an answer and a record, by kind */
};

/* An open transfer. */
struct status_row {
    char peer[NET_ADDRESS_TEXT];
    char mac[STATUS_MAC]; /* "": not known */
    bool writes;
    uint64_t bytes, size; /* size UINT64_MAX: not known */
    uint32_t blksize, windowsize;
    uint64_t resent, duplicates;
    kedge_nanos age, quiet;
    size_t name_len;
    uint8_t name[STATUS_NAME]; /* any bytes */
};

/* A transfer or request that is over. */
struct status_end {
    uint64_t time_ms;    /* wall clock */
    const char *event;   /* lasts */
    const char *outcome; /* lasts */
    bool failed;
    char peer[NET_ADDRESS_TEXT];
    uint64_t bytes;
    kedge_nanos took;           /* KEDGE_NEVER: not known */
    char verdict_id[STATUS_ID]; /* "": all is well */
    size_t verdict_len, name_len;
    uint8_t verdict[STATUS_VERDICT];
    uint8_t name[STATUS_NAME];
};

/* What ended within one slot of time. */
struct status_slot {
    uint64_t bytes;
    uint64_t ends;
};

struct status {
    struct status_figures figures;
    uint64_t time_ms; /* wall clock */
    unsigned shards;
    unsigned silent; /* of them; what they have open is not in rows */
    size_t row_count;
    struct status_row rows[STATUS_ROWS];
    size_t end_count;
    struct status_end ends[STATUS_RECENT]; /* the newest first */
    size_t slot_count;
    struct status_slot slots[STATUS_SLOTS]; /* the oldest first */
};

#endif
