"""What the tests of `kedge probe` have in common."""
COUNTS = ("sent", "received", "lost", "late", "duplicated", "reordered", "altered")
MS = 1_000_000


def counts(target, **expected):
    """The counts that are not as expected; what is not named is 0."""
    wanted = dict.fromkeys(COUNTS, 0) | dict.fromkeys(("refused", "unsent", "open", "stray"),
                                                      0) | expected
    return {k: (target[k], v) for k, v in wanted.items() if target[k] != v}
