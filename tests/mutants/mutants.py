# SPDX-License-Identifier: MIT
"""One-line faults of the protocol core. Each is a file, what stands in it (once), and what
would stand there. Where the core has changed, its mutant changes with it."""

SENDER, RECEIVER = "src/tftp/sender.c", "src/tftp/receiver.c"
ADMIT, ROUTE = "src/tftp/request_port.c", "src/tftp/data_port.c"
SESSIONS, GRANT = "src/tftp/sessions.c", "src/tftp/grant.c"
TABLE = "src/tftp/table.c"
CROWD = "src/tftp/admission.c"
PORTS, MEMORY = "src/tftp/port_choice.c", "src/tftp/port_memory.c"
OPTIONS, BLOCK = "src/tftp/options.c", "src/tftp/block.c"
RTT, CLIENT = "src/tftp/rtt.c", "src/tftp/client.c"
PACKET, REQUEST = "src/tftp/packet.c", "src/tftp/request.c"
MACHINE, RECOVER = "src/tftp/machine.c", "src/tftp/recover.c"
NETASCII, BURSTS = "src/tftp/netascii.c", "src/tftp/bursts.c"
PACE, RATE = "src/tftp/pace.c", "src/tftp/request_rate.c"
PATIENCE = "src/tftp/patience.h"
VERDICT = "src/tftp/verdict.c"

MUTANTS = {
    "a server's timeout counts for nothing": (ADMIT, "terms.timeout = limits->timeout;", "terms.timeout = 0;"),
    # Rule 1: any size.
    "numbers wrap at 65535": (BLOCK, "rollover ? 65535 : 65536", "rollover ? 65535 : 65535"),
    "rollover 1 goes to 0": (BLOCK, "% 65535 + 1)", "% 65535)"),
    "rollover 1 finds block 0 again": (BLOCK, "first == 0 ? 0 : UINT64_MAX", "0"),
    "the last short block is lost": (ADMIT, "limits->size / terms.blksize + 1",
                                     "limits->size / terms.blksize"),
    "a put's last block is lost": (CLIENT, "c->size / terms.blksize + 1",
                                   "c->size / terms.blksize"),
    "a window is one too wide": (SENDER, "s->half.base + s->half.terms.window;\n\n    return",
                                 "s->half.base + s->half.terms.window + 1;\n\n    return"),
    # Rule 2: no Sorcerer's Apprentice, no window storm.
    "a duplicate ACK sends again in lock-step":
        (SENDER, "if (s->half.terms.window > 1 && s->half.base < s->top", "if (s->half.base < s->top"),
    "each ACK of a gap sends the window": (
        SENDER, "if (now < (leapt ? left_at + resend_after_min : known_at))", "if (false)"),
    "no second look at a gap": (SENDER, "s->suspect_until = known_at + round_trip_slack(s);", ";"),
    "a leap over many blocks is in doubt": (
        SENDER, "(leapt ? left_at + resend_after_min : known_at)", "known_at"),
    "what waits in queues is lost": (SENDER, "max_u64(max_u64(s->half.rtt.smoothed, queued),",
                                     "max_u64(s->half.rtt.smoothed,"),
    "no rewind limit": (SENDER, "min_u64(sub_sat(s->retransmits, 1), REPAIRS_MAX)", "0"),
    "answers to copies are gaps": (SENDER, " && !answers_copy(s, now)", ""),
    "an ACK that crossed the window is a gap":
        (SENDER, " || now - left_at < s->half.rtt.smallest)", ")"),
    "spaced blocks are a burst each": (BURSTS, "if (s->spacing)", "if (false)"),
    "copies are answered each": (RECEIVER, "if (block + 1 < r->half.base)", "if (false)"),
    "copies are answered at once": (RECEIVER, "now - r->replied_at < reply_wait",
                                    "false && now - r->replied_at < reply_wait"),
    "every block out of a window is answered":
        (RECEIVER, "back + r->half.terms.window, number", "UINT16_MAX, number"),
    # Rule 7: what a forged packet can buy.
    "whole windows leave again for ever": (SENDER, "s->rewinds > WHOLE_REPEATS", "false"),
    "one repeat of a window is all": (SENDER, "WHOLE_REPEATS = 2", "WHOLE_REPEATS = 1"),
    "a new ACK does not end the single blocks": (
        SENDER, "s->retransmits = s->rewinds = 0;", "s->retransmits = 0;"),
    "the last block of a window never leaves alone": (
        SENDER, "repeats_alone(s) && s->rewinds % 2 == 0", "false"),
    "jumbo blocks make jumbo windows": (GRANT, "limits->window_bytes == 0 ||", "true ||"),
    "the window of an upload is cut": (GRANT, " || request->op != KEDGE_TFTP_RRQ", ""),
    "headers are no bytes": (GRANT, "BLOCK_HEADERS = 32", "BLOCK_HEADERS = 0"),
    "ICMP ends a transfer at once": (PATIENCE, "clamp_u64(2 * kedge_tftp_rto(rtt), 2 *",
                                     "clamp_u64(0, 0 *"),
    "an ACK does not belie ICMP": (SENDER, "    s->half.gone_at = KEDGE_NEVER;\n    if (acked", "    if (acked"),
    "a block does not belie ICMP": (RECEIVER, "    r->half.gone_at = KEDGE_NEVER;\n    r->half.give_up", "    r->half.give_up"),
    "an old block does not belie ICMP": (
        RECEIVER, "    r->half.gone_at = KEDGE_NEVER;\n    r->half.duplicates", "    r->half.duplicates"),
    "ICMP repeated puts off the end": (SENDER, "min_u64(s->half.gone_at, now + gone_after(&s->half.rtt))",
                                       "now + gone_after(&s->half.rtt)"),
    "ACK 0 gives the budget back": (TABLE, "s->machine.half.base > 1", "s->machine.half.base > 0"),
    "every address has the same ports": (PORTS, "put(&w, (struct kedge_span){ in->peer.ip", "(void)(&w, (struct kedge_span){ in->peer.ip"),
    "the request port has no rate": (RATE, "t->limits.request_rate != 0 &&", "false &&"),
    "a single port has no rate": (RATE, "t->limits.single_port || ", ""),
    "who is near is held": (RATE, " && !s->attached", ""),
    "what left is not paid for": (RATE, "max_u64(t->paid_until, now)", "max_u64(0, 0)"),
    "a rate is for each transfer": (RATE, "return is_bounded(t, s) ? t->paid_until : 0;",
                                    "return is_bounded(t, s) ? s->progress_at : 0;"),
    "an address has one port": (PORTS, "put_u32(&w, turn)", "put_u32(&w, 0)"),
    "ports last for ever": (PORTS, "now / epoch", "0 * (now + epoch)"),
    "the last port is taken again": (PORTS, "if (!had || socket != last)", "if (true)"),
    # Rule 3: measured time.
    "a block sent twice is a sample": (SENDER, "if (!left->again && tells", "if (tells"),
    "an early ACK after a resend is no sample": (SENDER, "too_soon(s, took) &&", "false &&"),
    "an ACK a little early is of the first send": (SENDER, "s->half.rtt.smallest / 2",
                                                   "s->half.rtt.smallest"),
    "an answer to a repeat is of what left before": (
        SENDER, "!too_soon(s, now - newest->at)", "false"),
    "of three sends one is thought the first": (
        SENDER, "too_soon(s, took) && bursts_count(s, acked) == 2", "too_soon(s, took)"),
    "spaced blocks are a slow link": (SENDER, "bool spaced = left->at != left->until;",
                                      "bool spaced = false;"),
    "a sample leaves the RTO doubled": (RTT, "    r->doubled = 0;\n", ""),
    "the RTO does not double": (SENDER, "    s->half.rtt.doubled++;\n", ""),
    "any ACK ends the doubling": (SENDER, "if (!s->expired)", "if (true)"),
    "the RTO has no floor": (RTT, "max_u64(max_u64(4 * r->variation, least)",
                             "max_u64(max_u64(4 * r->variation, 0)"),
    "a round trip is never well known": (RTT, "r->samples >= SAMPLES_KNOWN", "false"),
    "the last block is given no longer": (SENDER, "rto += rtt_saved(&s->half.rtt);", ";"),
    "the RTO passes the timeout": (RTT, "return min_u64(rto << doubled, r->most);",
                                   "return rto << doubled;"),
    "the timer sends nothing again": (SENDER, "    s->next = repeat_from(s);\n    s->not_before = max",
                                      "    s->not_before = max"),
    "the timer runs while a window leaves":
        (SENDER, "s->half.outcome == KEDGE_TFTP_RUNNING && s->next >= limit(s)",
         "s->half.outcome == KEDGE_TFTP_RUNNING"),
    "progress brings no patience": (SENDER, "    s->half.give_up = now + patience(&s->half.terms);\n    if",
                                    "    if"),
    "patience ignores the timeout": (PATIENCE, "max_u64(30 * KEDGE_SEC, 6 * terms->timeout)",
                                     "30 * KEDGE_SEC"),
    "a receiver is silent for ever": (RECEIVER, "if (now < again) {", "if (true) {"),
    "a slow window is a silence": (RECEIVER, "max_u64(r->replied_at, r->taken_at)",
                                   "r->replied_at"),
    # Rule 4: pacing.
    "a loss spaces nothing": (SENDER, ".end = s->spacing ? s->next + 1 : limit(s)",
                              ".end = limit(s)"),
    "spacing never ends": (PACE, "s->spacing - s->spacing / part;", "s->spacing;"),
    "a short queue is filled again and again":
        (PACE, "queue ? s->pace.link : 0;", "0;"),
    "a link that loses is as a full queue": (PACE, "queue ? s->pace.link : 0;", "s->pace.link;"),
    "an answer to a repeat is a sample":
        (SENDER, "if (!answers_repeat(s, left, now))", "if (true)"),
    "spacing has no bound": (PACE, "max_u64(min_u64(wanted, spacing_most(s)), s->spacing);",
                             "max_u64(wanted, s->spacing);"),
    "a late ACK is a slow link": (PACE, "return min_u64(told[0], told[1]);", "return told[0];"),
    "one block is a train": (PACE, "acked == p->train_first || ", ""),
    "spacing is slowness": (PACE, "p->train_first + 1 + amid", "p->train_first + 1"),
    "spacing is a queue": (PACE, "amid ? 2 * s->spacing : 0", "0"),
    "a train waits for none before it": (PACE, "sub_sat(p->queued, pace_pause(s))", "0"),
    "what is measured is not believed": (PACE, "if (is_too_fast(s))\n        s->spacing",
                                         "if (false)\n        s->spacing"),
    "queues are filled again at once": (SENDER, "now + pace_pause(s)", "now"),
    "a full queue is as any loss": (PACE, "!told || stuck", "!told"),
    "a link that loses is never tried faster":
        (PACE, "s->spacing - s->spacing / 8", "s->spacing"),
    "faster though blocks queue up": (PACE, "    if (is_too_fast(s))\n        return;\n", ""),
    "a few short runs are a link that loses":
        (PACE, "wanted = min_u64(wanted, 2 * s->spacing);", ";"),
    "lock-step is spaced": (PACE, "if (s->half.terms.window == 1)", "if (false)"),
    # Rule 5: options.
    "tsize is told unasked": (GRANT, "if (asked->has & KEDGE_TFTP_HAS_TSIZE)", "if (true)"),
    "tsize 0 is told": (GRANT, "if (!reads || granted->tsize > 0)", "if (true)"),
    "a read's tsize is echoed": (GRANT, "reads ? limits->size : request", "false ? 0 : request"),
    "netascii gets a window": (GRANT, "&& request->mode == KEDGE_TFTP_OCTET", ""),
    "blksize is not clamped": (GRANT, "KEDGE_TFTP_BLKSIZE_MIN, limits->blksize_max",
                               "KEDGE_TFTP_BLKSIZE_MIN, UINT32_MAX"),
    "blksize2 is no power of two": (GRANT, "granted.blksize = power_below(granted.blksize)",
                                    "granted.blksize = granted.blksize"),
    "the window has no limit": (GRANT, "min_u64(limits->windowsize_max, ",
                                "max_u64(limits->windowsize_max, "),
    "a client accepts what it did not ask": (GRANT, "if (both & ~asked->has)", "if (false)"),
    "a client accepts a larger block": (GRANT, "granted->blksize > asked->blksize)", "false)"),
    "a bad value is taken": (OPTIONS, " || v < known[i].least", ""),
    # Rule 6: one request, one transfer.
    "any request is the same": (ADMIT, "s->request_hash == hash && ", ""),
    "a reset board is a stray": (ADMIT, "sub_sat(came, s->progress_at) > rto_of(s)", "false"),
    "a stray is a reset board": (ADMIT, "sub_sat(came, s->progress_at) > rto_of(s)", "true"),
    "a request that queued is a reset board": (ADMIT, "in->came ? in->came : now", "now"),
    "the first reply comes once": (ADMIT, "kedge_tftp_sender_again(&s->machine.sender, now)",
                                   "(void)0"),
    "any data socket will do": (ROUTE, "s->socket == in->socket && ", ""),
    "a duplicate moves a transfer": (ADMIT, "sub_sat(came_at(in, now), s->answered) <= duplicate_within",
                                     "false"),
    "the request port answers where the data port is heard": (ADMIT, " || s->heard ||\n        sub_sat(came",
                                                              " ||\n        sub_sat(came"),
    "an error 5 ends it at both ports": (ROUTE, "s->from == TFTP_FROM_EITHER && packet->op", "false && packet->op"),
    "both ports keep the transfer": (ROUTE, "s->from = requests ? TFTP_FROM_REQUEST : TFTP_FROM_DATA;", ";"),
    "any packet to the request port wins": (ROUTE, "(!requests || fits)", "true"),
    "a mark of a network renews itself": (MEMORY, "mark(t, network, place_of(t, who)->until);",
                                          "mark(t, network, kept_for * 100);"),
    "a complete transfer clears no mark": (MEMORY, "        forget_client(t, network);", ""),
    "an address that asks pushes out a mark": (MEMORY, " && r->until <= now)", ")"),
    "clients of one address mark it": (MEMORY, "goes_on ? sized_file_after : other_file_after",
                                       "sized_file_after"),
    "an address that ends in zero is its network": (MEMORY, "return ~hash_peer", "return hash_peer"),
    "a network is one on all interfaces": (MEMORY, "{ .scope = peer->scope }", "{ .scope = 0 }"),
    "an address has the marks of another": (MEMORY, "r->who == who && r->until > now", "r->until > now"),
    "an address clears the marks of another": (MEMORY, "    if (r->who == who)\n        *r =", "    *r ="),
    "an address was not heard for another": (MEMORY, "r->who == who && r->answered != 0 &&",
                                             "r->answered != 0 &&"),
    "an ERROR marks a network": (MEMORY, " && outcome == KEDGE_TFTP_OK &&", " &&"),
    "an end counts twice": (MEMORY, "    s->accounted = true;\n", ""),
    "with one port stragglers are heard": (ADMIT, "s->ignore_for = smallest / 4;", ""),
    "a probe is an abort": (SESSIONS, "return KEDGE_TFTP_PROBE;",
                            "return KEDGE_TFTP_ABORTED;"),
    # Rule 7: loops and reflection.
    "an unvalidated peer is sent to for ever": (SENDER, "s->half.validated = validated;", "s->half.validated = true;"),
    "an OACK is repeated soon": (SENDER, "if (end == 1)", "if (false)"),
    "ACK 0 proves a peer without an OACK":
        (SENDER, "    if (acked >= s->half.base) {\n        s->half.validated = true;",
         "    s->half.validated = true;\n    if (acked >= s->half.base) {"),
    "who has ended is found": (TABLE, "        *at = s->next;", "        ;"),
    "the budget is not charged": (CROWD, "network_of(t, &s->peer)->unvalidated++;", ""),
    "the budget is not given back": (SESSIONS, "    if (session_advanced(s))\n        budget_refund(t, s);\n", ""),
    "a forged request is answered each time": (ADMIT, " || repeated_too_often(s, now))", ")"),
    "nobody waits for the budget": (ADMIT, "admission_may_wait(t, &in->peer)\n                                 ? request_port_begin", "false\n                                 ? request_port_begin"),
    "a proof lets nobody in": (CROWD, "    let_in(t, n);\n", ""),
    "the latest is let in": (CROWD, "at(t, n->waiting.oldest)", "at(t, n->waiting.newest)"),
    "who waits is let in for nothing": (CROWD, "    n->unvalidated++;\n", ""),
    "who waits waits for ever": (CROWD, "    if (!s->charged)\n        deadlines_set",
                                 "    if (false)\n        deadlines_set"),
    "who waits may fill the table": (CROWD, "t->limits.room / 4 * 3", "t->limits.room"),
    "a flood does not give way": (CROWD, "network_of(t, &s->peer)->unvalidated >= fair", "false"),
    "anyone gives way at once": (CROWD, "now - s->started >= first_timeout", "true"),
    "who has answered gives way": (CROWD, " || session_advanced(s))", ")"),
    "one network may have all places": (CROWD, "n->transfers < max_u64(t->limits.room / 2, SHARE_MIN)",
                                        "n != NULL"),
    "places are not given back": (CROWD, "    n->transfers--;\n", ""),
    "a smaller network gives way": (CROWD, "n->transfers > most->transfers",
                                    "n->transfers < most->transfers"),
    "who has advanced gives way": (CROWD, "s->progress_at < found->progress_at",
                                   "s->progress_at > found->progress_at"),
    "any network gives way": (CROWD, "2 * (asking->transfers + FLOOD_MIN), NULL", "0, NULL"),
    "a network's own give way at once": (CROWD, "s && now - s->progress_at >= longest_timeout",
                                         "s"),
    "who only waits does not give way": (CROWD, "(s->state == TFTP_WAITING && !s->charged));",
                                         "false);"),
    "uploads are not bounded": (CROWD, "->uploads < t->limits.uploads_max", "->uploads < UINT32_MAX"),
    "an upload takes no place of its like": (CROWD, "    n->uploads += s->op == KEDGE_TFTP_WRQ;\n", ""),
    "an upload keeps its place": (CROWD, "    n->uploads -= s->op == KEDGE_TFTP_WRQ;\n", ""),
    "an upload again is one too many": (ADMIT, " && !(old && old->op == KEDGE_TFTP_WRQ) &&", " &&"),
    "a broadcast is answered": (ADMIT, "if (in->to_broadcast)", "if (false)"),
    "what is no request is answered": (ADMIT, "if (!request || ", "if ("),
    "an ERROR is longer than its request": (ADMIT, "min_u64(64, s->request_len)", "64"),
    "ERROR 5 answers an ERROR": (ROUTE, "packet.op != KEDGE_TFTP_DATA && packet.op != KEDGE_TFTP_ACK",
                                 "false"),
    "ERROR 5 follows a transfer": (ROUTE, "if (!table_tell(t, in, now))", "if (false)"),
    # Rules 9 and 10: the end.
    "the last ACK leaves before the commit": (RECEIVER, "r->phase = KEDGE_TFTP_COMMITTING;",
                                              "r->phase = KEDGE_TFTP_LINGERING;"),
    "an ERROR spoils a commit": (RECEIVER, " || r->phase == KEDGE_TFTP_COMMITTING)\n        return false",
                                 ")\n        return false"),
    "no dally": (RECEIVER, "r->half.give_up = add_sat(now, r->linger);", "r->half.give_up = now;"),
    "the last block is sent again for ever": (SENDER, "last && s->repeats == LAST_REPEATS)",
                                              "last && s->repeats == 1000)"),
    "unconfirmed is said too soon": (
        SENDER, "if (last && s->repeats == LAST_REPEATS) /* by the peer's timer, for as long as any */\n        return;\n",
        "if (last && s->repeats == LAST_REPEATS) {\n        finish(s, KEDGE_TFTP_UNCONFIRMED);\n        return;\n    }\n"),
    "port unreachable is always well": (
        SENDER, "if (!s->half.validated || !all_sent(s))\n        return KEDGE_TFTP_GONE;\n", ""),
    "ERROR 0 at the end is an abort": (SENDER, "all_sent(s) && in->number == 0", "false"),
    # Packets, text, the client.
    "a long ACK is none": (PACKET, "    return !r.bad;\n",
                           "    return !r.bad && (op != KEDGE_TFTP_ACK || r.left.len == 0);\n"),
    "binary is no mode": (REQUEST, ' || span_equal_nocase(text, "binary")', ""),
    "a block too long is stored": (RECEIVER, "if (in->body.len > r->half.terms.blksize)", "if (false)"),
    "a window is never acknowledged": (RECEIVER, "r->in_window == r->half.terms.window)", "false)"),
    "a CR is lost between blocks": (NETASCII, "            n->holds = true;\n            c = '\\r'",
                                    "            c = '\\r'"),
    "a second OACK is not answered": (CLIENT, "        r->due = true;\n", "        r->due = false;\n"),
    "any first block begins a get": (CLIENT, "&& in->number <= 1 &&", "&&"),
    "a first block 0 is nothing": (CLIENT, "&& in->number <= 1 &&", "&& in->number == 1 &&"),
    "an ERROR brings no plain request": (RECOVER, "        r->asked.has = 0;\n", ""),
    # Verdicts: none without evidence.
    "one question is a data port that is blocked": (
        VERDICT, "unheard(f) && f->requests > 1 && f->from == TFTP_FROM_DATA",
        "unheard(f) && f->from == TFTP_FROM_DATA"),
    "blocks of any size are too large": (
        VERDICT, "f->blksize > KEDGE_TFTP_BLKSIZE_DEFAULT &&", ""),
    "a copy is a word of the client": (VERDICT, "by_timer = KEDGE_SEC", "by_timer = 0"),
    "a stop at any block is the same": (VERDICT, " && stops->at[place].block == block", ""),
    "of a single port nothing is known": (
        VERDICT, "t->limits.single_port ? TFTP_FROM_REQUEST", "false ? TFTP_FROM_REQUEST"),
    "a move to the request port is forgotten": (ADMIT, "    s->moved = true;\n", ""),
    "who gave way fell silent": (ADMIT, "    s->displaced = true;\n", ""),
    "an ACK at another port is nothing": (ADMIT, "        note_elsewhere(t, in);\n", "        ;\n"),
    "what is no packet is not counted": (ROUTE, "        count_up(&s->strange);\n", ""),
}
