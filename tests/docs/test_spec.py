#!/usr/bin/env python3
"""test_spec.py DAEMON ROOT - docs/spec.md is what the daemon's catalogue makes it, and every example of docs/api.md is
a job that the daemon takes. TAP."""
import json
import pathlib
import re
import sys
import urllib.request

DAEMON, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "tests/docs")]
import make_spec  # noqa: E402  (they lie in folders of their own)
import test_readme  # noqa: E402


def examples():
    """The JSON blocks of the page: the first is a whole job, each other one some of its fields."""
    blocks = re.findall(r"^```json\n(.*?)^```$", (ROOT / "docs/api.md").read_text(encoding="utf-8"), re.S | re.M)
    whole, *fields = [json.loads(block) for block in blocks]
    return [whole] + [{**whole, **some} for some in fields]


def forecast(daemon, job):
    request = urllib.request.Request(daemon.url + "/v1/jobs?dry_run=true", json.dumps(job).encode(),
                                     {"Authorization": "Bearer " + daemon.token, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["forecast"]


def check(daemon):
    catalog = daemon.request("GET", "/v1/catalog")
    same = make_spec.document(catalog) == (ROOT / "docs/spec.md").read_text(encoding="utf-8")
    yield "docs/spec.md is up to date: curl … /v1/catalog | docs/make_spec.py > docs/spec.md", same
    documented = {key for key, *_ in make_spec.PARTS}
    yield "every list of the catalogue has its place", set(catalog) == documented
    daemon.upload(1000)
    for job in examples():
        yield f"a job with {', '.join(list(job)[-3:])}", forecast(daemon, job)["parameters"] > 0


if __name__ == "__main__":
    test_readme.run(check)
