#!/usr/bin/env python3
"""report.py BROKEN BUILD… - sums the tests of some build folders; the last line is "N passed, N failed".

A test that prints TAP counts once for each of its points, any other once. Meson's JUnit file does not show a
program that crashed or ran out of time between two points, so the verdict on each program is read from
testlog.json as well. BROKEN builds, which could not run anything, count as one failure each."""
import json
import os
import sys
import xml.etree.ElementTree as xml

BAD = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"}


def read_programs(build):
    """The (name, verdict) of every test program that ran."""
    path = os.path.join(build, "meson-logs/testlog.json")
    if not os.path.exists(path):
        return []
    return [(row["name"], row["result"]) for row in map(json.loads, open(path))]


def read_points(build):
    """For each program that printed TAP: its (name, good | bad | skipped) points."""
    path = os.path.join(build, "meson-logs/testlog.junit.xml")
    points = {}
    if not os.path.exists(path):
        return points
    for suite in xml.parse(path).getroot():
        for case in suite.iter("testcase"):
            tags = {child.tag for child in case}
            kind = "bad" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "good"
            points.setdefault(suite.get("name").partition(".")[2], []).append((case.get("name"), kind))
    return points


def count(build):
    passed, failed, skipped = 0, [], 0
    points = read_points(build)
    for name, verdict in read_programs(build):
        own = points.get(name, [])
        bad = [f"{build}: {name}: {point}" for point, kind in own if kind == "bad"]
        if verdict in BAD and not bad:
            bad = [f"{build}: {name}: {verdict}"]
        failed += bad
        passed += sum(kind == "good" for _, kind in own) if own else verdict == "OK"
        skipped += sum(kind == "skipped" for _, kind in own) if own else verdict == "SKIP"
    return passed, failed, skipped


def main(broken, builds):
    passed, failed = 0, []
    print()
    for build in builds:
        p, f, s = count(build)
        print(f"{build}: {p} passed, {len(f)} failed, {s} skipped")
        passed += p
        failed += f
    for line in failed:
        print("FAILED " + line)
    if broken:
        print(f"{broken} of the builds failed")
    print(f"{passed} passed, {len(failed) + broken} failed")
    return 0 if passed and not failed and not broken else 1


sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
