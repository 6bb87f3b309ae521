/* SPDX-License-Identifier: MIT */
/* Scenarios: why a transfer ended as it did. Each verdict has a scene that makes it, and a twin
 * without the fault that must not get it, and gets another or none. */
#include "scenes.h"

#include "serving.h"

#define RRQ LITERAL("\0\1image\0octet\0")
#define WRQ LITERAL("\0\2image\0octet\0")
#define SIZED LITERAL("\0\1image\0octet\0tsize\0000\0")
#define LARGE LITERAL("\0\1image\0octet\0blksize\0001468\0")
#define ERROR_OF(code) LITERAL("\0\5\0" code "\0")
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct traits patient = { .name = "client",
                                       .older = ACK_LAST_ONCE,
                                       .ahead = ACK_LAST_ONCE,
                                       .probe = -1,
                                       .asks_every = MS(3000),
                                       .waits = MS(2000),
                                       .tries = 5 };

static struct actor *get(struct scene *s, struct kedge_span request)
{
    return scene_get(s, &patient, request, 20000);
}

static struct actor *talk(struct scene *s, const struct talk *talks, size_t count,
                          uint64_t size)
{
    struct talker *t = &s->talker[s->used++];

    *t = (struct talker){ .talks = talks, .count = (unsigned)count };
    return talker_add(s->w, t, size);
}

/* ---- What the server itself says ------------------------------------------------------ */

static void the_store_refuses(struct scene *s)
{
    struct actor *a = get(s, RRQ);

    a->file.refuse = s->fault ? KEDGE_TFTP_ACCESS : -1;
    a->file.fault = (enum verdict_fault)s->detail;
    world_run(s->w);
}

static struct actor *put(struct scene *s)
{
    return scene_put(s, &patient, WRQ, 3000);
}

static void the_store_refuses_an_upload(struct scene *s)
{
    struct actor *a = put(s);

    a->file.refuse = s->fault ? KEDGE_TFTP_ACCESS : -1;
    a->file.fault = (enum verdict_fault)s->detail;
    world_run(s->w);
}

static void the_store_does_not_keep_it(struct scene *s)
{
    struct actor *a = put(s);

    a->file.commit_fails = s->fault;
    a->file.fault = (enum verdict_fault)s->detail;
    world_run(s->w);
}

static void the_disk_is_full(struct scene *s)
{
    put(s)->file.full_at = s->fault ? 1000 : UINT64_MAX;
    world_run(s->w);
}

static void the_file_is_altered(struct scene *s)
{
    get(s, RRQ)->file.altered = s->fault;
    world_run(s->w);
}

static void the_request_has_no_end(struct scene *s)
{
    (void)get(s, s->fault ? LITERAL("\0\1image\0oct") : RRQ);
    world_run(s->w);
}

static void the_mode_is_mail(struct scene *s)
{
    (void)get(s, s->fault ? LITERAL("\0\1image\0mail\0") : RRQ);
    world_run(s->w);
}

/* One place, and somebody of another network. */
static void the_table_is_full(struct scene *s)
{
    const struct talk once[] = { { .bytes = RRQ } };
    const struct talk later[] = { { .after = MS(20000), .bytes = RRQ } };

    (void)talk(s, once, COUNT(once), 20000);
    if (s->fault)
        talk(s, later, COUNT(later), 20000)->address = 77;
    world_run(s->w);
}

/* ---- What the client says ------------------------------------------------------------- */

/* The first answer, or a block, is met by an ERROR. */
static void it_ends_by(struct scene *s, struct kedge_span request,
                       struct kedge_span error)
{
    const struct talk talks[] = { { .bytes = request },
                                  { TELL, MS(10), .bytes = error } };

    (void)talk(s, talks, COUNT(talks), 20000);
    world_run(s->w);
}

static void it_asks_for_the_size(struct scene *s)
{
    it_ends_by(s, s->fault ? SIZED : LARGE, ERROR_OF("\10"));
}

static void it_refuses_options(struct scene *s)
{
    it_ends_by(s, s->fault ? LARGE : RRQ, ERROR_OF("\10"));
}

static void it_knows_another_transfer(struct scene *s)
{
    it_ends_by(s, RRQ, s->fault ? ERROR_OF("\5") : ERROR_OF("\0"));
}

static void it_has_no_room(struct scene *s)
{
    it_ends_by(s, RRQ, s->fault ? ERROR_OF("\3") : ERROR_OF("\0"));
}

static void it_aborts(struct scene *s)
{
    const struct talk talks[] = {
        { .bytes = RRQ },
        { TELL_ACKS, MS(10), .first = 1, .last = 1 },
        { s->fault ? TELL : TELL_ACKS, MS(10), ERROR_OF("\1"), .first = 2, .last = 2 },
    };

    (void)talk(s, talks, COUNT(talks), 600);
    world_run(s->w);
}

static void it_counts_from_0(struct scene *s)
{
    const struct talk talks[] = {
        { .bytes = WRQ },
        { TELL_BLOCKS, MS(10), .first = !s->fault, .last = 6 },
    };

    (void)talk(s, talks, COUNT(talks), 3000);
    world_run(s->w);
}

static void it_asks_anew(struct scene *s, struct kedge_span request, uint64_t acks)
{
    const struct talk talks[] = {
        { .bytes = request },
        { acks ? TELL_ACKS : TELL_REQUEST, MS(10), request, .first = 1, .last = acks },
        { TELL_REQUEST, MS(1000), .bytes = LITERAL("\0\1other\0octet\0") },
    };

    (void)talk(s, talks, COUNT(talks), 20000);
    world_run(s->w);
}

static void it_restarts(struct scene *s)
{
    it_asks_anew(s, RRQ, s->fault ? 5 : 0);
}

static void it_gives_options_up(struct scene *s)
{
    it_asks_anew(s, s->fault ? LARGE : RRQ, 0);
}

static void it_wants_another_file(struct scene *s)
{
    it_asks_anew(s, RRQ, s->fault ? 0 : 5);
}

static void it_speaks_another_language(struct scene *s)
{
    const struct talk talks[] = { { .bytes = RRQ },
                                  { TELL, MS(10), .bytes = LITERAL("\0\11what") } };

    (void)talk(s, talks, s->fault ? 2 : 1, 20000);
    world_run(s->w);
}

static void it_answers_another_port(struct scene *s)
{
    const struct talk talks[] = { { .bytes = RRQ },
                                  { TELL_OTHER, MS(10), .bytes = LITERAL("\0\4\0\1") } };

    (void)talk(s, talks, s->fault ? 2 : 1, 20000);
    world_run(s->w);
}

/* ---- Where it fell silent -------------------------------------------------------------- */

static void it_acknowledges(struct scene *s, uint64_t blocks, uint64_t of)
{
    const struct talk talks[] = { { .bytes = RRQ },
                                  { TELL_ACKS, MS(10), .first = 1, .last = blocks } };

    (void)talk(s, talks, blocks ? 2 : 1, (of - 1) * 512 + 100);
    world_run(s->w);
}

static void it_stops_at_the_wrap(struct scene *s)
{
    it_acknowledges(s, s->fault ? 65535 : 65534, 70000);
}

static void it_stops_at_the_signed_wrap(struct scene *s)
{
    it_acknowledges(s, s->fault ? 32767 : 32766, 70000);
}

static void it_falls_silent(struct scene *s)
{
    it_acknowledges(s, s->fault ? 19 : 40, 40);
}

static void it_never_says_a_word(struct scene *s)
{
    it_acknowledges(s, s->fault ? 0 : 40, 40);
}

static void its_upload_falls_silent(struct scene *s)
{
    const struct talk talks[] = {
        { .bytes = WRQ },
        { TELL_BLOCKS, MS(10), .first = 1, .last = s->fault ? 3 : 6 },
    };

    (void)talk(s, talks, COUNT(talks), 3000);
    world_run(s->w);
}

/* Twice at one block; or at one and at the next. */
static void it_stops_twice(struct scene *s)
{
    const struct talk talks[] = {
        { .bytes = RRQ },
        { TELL_ACKS, MS(10), .first = 1, .last = 8 },
        { .kind = TAKE_PORT, .after = MS(60000) },
        { .bytes = RRQ },
        { TELL_ACKS, MS(10), .first = 1, .last = s->fault ? 8 : 9 },
    };

    (void)talk(s, talks, COUNT(talks), 20000);
    world_run(s->w);
}

static void it_keeps_its_last_ack(struct scene *s)
{
    struct traits traits = patient;

    traits.keeps_quiet = s->fault;
    (void)scene_get(s, &traits, RRQ, 20000);
    world_run(s->w);
}

/* ---- What the network does ------------------------------------------------------------- */

static void long_packets_vanish(struct scene *s)
{
    get(s, LARGE)->down.params.mtu = s->fault ? 1280 : 1500;
    world_run(s->w);
}

static void a_block_vanishes(struct scene *s)
{
    struct actor *a = get(s, RRQ);

    if (s->fault)
        befall(&a->down, KEDGE_TFTP_DATA, 6, DROP, 1000);
    world_run(s->w);
}

static void acks_vanish(struct scene *s)
{
    struct actor *a = put(s);

    if (s->fault)
        befall(&a->down, KEDGE_TFTP_ACK, 3, DROP, 1000);
    world_run(s->w);
}

/* The box before it, or one that lets any port answer. */
static void a_nat_drops_the_data_port(struct scene *s)
{
    struct actor *a = get(s, RRQ);

    s->nat[0] = (struct nat){ .kind = s->fault ? NAT_SYMMETRIC : NAT_CONE };
    a->nat = &s->nat[0];
    world_run(s->w);
}

static void answers_are_lost(struct scene *s)
{
    get(s, RRQ)->down.params.loss_ppm = s->fault ? 1000000 : 0;
    world_run(s->w);
}

/* It asks again and again; with options, or without. */
static void options_are_not_taken(struct scene *s)
{
    const struct talk talks[] = { { .bytes = s->fault ? LARGE : RRQ },
                                  { .after = MS(3000),
                                    .bytes = s->fault ? LARGE : RRQ } };

    (void)talk(s, talks, COUNT(talks), 20000);
    world_run(s->w);
}

static void icmp_tells(struct scene *s)
{
    const struct talk talks[] = {
        { .bytes = RRQ },
        { TELL_ACKS, MS(10), .first = 1, .last = 5 },
        { CUT, 1, { 0 }, .icmp = (enum verdict_icmp)s->detail },
    };

    (void)talk(s, talks, s->fault ? 3 : 2, 20000);
    world_run(s->w);
}

static void icmp_tells_of_the_answer(struct scene *s)
{
    const struct talk talks[] = {
        { .bytes = RRQ },
        { s->fault ? CLOSE : TELL_ACKS, s->fault ? 1 : MS(10), { 0 }, 1, 5, 0 },
        { CLOSE, 1, { 0 }, 0, 0, 0 },
    };

    (void)talk(s, talks, COUNT(talks), 20000);
    world_run(s->w);
}

/* Its own host says so, or a router that rejects. */
static void its_port_is_closed(struct scene *s)
{
    const struct talk talks[] = {
        { .bytes = RRQ },
        { TELL_ACKS, MS(10), .first = 1, .last = 5 },
        { s->fault ? CLOSE : CUT, 1, { 0 }, .icmp = ICMP_SAYS_REJECTED },
    };

    (void)talk(s, talks, COUNT(talks), 20000);
    world_run(s->w);
}

static void its_own_host_bars_the_data_ports(struct scene *s)
{
    get(s, RRQ)->barred = s->fault;
    world_run(s->w);
}

static void packets_come_twice(struct scene *s)
{
    get(s, RRQ)->up.params.copy_ppm = s->fault ? 1000000 : 0;
    world_run(s->w);
}

static void packets_are_lost(struct scene *s)
{
    get(s, RRQ)->down.params.loss_ppm = s->fault ? 300000 : 0;
    world_run(s->w);
}

/* ---- The lists ------------------------------------------------------------------------- */

static void each_verdict_has_a_scene(struct scene *s)
{
    bool has[VERDICTS] = { [VERDICT_NONE] = true };

    for (size_t i = 0; i < verdict_scenario_count; i++)
        if (verdict_scenarios[i].fault)
            has[verdict_scenarios[i].want] = true;
    for (unsigned v = 0; v < VERDICTS; v++)
        if (!has[v])
            world_fail(s->w, "%s has no scene", verdict_id((enum verdict)v));
}

#define PAIR(verdict, scene, twin, ...)                                                  \
    { .name = "verdict_" #verdict "_" #scene,                                            \
      .play = (scene),                                                                   \
      .judges = true,                                                                    \
      .fault = true,                                                                     \
      .want = VERDICT_##verdict,                                                         \
      __VA_ARGS__ },                                                                     \
    {                                                                                    \
        .name = "verdict_" #twin "_and_not_" #verdict "_" #scene, .play = (scene),       \
        .judges = true, .want = VERDICT_##twin, .never = VERDICT_##verdict, __VA_ARGS__  \
    }

#define REFUSAL(verdict, fault)                                                          \
    PAIR(verdict, the_store_refuses, NONE, .sockets = 4, .detail = (fault))
#define REFUSAL_OF_UPLOAD(verdict, fault)                                                \
    PAIR(verdict, the_store_refuses_an_upload, NONE, .sockets = 4, .detail = (fault))
#define NOT_KEPT(verdict, fault)                                                         \
    PAIR(verdict, the_store_does_not_keep_it, NONE, .sockets = 4, .detail = (fault))
#define DATA_PORTS(verdict, scene, twin) PAIR(verdict, scene, twin, .sockets = 4)
#define AUTO_PORT(verdict, scene, twin)                                                  \
    PAIR(verdict, scene, twin, .sockets = 4, .auto_port = true)
#define ICMP(verdict, what)                                                              \
    PAIR(verdict, icmp_tells, CLIENT_SILENT, .sockets = 4, .detail = (what))

const struct scenario verdict_scenarios[] = {
    SCENE(each_verdict_has_a_scene),
    DATA_PORTS(MALFORMED_REQUEST, the_request_has_no_end, NONE),
    DATA_PORTS(UNKNOWN_MODE, the_mode_is_mail, NONE),
    REFUSAL(SERVER_STOPPING, FAULT_STOPPING),
    REFUSAL(POLICY_REFUSED, FAULT_POLICY),
    REFUSAL(FILE_NOT_FOUND, FAULT_NOT_FOUND),
    REFUSAL(BAD_NAME, FAULT_BAD_NAME),
    REFUSAL(NOT_PERMITTED, FAULT_DENIED),
    REFUSAL(SERVER_BUSY, FAULT_BUSY),
    REFUSAL(ROOT_GONE, FAULT_GONE),
    REFUSAL_OF_UPLOAD(UPLOADS_REFUSED, FAULT_POLICY),
    REFUSAL_OF_UPLOAD(NO_DIRECTORY, FAULT_NOT_FOUND),
    REFUSAL_OF_UPLOAD(FILE_EXISTS, FAULT_EXISTS),
    REFUSAL_OF_UPLOAD(TOO_LARGE, FAULT_TOO_LARGE),
    NOT_KEPT(WRONG_SIZE, FAULT_WRONG_SIZE),
    NOT_KEPT(STORAGE_FAILED, FAULT_STORAGE),
    NOT_KEPT(UNKNOWN, FAULT_NONE),
    DATA_PORTS(DISK_FULL, the_disk_is_full, NONE),
    DATA_PORTS(FILE_CHANGED, the_file_is_altered, NONE),
    PAIR(TABLE_FULL, the_table_is_full, NO_ANSWER, .sockets = 4, .sessions = 1),
    DATA_PORTS(SIZE_PROBE, it_asks_for_the_size, OPTIONS_REFUSED),
    DATA_PORTS(BLOCKS_FROM_ZERO, it_counts_from_0, NONE),
    DATA_PORTS(BLOCK_NUMBER_WRAP, it_stops_at_the_wrap, CLIENT_SILENT),
    DATA_PORTS(BLOCK_NUMBER_WRAP, it_stops_at_the_signed_wrap, CLIENT_SILENT),
    DATA_PORTS(PATH_MTU, long_packets_vanish, NONE),
    DATA_PORTS(OPTIONS_REFUSED, it_refuses_options, CLIENT_ABORTED),
    DATA_PORTS(UNKNOWN_TRANSFER, it_knows_another_transfer, CLIENT_ABORTED),
    DATA_PORTS(CLIENT_FULL, it_has_no_room, CLIENT_ABORTED),
    DATA_PORTS(STOPPED_TWICE, it_stops_twice, CLIENT_SILENT),
    DATA_PORTS(CLIENT_ABORTED, it_aborts, NONE),
    DATA_PORTS(CLIENT_RESTARTED, it_restarts, REQUEST_ABANDONED),
    DATA_PORTS(OPTIONS_ABANDONED, it_gives_options_up, REQUEST_ABANDONED),
    DATA_PORTS(REQUEST_ABANDONED, it_wants_another_file, CLIENT_RESTARTED),
    ICMP(PORT_REJECTED, ICMP_SAYS_REJECTED),
    DATA_PORTS(ANSWER_REFUSED, icmp_tells_of_the_answer, CLIENT_GONE),
    DATA_PORTS(CLIENT_GONE, its_port_is_closed, PORT_REJECTED),
    ICMP(PROHIBITED, ICMP_SAYS_PROHIBITED),
    ICMP(HOP_LIMIT, ICMP_SAYS_EXPIRED),
    ICMP(UNREACHABLE, ICMP_SAYS_UNREACHABLE),
    DATA_PORTS(NOT_UNDERSTOOD, it_speaks_another_language, NO_ANSWER),
    DATA_PORTS(WRONG_PORT, it_answers_another_port, NO_ANSWER),
    DATA_PORTS(DATA_PORT_SILENT, a_nat_drops_the_data_port, NONE),
    AUTO_PORT(OPTIONS_UNANSWERED, options_are_not_taken, BOTH_PORTS_SILENT),
    AUTO_PORT(BOTH_PORTS_SILENT, answers_are_lost, NONE),
    PAIR(ANSWERS_LOST, answers_are_lost, NONE, .sockets = 0),
    DATA_PORTS(NO_ANSWER, it_never_says_a_word, NONE),
    DATA_PORTS(BLOCK_NOT_HEARD, a_block_vanishes, NONE),
    DATA_PORTS(ACKS_NOT_HEARD, acks_vanish, NONE),
    DATA_PORTS(CLIENT_SILENT, it_falls_silent, NONE),
    DATA_PORTS(UPLOAD_SILENT, its_upload_falls_silent, NONE),
    DATA_PORTS(LAST_ACK_MISSING, it_keeps_its_last_ack, NONE),
    AUTO_PORT(OWN_FIREWALL, its_own_host_bars_the_data_ports, NONE),
    AUTO_PORT(DATA_PORT_BLOCKED, a_nat_drops_the_data_port, NONE),
    DATA_PORTS(PACKETS_DOUBLED, packets_come_twice, NONE),
    DATA_PORTS(PACKETS_LOST, packets_are_lost, NONE),
};
const size_t verdict_scenario_count =
    sizeof verdict_scenarios / sizeof *verdict_scenarios;
