# SPDX-License-Identifier: MIT
"""`kedge check` can see: each fault of a server is found by the check made for it, and by no
must of another rule."""
import pytest

from check.conftest import LONG

# Fault: the checks that have to find it, and those that may, because the fault breaks their
# rule as well. `rfc`: the fault was written from the RFC's sentence, before its check.
SIZES = {"request-size-0", "request-size-1", "request-size-511", "request-size-512",
         "request-size-513", "request-size-1024"}
FAULTS = {
    "empty-file-is-silent": ({"request-size-0"}, {"upload-size-0"}),
    "no-empty-last-block": ({"request-size-512", "request-size-1024"},
                            {"upload-size-512", "options-blksize-multiple"}),       # rfc
    "pads-last-block": ({"request-size-1", "request-bytes"}, "any-content"),
    "strlen": ({"request-bytes"}, "any-content"),
    "counts-from-0": ({"request-first-block"}, "any"),                               # rfc
    "host-order": ({"request-first-block"}, "any"),
    "sequential-ports": ({"request-random-port"}, set()),                            # rfc
    "mode-case": ({"request-mode-case"}, set()),                                     # rfc
    "mail-served": ({"request-mail"}, set()),                                        # rfc
    "any-mode": ({"request-mode-unknown"}, {"request-mail"}),                        # rfc
    "error-twice": ({"request-mode-unknown", "request-missing"}, set()),             # rfc
    "mode-without-nul": ({"request-no-mode"}, set()),
    "padding-refused": ({"request-padded"}, set()),
    "small-buffer": ({"request-512"}, {"request-padded"}),                           # rfc
    "missing-is-0": ({"request-missing"}, {"upload-broken"}),
    "no-permission-is-0": ({"request-no-permission"}, set()),                        # rfc
    "directory-is-empty": ({"request-directory"}, set()),
    "opens-fifos": ({"request-fifo"}, set()),
    "parent-names": ({"request-parent"}, set()),
    "absolute-names": ({"request-absolute"}, set()),
    "links-lead-out": ({"request-link"}, set()),
    "error-without-nul": ({"request-error-text"}, set()),                            # rfc
    "error-tells-path": ({"request-error-path"}, set()),
    "second-transfer": ({"request-again"}, {"upload-again"}),
    "dies-of-short-packets": ({"request-cut"}, set()),
    "runs-ahead": ({"lockstep-waits"}, "any"),                                       # rfc
    "sorcerer": ({"lockstep-duplicate-ack", "lockstep-five-acks"},
                 {"lockstep-late-ack"}),                                             # rfc
    "never-resends": ({"lockstep-lost-ack", "lockstep-lost-first",
                       "lockstep-lost-last-ack", "options-lost-oack"},
                      {"window-lost-ack", "upload-silence", "options-lost-oack-write"}),
    "next-block-again": ({"lockstep-lost-ack"}, {"lockstep-waits", "lockstep-lost-first", "lockstep-lost-last-ack",
                                                 "window-lost-ack", "options-timeout-kept"}),
    "three-bytes-again": ({"lockstep-lost-first"}, {"lockstep-waits", "window-lost-ack"}),
    "jumps": ({"lockstep-ack-ahead"}, {"lockstep-ack-zero", "lockstep-duplicate-ack",
                                       "lockstep-five-acks", "lockstep-late-ack"}),
    "starts-again-at-ack-0": ({"lockstep-ack-zero"}, set()),
    "ack-of-4-bytes": ({"lockstep-long-ack"}, set()),
    "takes-any-port": ({"lockstep-foreign-ack", "lockstep-foreign-error",
                        "lockstep-foreign-port"}, set()),                            # rfc
    "foreign-silent": ({"lockstep-foreign-port"}, set()),                            # rfc
    "foreign-error-ends": ({"lockstep-foreign-error"}, set()),
    "answers-errors": ({"lockstep-error", "options-error-8"}, {"upload-error"}),     # rfc
    "last-not-repeated": ({"lockstep-lost-last-ack"}, set()),                        # rfc
    "goes-on-after-the-end": ({"lockstep-ends"}, {*SIZES, "lockstep-lost-last-ack"}),
    "old-ack-ends": ({"lockstep-late-ack"}, set()),
    "wrq-is-acked-by-1": ({"upload-ack-0"}, "any-upload"),                           # rfc
    "strlen-when-writing": ({"upload-bytes"}, "any-upload"),
    "stores-twice": ({"upload-duplicate-data"}, set()),
    "no-dally": ({"upload-dally"}, set()),                                           # rfc
    "stores-any-order": ({"upload-ahead"}, set()),
    "exists-is-0": ({"upload-exists"}, {"upload-again", "upload-two", "upload-old-whole"}),
    "half-files": ({"upload-broken", "upload-old-whole"}, {"upload-two"}),
    "own-upload-exists": ({"upload-again"}, set()),
    "ack-not-repeated": ({"upload-silence"}, {"options-lost-oack-write"}),
    "refuses-uploads-silently": ({"upload-refused"}, set()),
    "netascii-as-it-is": ({"netascii-read"}, "any-netascii"),
    "bare-cr": ({"netascii-read"}, "any-netascii"),                                  # rfc
    "pair-lost": ({"netascii-block-end"}, "any-netascii"),
    "octet-is-text": ({"netascii-octet"}, "any-content"),                            # rfc
    "stores-netascii": ({"netascii-write"}, "any-netascii"),
    "unknown-option-is-8": ({"options-unknown", "options-all-refused"}, set()),      # rfc
    "grants-unasked": ({"options-unasked"}, set()),                                  # rfc
    "option-case": ({"options-case"}, set()),
    "echoes-both": ({"options-twice"}, set()),
    "empty-oack": ({"options-all-refused"}, "any"),                                  # rfc
    "data-before-ack-0": ({"options-waits"}, "any-option"),
    "oack-again-as-ack-0": ({"options-lost-oack"}, {"options-lost-oack-write", "options-waits"}),
    "wants-ack-0": ({"options-write"}, "any-upload"),
    "blksize-8-is-8": ({"options-blksize-8"}, {"window-wrap", "upload-wrap"}),
    "grants-larger-blksize": ({"options-blksize-1428"}, "any-option"),               # rfc
    "ignores-granted-blksize": ({"options-blksize-1428"}, "any-option"),
    "blksize-0-is-1": ({"options-blksize-0"}, set()),
    "blksize-7": ({"options-blksize-7"}, set()),                                     # rfc
    "blksize-65465": ({"options-blksize-65465"}, set()),                             # rfc
    "atoi": ({"options-blksize-text", "options-timeout-text", "window-text"},
             {"options-blksize-negative", "options-blksize-0", "options-blksize-7",
              "options-timeout-0", "options-timeout-256", "window-0"}),
    "tsize-in-octal": ({"options-tsize", "options-tsize-large"},
                       {"options-order", "options-tsize-stale"}),
    "tsize-in-32-bits": ({"options-tsize-large"}, set()),
    "tsize-only-of-0": ({"options-tsize-stale"}, set()),
    "tsize-of-write-is-0": ({"options-tsize-write"}, {"upload-full"}),               # rfc
    "timeout-cut": ({"options-timeout-255"}, set()),                                 # rfc
    "timeout-0": ({"options-timeout-0"}, set()),                                     # rfc
    "timeout-256": ({"options-timeout-256"}, set()),
    "grants-larger-window": ({"window-granted"}, "any-window"),                      # rfc
    "window-0": ({"window-0"}, set()),                                               # rfc
    "window-plus-one": ({"window-sends"}, "any-window"),
    "ack-inside-ignored": ({"window-inside"}, {"window-equal-acks"}),                # rfc
    "window-for-each-ack": ({"window-equal-acks"}, set()),
    "ack-for-each-block": ({"window-upload"}, {"window-upload-gap"}),
    "gap-is-silent": ({"window-upload-gap"}, set()),                                 # rfc
    "answers-strays": ({"manners-stray-error", "manners-stray-ack", "manners-stray-data",
                        "manners-stray-oack"}, set()),
    "one-at-a-time": ({"manners-side-by-side"}, "any"),
    "constant-gaps": ({"lockstep-adapts"}, set()),                                   # rfc
    "never-gives-up": ({"lockstep-gives-up"}, {"lockstep-adapts"}),                  # rfc
    "timer-restarts": ({"lockstep-stray-timer"}, set()),
    "ends-at-65535": ({"lockstep-wrap", "window-wrap", "upload-wrap"}, set()),
    "timeout-ignored": ({"options-timeout-kept"}, set()),                            # rfc
}
GROUPS = {"any-upload": ("upload-", "options-write", "options-tsize-write", "window-upload",
                         "netascii-write", "netascii-both", "options-lost-oack-write"),
          "any-netascii": ("netascii-",), "any-window": ("window-", "options-all"),
          "any-option": ("options-", "window-"),
          "any-content": ("request-size", "request-bytes", "netascii-", "options-", "window-",
                          "upload-", "lockstep-ends", "lockstep-lost-last-ack",
                        "manners-abort", "manners-crowd"),
          "any": ("",)}


def allowed(may, row):
    return row.startswith(GROUPS[may]) if isinstance(may, str) else row in may


def test_a_correct_server_passes(check, faulty, made):
    """All of it, in strict; single ports and what kedge does not send are not tried."""
    result = check("--strict", "--put-name", "up", faulty(made))
    assert result.code == 0, {i: result.rows[i] for i in result.found}
    assert result.of("not tried") <= {"request-broadcast", "upload-refused", "upload-full"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(check, faulty, made, quick, fault):
    must, may = FAULTS[fault]
    # A server that serves one at a time takes all of them one by one.
    rows = sorted(must) if must & LONG or fault == "one-at-a-time" else quick
    result = check("--put-name", "up", "--only", ",".join(rows), faulty(made, fault))
    assert must <= result.found, f"found only {sorted(result.found)}"
    unrelated = {i for i in result.of("FAILS") - must if not allowed(may, i)}
    assert not unrelated, {i: result.rows[i] for i in unrelated}
    assert result.code == (1 if result.of("FAILS") or result.end["died_at"] else 0)


def test_as_many_faults_as_were_wanted():
    assert len(FAULTS) >= 40
