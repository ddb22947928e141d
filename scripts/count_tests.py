#!/usr/bin/env python3
"""Counts the results in meson's testlog.json files.

    count_tests.py TESTLOG...

Prints "PASSED FAILED" to stdout, and what failed or was skipped to stderr. A test that ends with
doctest's summary counts as its test cases, any other test as one. A log that is missing counts as
one failure.
"""
import json
import re
import sys

DOCTEST_SUMMARY = re.compile(r"^\[doctest\] test cases: *\d+ *\| *(\d+) passed *\| *(\d+) failed", re.M)


def count(test):
    """(passed, failed) of one line of a testlog."""
    if test["result"] == "SKIP":
        return 0, 0
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    summary = DOCTEST_SUMMARY.search(test.get("stdout") or "")
    if not summary:
        return (1, 0) if good else (0, 1)
    passed, failed = int(summary[1]), int(summary[2])
    # A crash or a leak found after the summary is a failure too.
    return passed, failed if good else max(failed, 1)


def main():
    passed = failed = 0
    for path in sys.argv[1:]:
        try:
            with open(path, encoding="utf-8") as log:
                tests = [json.loads(line) for line in log]
        except (OSError, ValueError) as error:
            print("count_tests.py: %s: %s" % (path, error), file=sys.stderr)
            failed += 1
            continue
        for test in tests:
            one_passed, one_failed = count(test)
            passed += one_passed
            failed += one_failed
            if one_failed or test["result"] == "SKIP":
                print("  %s: %s" % (test["result"].lower(), test["name"]), file=sys.stderr)
    print(passed, failed)


if __name__ == "__main__":
    main()
