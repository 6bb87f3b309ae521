/* TFTP's transfer of one file as kedge does it, over a channel that loses, copies and reorders.
 *
 * The numbers on the wire have few values, so that they wrap within a small file; a packet
 * also carries the true number of its block, which the two machines never look at, and by
 * which the model says whether they were misled.
 *
 * Given: NUMBERS on the wire, WINDOW, LIFE, LAST (block of the file), and one of
 *   SAFETY    packets are lost and copied at will, timers run out at any time, each side may
 *             give up at any time, keeping the file may fail (unless STEADY)
 *   PROGRESS  there are so many LOSSES, COPIES and OVERTAKES in all; timers run out when
 *             nothing else can happen
 * LIFE: a packet is gone when so many blocks more have been sent for the first time than were
 * when it could last have left. Without such a bound no size of numbers is enough.
 *
 * Not in the model: options, the request, ports, the length of time. */

#define WIRE(block) ((block) % NUMBERS)
#define BIT(block) (1 << (block))

#ifdef PROGRESS
#define RUNS_OUT(due) due
#define COUNTED 1
#define MAY_LOSE (losses < LOSSES)
#define MAY_COPY (copies < COPIES)
#define MAY_OVERTAKE (overtakes < OVERTAKES)
#define GIVES_UP false
#else
#define RUNS_OUT(due) true
#define COUNTED 0
#define MAY_LOSE true
#define MAY_COPY true
#define MAY_OVERTAKE true
#ifdef STEADY
#define GIVES_UP false
#else
#define GIVES_UP true
#endif
#endif

int data = 0; /* a bit for each block that is under way: a set, so that any may be next */
int acks = 0;
bool error_to_receiver = false, error_to_sender = false;
byte losses = 0, copies = 0, overtakes = 0;
bool sender_due = false, receiver_due = false; /* timers; of PROGRESS only */

/* The sender (src/tftp/sender.c) */
byte base = 1; /* the first block not acknowledged */
byte next = 1; /* to be sent next */
byte top = 1;  /* one past the highest that ever left */
bool sent_ok = false, sender_failed = false;

/* The receiver (src/tftp/receiver.c) */
byte want = 1; /* the block wanted: all before it were delivered */
byte in_window = 0;
bool kept = false, receiver_failed = false;

/* Packets that are too old. A block leaves last while it is within the window, an ACK while
 * the block after it is wanted. */
inline expire()
{
    if
    :: top > WINDOW + LIFE -> data = data & ~(BIT(top - WINDOW - LIFE) - 1)
    :: else
    fi;
    if
    :: top > WINDOW + LIFE + 1 -> acks = acks & ~(BIT(top - WINDOW - LIFE - 1) - 1)
    :: else
    fi
}

/* Any packet of a set. */
inline pick(set, block)
{
    block = 0;
    do
    :: set & BIT(block) -> break
    :: !(set & BIT(block)) -> block++
    :: (set & BIT(block)) && (set >> (block + 1)) && MAY_OVERTAKE ->
        overtakes = overtakes + COUNTED;
        block++
    od
}

/* What is taken from the channel may come again. */
inline take(set, block)
{
    if
    :: set = set & ~BIT(block)
    :: MAY_COPY -> copies = copies + COUNTED
    fi
}

inline send_block()
{
    data = data | BIT(next);
    next++;
    if
    :: next > top -> top = next; expire()
    :: else
    fi
}

/* The block that an ACK's number stands for, of those from base - 1 to top - 1. */
inline read_ack(number)
{
    acked = base - 1 + (number + NUMBERS - WIRE(base - 1)) % NUMBERS;
    if
    :: acked >= top -> skip /* none has it */
    :: acked < top && acked >= base ->
        base = acked + 1;
        assert(base <= want); /* it never thinks that more has come than has */
        if
        :: next < base -> next = base
        :: else
        fi;
        if /* a gap is mended at once, unless the block left only just now */
        :: WINDOW > 1 && base < top -> next = base
        :: true
        fi
    :: acked < base ->
        if /* a copy: in lock-step it never brings another block */
        :: WINDOW > 1 && base < top -> next = base
        :: true
        fi
    fi
}

active proctype sender()
{
    byte block, acked;

    do
    :: atomic { base > LAST ->
        assert(kept); /* what it calls done is whole and kept */
        sent_ok = true;
        break }
    :: atomic { base <= LAST && next < base + WINDOW && next <= LAST -> send_block() }
    :: atomic { base <= LAST && acks != 0 ->
        pick(acks, block); take(acks, block); read_ack(WIRE(block));
        block = 0; acked = 0 }
#ifndef FAULT_NO_TIMER
    :: atomic { base <= LAST && base < next && RUNS_OUT(sender_due) ->
        next = base; sender_due = false }
#endif
    :: atomic { error_to_sender -> sender_failed = true; break }
    :: atomic { GIVES_UP -> sender_failed = true; error_to_receiver = true; break }
    od
}

inline send_ack()
{
    in_window = 0;
    acks = acks | BIT(want - 1)
}

inline deliver(block)
{
    assert(block == want); /* in order, once */
    assert(!receiver_failed && !kept);
    want++;
    in_window++;
    if
    :: block == LAST -> /* it is short, which the packet says */
#ifdef FAULT_ACK_BEFORE_KEPT
        send_ack();
#endif
        if
        :: kept = true
        :: GIVES_UP -> receiver_failed = true; error_to_sender = true
        fi;
#ifndef FAULT_ACK_BEFORE_KEPT
        if
        :: kept -> send_ack()
        :: else
        fi
#endif
    :: block != LAST && in_window == WINDOW -> send_ack()
    :: else
    fi
}

inline read_data(block)
{
    if
#ifdef FAULT_ANY_OF_THE_WINDOW
    :: !kept && (WIRE(block) + NUMBERS - WIRE(want)) % NUMBERS < WINDOW -> deliver(block)
#else
    :: !kept && WIRE(block) == WIRE(want) -> deliver(block)
#endif
    :: else -> /* it came before, or a gap is before it: one ACK, or it is too soon for one */
        if
        :: send_ack()
        :: true
        fi
    fi
}

active proctype receiver()
{
    byte block;

    do
    :: atomic { !receiver_failed && data != 0 ->
        pick(data, block); take(data, block); read_data(block);
        block = 0 }
    :: atomic { !receiver_failed && !sent_ok && !(acks & BIT(want - 1)) &&
                RUNS_OUT(receiver_due) ->
        send_ack(); receiver_due = false }
    :: atomic { !kept && error_to_receiver -> receiver_failed = true }
    :: atomic { !kept && GIVES_UP -> receiver_failed = true; error_to_sender = true }
    :: atomic { receiver_failed -> break }
    :: atomic { kept && (sent_ok || sender_failed) -> break } /* it has lingered enough */
    od
}

active proctype network()
{
    byte block;

end:
    do
    :: atomic { data != 0 && MAY_LOSE ->
        pick(data, block); data = data & ~BIT(block); losses = losses + COUNTED; block = 0 }
    :: atomic { acks != 0 && MAY_LOSE ->
        pick(acks, block); acks = acks & ~BIT(block); losses = losses + COUNTED; block = 0 }
    :: atomic { error_to_receiver -> error_to_receiver = false }
    :: atomic { error_to_sender -> error_to_sender = false }
    od
}

#ifdef PROGRESS
active proctype clock()
{
end:
    do
    :: atomic { timeout && !sent_ok -> sender_due = true; receiver_due = true }
    od
}

ltl ends { <> (sent_ok && kept) }
#endif
