"""Test results in the Test Anything Protocol."""

import sys

_count = 0
_failed = 0


def ok(passed, what, detail=None):
    """Report one result; detail is shown only when it failed."""
    global _count, _failed
    _count += 1
    if not passed:
        _failed += 1
    print("%sok %d - %s" % ("" if passed else "not ", _count, what.replace("#", "\\#")))
    if not passed and detail is not None:
        note(detail)
    sys.stdout.flush()
    return bool(passed)


def is_(got, want, what):
    """Report whether got equals want, and show both where it does not."""
    return ok(got == want, what, "got:  %r\nwant: %r" % (got, want))


def skip(what, why):
    """Report something that cannot be tested here."""
    global _count
    _count += 1
    print("ok %d - %s # SKIP %s" % (_count, what, why))
    sys.stdout.flush()


def note(text):
    """Print a remark that is not a result."""
    for line in str(text).splitlines():
        print("# " + line)
    sys.stdout.flush()


def bail_out(why):
    """Give up: what follows could not be tested."""
    print("Bail out! " + why)
    sys.exit(99)


def done():
    """Print the plan and end the program; a test that ran nothing has failed."""
    print("1..%d" % _count)
    if _failed:
        note("%d of %d failed" % (_failed, _count))
    sys.exit(1 if _failed or not _count else 0)
