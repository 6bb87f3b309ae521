/* SPDX-License-Identifier: MIT */
/* The table of verdicts: a row each, an id and what must hold of the facts. */
#include "tftp/verdict.h"

#include "base/number.h"
#include "tftp/patience.h"
#include "tftp/table.h"

typedef bool (*holds_fn)(const struct verdict_facts *f);

/* So long after its last progress a peer speaks by its own timer: sooner, it may be a copy. */
static const kedge_nanos by_timer = KEDGE_SEC;

/* Where 16 bits of block numbers end, signed and unsigned. */
enum { WRAP = 65536, WRAP_SIGNED = 32768 };

enum { FEW_BLOCKS = 8, MTU_REPEATS = 2, STRANGE_MANY = 3 };

static bool is_upload(const struct verdict_facts *f)
{
    return f->op == KEDGE_TFTP_WRQ;
}

static bool timed_out(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_TIMEOUT;
}

/* The client or the silence ended it, before all was through. */
static bool broke_off(const struct verdict_facts *f)
{
    return timed_out(f) || f->outcome == KEDGE_TFTP_ABORTED ||
           f->outcome == KEDGE_TFTP_GONE || f->outcome == KEDGE_TFTP_REPLACED;
}

static bool unheard(const struct verdict_facts *f)
{
    return timed_out(f) && !f->validated;
}

static bool fell_silent(const struct verdict_facts *f)
{
    return timed_out(f) && f->validated;
}

static bool by_error(const struct verdict_facts *f, uint16_t code)
{
    return f->outcome == KEDGE_TFTP_ABORTED && f->code == code;
}

static bool upload_refused(const struct verdict_facts *f)
{
    return f->fault == FAULT_POLICY && is_upload(f);
}

static bool no_directory(const struct verdict_facts *f)
{
    return f->fault == FAULT_NOT_FOUND && is_upload(f);
}

static bool gave_way(const struct verdict_facts *f)
{
    return f->displaced;
}

static bool size_probe(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_PROBE;
}

/* The receiver itself ends an upload by that ERROR for no other reason. */
static bool blocks_from_zero(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_FAILED && is_upload(f) &&
           f->code == KEDGE_TFTP_ILLEGAL;
}

static bool at_the_wrap(const struct verdict_facts *f)
{
    return broke_off(f) && (f->block == WRAP || f->block == WRAP_SIGNED);
}

/* The reply to its options came back, and the first block of more than the usual size did not
 * get there, however often. */
static bool block_too_large(const struct verdict_facts *f)
{
    return broke_off(f) && !is_upload(f) && f->validated && f->block == 1 &&
           f->last > 1 && f->blksize > KEDGE_TFTP_BLKSIZE_DEFAULT &&
           f->repeats >= MTU_REPEATS;
}

/* Who is gone says so itself. Who has read as much as it wants (GRUB, PXELINUX) closes by
 * ERROR 0, and does so at the same block each time. */
static bool stopped_twice(const struct verdict_facts *f)
{
    return broke_off(f) && f->outcome != KEDGE_TFTP_GONE && !by_error(f, 0) &&
           f->stopped_before;
}

static bool options_refused(const struct verdict_facts *f)
{
    return by_error(f, KEDGE_TFTP_BAD_OPTION) && f->granted && f->block <= 1;
}

static bool unknown_transfer(const struct verdict_facts *f)
{
    return by_error(f, KEDGE_TFTP_UNKNOWN_TID);
}

static bool client_full(const struct verdict_facts *f)
{
    return by_error(f, KEDGE_TFTP_FULL);
}

static bool client_aborted(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_ABORTED;
}

static bool client_restarted(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_REPLACED && f->validated;
}

static bool options_abandoned(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_REPLACED && f->answers > 0 && f->granted;
}

static bool request_abandoned(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_REPLACED;
}

static bool port_rejected(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_GONE && f->icmp == ICMP_SAYS_REJECTED;
}

/* Nothing was heard of it: behind a NAT it is that which says so, of an answer from a port that
 * was not asked. */
static bool answer_refused(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_GONE && f->icmp == ICMP_SAYS_CLOSED &&
           f->answers > 0 && !f->validated;
}

static bool client_gone(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_GONE && f->icmp == ICMP_SAYS_CLOSED;
}

static bool prohibited(const struct verdict_facts *f)
{
    return timed_out(f) && f->icmp == ICMP_SAYS_PROHIBITED;
}

static bool hop_limit(const struct verdict_facts *f)
{
    return timed_out(f) && f->icmp == ICMP_SAYS_EXPIRED;
}

static bool unreachable(const struct verdict_facts *f)
{
    return timed_out(f) && f->icmp == ICMP_SAYS_UNREACHABLE;
}

static bool not_understood(const struct verdict_facts *f)
{
    return unheard(f) ? f->strange > 0 : timed_out(f) && f->strange >= STRANGE_MANY;
}

static bool wrong_port(const struct verdict_facts *f)
{
    return unheard(f) && f->elsewhere > 0;
}

/* Who asks again has not heard the answer. */
static bool data_port_silent(const struct verdict_facts *f)
{
    return unheard(f) && f->requests > 1 && f->from == TFTP_FROM_DATA;
}

static bool options_unanswered(const struct verdict_facts *f)
{
    return unheard(f) && f->requests > 1 && f->granted;
}

static bool both_ports_silent(const struct verdict_facts *f)
{
    return unheard(f) && f->requests > 1 && f->from == TFTP_FROM_EITHER;
}

static bool answers_lost(const struct verdict_facts *f)
{
    return unheard(f) && f->requests > 1;
}

static bool no_answer(const struct verdict_facts *f)
{
    return unheard(f) && f->answers > 0;
}

static bool block_not_heard(const struct verdict_facts *f)
{
    return fell_silent(f) && !is_upload(f) && f->spoke >= by_timer && f->duplicates > 0;
}

static bool acks_not_heard(const struct verdict_facts *f)
{
    return fell_silent(f) && is_upload(f) && f->spoke >= by_timer && f->duplicates > 0;
}

static bool client_silent(const struct verdict_facts *f)
{
    return fell_silent(f) && !is_upload(f);
}

static bool last_ack_missing(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_UNCONFIRMED;
}

static bool own_firewall(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_OK && f->barred;
}

static bool data_port_blocked(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_OK && f->moved && f->from == TFTP_FROM_REQUEST;
}

/* Half of what came, came twice, and that is not for what left twice: but for the first answer,
 * to a request that came twice too. */
static bool packets_doubled(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_OK && f->blocks >= FEW_BLOCKS &&
           f->duplicates >= f->blocks / 2 && f->resent <= (f->requests > 1);
}

static bool packets_lost(const struct verdict_facts *f)
{
    return f->outcome == KEDGE_TFTP_OK && !is_upload(f) && f->resent >= FEW_BLOCKS &&
           f->resent >= f->blocks / 10;
}

/* A row holds where the fault is its own, or where its function says so. */
static const struct {
    const char *id;
    enum verdict_fault fault;
    holds_fn holds;
} rows[VERDICTS] = {
    [VERDICT_NONE] = { .id = "-" },
    [VERDICT_MALFORMED_REQUEST] = { "malformed-request", .fault = FAULT_MALFORMED },
    [VERDICT_UNKNOWN_MODE] = { "unknown-mode", .fault = FAULT_MODE },
    [VERDICT_SERVER_STOPPING] = { "server-stopping", .fault = FAULT_STOPPING },
    [VERDICT_UPLOADS_REFUSED] = { "uploads-refused", .holds = upload_refused },
    [VERDICT_POLICY_REFUSED] = { "policy-refused", .fault = FAULT_POLICY },
    [VERDICT_NO_DIRECTORY] = { "no-directory", .holds = no_directory },
    [VERDICT_FILE_NOT_FOUND] = { "file-not-found", .fault = FAULT_NOT_FOUND },
    [VERDICT_BAD_NAME] = { "bad-name", .fault = FAULT_BAD_NAME },
    [VERDICT_NOT_PERMITTED] = { "not-permitted", .fault = FAULT_DENIED },
    [VERDICT_FILE_EXISTS] = { "file-exists", .fault = FAULT_EXISTS },
    [VERDICT_DISK_FULL] = { "disk-full", .fault = FAULT_DISK_FULL },
    [VERDICT_TOO_LARGE] = { "too-large", .fault = FAULT_TOO_LARGE },
    [VERDICT_WRONG_SIZE] = { "wrong-size", .fault = FAULT_WRONG_SIZE },
    [VERDICT_FILE_CHANGED] = { "file-changed", .fault = FAULT_CHANGED },
    [VERDICT_SERVER_BUSY] = { "server-busy", .fault = FAULT_BUSY },
    [VERDICT_ROOT_GONE] = { "root-gone", .fault = FAULT_GONE },
    [VERDICT_STORAGE_FAILED] = { "storage-failed", .fault = FAULT_STORAGE },
    [VERDICT_TABLE_FULL] = { "table-full", .holds = gave_way },
    [VERDICT_SIZE_PROBE] = { "size-probe", .holds = size_probe },
    [VERDICT_BLOCKS_FROM_ZERO] = { "blocks-from-zero", .holds = blocks_from_zero },
    [VERDICT_BLOCK_NUMBER_WRAP] = { "block-number-wrap", .holds = at_the_wrap },
    [VERDICT_PATH_MTU] = { "path-mtu", .holds = block_too_large },
    [VERDICT_OPTIONS_REFUSED] = { "options-refused", .holds = options_refused },
    [VERDICT_UNKNOWN_TRANSFER] = { "unknown-transfer", .holds = unknown_transfer },
    [VERDICT_CLIENT_FULL] = { "client-full", .holds = client_full },
    [VERDICT_STOPPED_TWICE] = { "stopped-twice", .holds = stopped_twice },
    [VERDICT_CLIENT_ABORTED] = { "client-aborted", .holds = client_aborted },
    [VERDICT_CLIENT_RESTARTED] = { "client-restarted", .holds = client_restarted },
    [VERDICT_OPTIONS_ABANDONED] = { "options-abandoned", .holds = options_abandoned },
    [VERDICT_REQUEST_ABANDONED] = { "request-abandoned", .holds = request_abandoned },
    [VERDICT_PORT_REJECTED] = { "port-rejected", .holds = port_rejected },
    [VERDICT_ANSWER_REFUSED] = { "answer-refused", .holds = answer_refused },
    [VERDICT_CLIENT_GONE] = { "client-gone", .holds = client_gone },
    [VERDICT_PROHIBITED] = { "prohibited", .holds = prohibited },
    [VERDICT_HOP_LIMIT] = { "hop-limit", .holds = hop_limit },
    [VERDICT_UNREACHABLE] = { "unreachable", .holds = unreachable },
    [VERDICT_NOT_UNDERSTOOD] = { "not-understood", .holds = not_understood },
    [VERDICT_WRONG_PORT] = { "wrong-port", .holds = wrong_port },
    [VERDICT_DATA_PORT_SILENT] = { "data-port-silent", .holds = data_port_silent },
    [VERDICT_OPTIONS_UNANSWERED] = { "options-unanswered", .holds = options_unanswered },
    [VERDICT_BOTH_PORTS_SILENT] = { "both-ports-silent", .holds = both_ports_silent },
    [VERDICT_ANSWERS_LOST] = { "answers-lost", .holds = answers_lost },
    [VERDICT_NO_ANSWER] = { "no-answer", .holds = no_answer },
    [VERDICT_BLOCK_NOT_HEARD] = { "block-not-heard", .holds = block_not_heard },
    [VERDICT_ACKS_NOT_HEARD] = { "acks-not-heard", .holds = acks_not_heard },
    [VERDICT_CLIENT_SILENT] = { "client-silent", .holds = client_silent },
    [VERDICT_UPLOAD_SILENT] = { "upload-silent", .holds = fell_silent },
    [VERDICT_LAST_ACK_MISSING] = { "last-ack-missing", .holds = last_ack_missing },
    [VERDICT_OWN_FIREWALL] = { "own-firewall", .holds = own_firewall },
    [VERDICT_DATA_PORT_BLOCKED] = { "data-port-blocked", .holds = data_port_blocked },
    [VERDICT_PACKETS_DOUBLED] = { "packets-doubled", .holds = packets_doubled },
    [VERDICT_PACKETS_LOST] = { "packets-lost", .holds = packets_lost },
    [VERDICT_UNKNOWN] = { .id = "unknown" },
};

static bool row_holds(size_t row, const struct verdict_facts *f)
{
    if (rows[row].holds)
        return rows[row].holds(f);
    return rows[row].fault == f->fault;
}

/* Most transfers end well: they are asked the last rows only. */
enum verdict verdict_of(const struct verdict_facts *f)
{
    bool well = f->outcome == KEDGE_TFTP_OK;
    size_t first = well ? VERDICT_OWN_FIREWALL : VERDICT_NONE + 1;

    for (size_t row = first; row < VERDICT_UNKNOWN; row++)
        if (row_holds(row, f))
            return (enum verdict)row;
    return well ? VERDICT_NONE : VERDICT_UNKNOWN;
}

const char *verdict_id(enum verdict v)
{
    KEDGE_ASSERT(v < VERDICTS);
    return rows[v].id;
}

/* Since the last new block; give_up is that much after it. */
static kedge_nanos spoke_after(const struct tftp_session *s,
                               const struct kedge_tftp_terms *terms, kedge_nanos give_up)
{
    return sub_sat(s->progress_at, sub_sat(give_up, patience(terms)));
}

static void take_half(const struct kedge_tftp_half *h, struct verdict_facts *out)
{
    out->validated = h->validated;
    out->blksize = h->terms.blksize;
    out->block = h->base;
    out->resent = h->resent;
    out->duplicates = h->duplicates;
    out->code = h->code;
}

static void take_sender(const struct tftp_session *s, struct verdict_facts *out)
{
    const struct kedge_tftp_sender *m = &s->machine.sender;
    uint64_t first = s->granted.has ? 0 : 1;

    out->answers = sub_sat(m->top, first) + m->half.resent;
    out->last = m->last;
    out->blocks = sub_sat(m->top, 1);
    out->repeats = m->rewinds;
    out->spoke = spoke_after(s, &m->half.terms, m->half.give_up);
}

static void take_receiver(const struct tftp_session *s, struct verdict_facts *out)
{
    const struct kedge_tftp_receiver *m = &s->machine.receiver;

    out->answers = 1 + s->repeats + m->half.resent;
    out->blocks = sub_sat(m->half.base, 1);
    out->repeats = m->quiet;
    out->spoke = m->half.base > 1 ? sub_sat(s->progress_at, m->taken_at) : 0;
}

void verdict_facts_of(const struct tftp_sessions *t, const struct tftp_session *s,
                      struct verdict_facts *out)
{
    *out = (struct verdict_facts){ .op = s->op,
                                   .outcome = tftp_session_outcome(s),
                                   .from = t->limits.single_port ? TFTP_FROM_REQUEST
                                                                 : s->from,
                                   .moved = s->moved,
                                   .barred = s->barred,
                                   .displaced = s->displaced,
                                   .requests = 1 + (uint64_t)s->repeats,
                                   .last = UINT64_MAX,
                                   .strange = s->strange,
                                   .elsewhere = s->elsewhere };
    if (s->state != TFTP_LIVE)
        return;
    out->granted = s->granted.has;
    take_half(&s->machine.half, out);
    if (s->machine.sends)
        take_sender(s, out);
    else
        take_receiver(s, out);
}

bool verdict_stopped_again(struct verdict_stops *stops, const struct tftp_sessions *t,
                           const struct tftp_session *s, uint64_t block)
{
    struct kedge_span ip = { s->peer.ip, sizeof s->peer.ip };
    uint64_t who = hash_bytes(t->limits.key ^ s->peer.scope, ip) ^ s->file;
    size_t place = who % VERDICT_STOPS;
    bool again = stops->at[place].who == who && stops->at[place].block == block;

    stops->at[place].who = who;
    stops->at[place].block = block;
    return again;
}
