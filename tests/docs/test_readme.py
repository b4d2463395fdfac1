#!/usr/bin/env python3
"""test_readme.py DAEMON ROOT - runs the commands of README.md, as they stand there, against a real daemon. TAP."""
import gzip
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import urllib.request

DAEMON, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()


def commands():
    """The sh blocks of the README, one string each."""
    return re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.S | re.M)


def idx(kind, dims, values):
    return struct.pack(f">BBBB{len(dims)}I", 0, 0, kind, len(dims), *dims) + bytes(values)


class Daemon:
    """A daemon on a free port, its state where the README's commands look for it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        state = self.folder / "build/quickstart/state"
        state.mkdir(parents=True)
        self.process = subprocess.Popen([DAEMON, "--state", state, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.token = (state / "token").read_text().strip()

    def request(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, data=body, method=method,
                                         headers={"Authorization": "Bearer " + self.token})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def upload(self, samples):
        x = [(i * 7 + p * (i % 10)) % 256 for i in range(samples) for p in range(784)]
        y = [i % 10 for i in range(samples)]
        for part in ("train", "test"):
            self.request("PUT", f"/v1/datasets/mnist/x_{part}", gzip.compress(idx(8, (samples, 28, 28), x)))
            self.request("PUT", f"/v1/datasets/mnist/y_{part}", idx(8, (samples,), y))

    def shell(self, *blocks):
        """Runs blocks of the README in one shell; only the address differs, since the port is a free one."""
        script = "set -e\n" + "\n".join(blocks).replace("http://127.0.0.1:7070", self.url)
        return subprocess.run(["bash", "-c", script], cwd=self.folder, capture_output=True, text=True, timeout=120,
                              check=True).stdout


def quickstart_job(epochs):
    """The job of ./quickstart, shorter or longer."""
    return json.dumps(json.loads((ROOT / "docs/mnist.json").read_text(encoding="utf-8")) | {"epochs": epochs})


def check(daemon):
    daemon.upload(200)
    enter, submit, watch, stop, fetch = commands()
    job_file = daemon.folder / "build/quickstart/job.json"
    pause, cancel = stop.strip().split("\n")

    job_file.write_text(quickstart_job(2))
    stream = daemon.shell(enter, submit, watch, fetch)
    yield "submit, then watch to the end", "event: epoch" in stream and '"succeeded"' in stream
    weights = (daemon.folder / "model.safetensors").read_bytes()
    header = json.loads(weights[8:8 + struct.unpack("<Q", weights[:8])[0]])
    yield "the weights are those of the network", header["conv2d/kernel"]["shape"] == [3, 3, 1, 32]

    job_file.write_text(quickstart_job(1000))
    answer = json.loads(daemon.shell(enter, submit, pause))
    yield "pause", answer["status"] in ("pausing", "paused")
    answer = json.loads(daemon.shell(enter, submit, cancel))
    yield "cancel", answer["status"] in ("cancelling", "cancelled")


def run(check):
    """Prints as TAP what `check` finds with a daemon of its own, and ends the program."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="epochd-docs-") as folder:
        daemon = Daemon(folder)
        try:
            results = list(check(daemon))
        finally:
            daemon.process.terminate()
            daemon.process.wait(30)
    print(f"1..{len(results)}")
    for n, (name, passed) in enumerate(results, 1):
        failed += not passed
        print(f"{'ok' if passed else 'not ok'} {n} - {name}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    run(check)
