"""harness.py - a real daemon on a free port with a state folder of its own, small data, and TAP.

A test file makes its list of functions and calls run(tests); each function takes no argument and raises to fail."""
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback

EPOCHD = os.path.abspath(sys.argv[1])
DEADLINE_SECONDS = 60  # for anything that should take one; generous for a loaded machine or a sanitizer
READY = re.compile(r"^epochd \S+ listening on http://(\[[0-9a-f:]+\]|[0-9.]+):([0-9]+)$")


class Skip(Exception):
    """What the test needs is not on this machine."""


def run(tests):
    failed = 0
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        begin = time.monotonic()
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
            print(f"# {time.monotonic() - begin:.1f} s")
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
    sys.exit(1 if failed else 0)


def equal(seen, wanted, what=""):
    assert seen == wanted, f"{what}: {seen!r} instead of {wanted!r}"


def wait_for(what, look):
    """The first true value of look()."""
    end = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"no {what} within {DEADLINE_SECONDS} seconds"
        time.sleep(0.003)


def run_to_end(*arguments, env=None, state=True):
    """Runs the daemon with arguments that make it end by itself; its exit code, stdout and stderr."""
    with tempfile.TemporaryDirectory() as folder:
        command = [EPOCHD, *(["--state", folder] if state else []), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS,
                              stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        return done.returncode, done.stdout, done.stderr


class Daemon:
    """Starts at once; `with` stops it and removes its state."""

    def __init__(self, *arguments, env=None, command=None, **options):
        self.folder = tempfile.mkdtemp(prefix="test_daemon_")
        self.state = os.path.join(self.folder, "state")
        self.arguments = ["--listen", "127.0.0.1:0", *arguments]
        self.env, self.command, self.options = env or {}, command or [EPOCHD], options
        self.process = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder)

    def spawn(self, **env):
        log = open(os.path.join(self.folder, "log"), "a")
        self.process = subprocess.Popen([*self.command, "--state", self.state, *self.arguments], text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                        env={**os.environ, **self.env, **env}, **self.options)
        log.close()

    def start(self, **env):
        self.spawn(**env)
        line = self.process.stdout.readline()
        found = READY.match(line.rstrip("\n"))
        assert found, f"the first line was {line!r}; the log: {self.log()}"
        self.host, self.port = found.group(1), int(found.group(2))
        root = f"/proc/{self.process.pid}/root"  # it may have mounts of its own
        self.token = open(root + os.path.join(self.state, "token")).read().strip()

    def start_on_disk(self):
        """With its state on what its command mounts at folder/disk."""
        self.state = os.path.join(self.folder, "disk", "state")
        self.start()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self, number=signal.SIGTERM):
        """Its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=DEADLINE_SECONDS)
        self.process.stdout.close()
        return code

    def log(self):
        return open(os.path.join(self.folder, "log")).read()

    # --- requests ---

    def request(self, method, path, body=None, headers=None):
        """Status, and the body as JSON if it is."""
        head = {"Authorization": "Bearer " + self.token, **(headers or {})}
        if isinstance(body, (dict, list)):
            body, head["Content-Type"] = json.dumps(body).encode(), "application/json"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE_SECONDS)
        try:
            connection.request(method, path, body, head)
            answer = connection.getresponse()
            data = answer.read()
            is_json = "json" in (answer.getheader("Content-Type") or "")
            return answer.status, json.loads(data) if is_json and data else data
        finally:
            connection.close()

    def ask(self, method, path, body=None, headers=None):
        """The body of an answer that must be a success."""
        status, data = self.request(method, path, body, headers)
        assert 200 <= status < 300, f"{method} {path}: {status} {data}"
        return data

    # --- data and jobs ---

    def upload(self, name="tiny", samples=600, side=10, seed=1):
        for part, content in dataset(samples, side, seed).items():
            self.ask("PUT", f"/v1/datasets/{name}/{part}", content, {"Content-Type": "application/octet-stream"})

    def submit(self, **fields):
        return self.ask("POST", "/v1/jobs", {**JOB, **fields})["id"]

    def job(self, job):
        return self.ask("GET", f"/v1/jobs/{job}")

    def wait(self, job, *statuses):
        def look():
            seen = self.job(job)
            assert seen["status"] in statuses or seen["status"] not in ("failed", "cancelled", "succeeded"), seen
            return seen["status"] in statuses and seen
        return wait_for(f"job that is {' or '.join(statuses)}", look)

    def wait_step(self, job, epoch=0, step=1):
        """Until it trains: `epoch` epochs are finished, and `step` steps of the next one."""
        def look():
            seen = self.job(job)
            assert seen["status"] in ("queued", "running"), f"it should still run: {seen}"
            at = seen["progress"]
            there = (at["epoch"], at["step"]) >= (epoch, step) and at["step"] > 0
            return seen["status"] == "running" and there and seen
        return wait_for(f"job in epoch {epoch}, step {step}", look)

    def result(self, job):
        """All that a finished job computed, and nothing of when: the digest of its last checkpoint (weights, moments,
        position), the weights as they are given out, and every metric of every epoch."""
        self.wait(job, "succeeded")
        checkpoints = self.ask("GET", f"/v1/jobs/{job}/checkpoints")["data"]
        last = max(checkpoints, key=lambda c: (c["step"], c["epoch"]))
        model = self.ask("GET", f"/v1/jobs/{job}/model?format=safetensors")
        timing = ("seconds", "samples_per_second", "phase_seconds")
        epochs = [{key: value for key, value in epoch.items() if key not in timing}
                  for epoch in self.ask("GET", f"/v1/jobs/{job}/epochs")["data"]]
        return last["sha256"], hashlib.sha256(model).hexdigest(), epochs


JOB = {
    "dataset": "tiny",
    "validation": {"split": "test"},
    "model": {"layers": [
        {"type": "Conv2D", "filters": 8, "kernel_size": 3, "activation": "relu"},
        {"type": "MaxPooling2D", "pool_size": 2},
        {"type": "Flatten"},
        {"type": "Dense", "units": 16, "activation": "relu"},
        {"type": "Dense", "units": 4, "activation": "softmax"}]},
    "loss": "sparse_categorical_crossentropy",
    "optimizer": "adam",
    "metrics": ["accuracy"],
    "batch_size": 24, "epochs": 3, "seed": 7,
}


def idx(shape, values):
    """An IDX file of bytes."""
    return struct.pack(">HBB", 0, 8, len(shape)) + b"".join(struct.pack(">I", n) for n in shape) + bytes(values)


def dataset(samples, side, seed):
    """Images of four kinds, one bright quarter each, with noise; a quarter as many for the test."""
    parts = {}
    draw = random.Random(seed)
    for split, count in (("train", samples), ("test", samples // 4)):
        labels = [draw.randrange(4) for _ in range(count)]
        pixels = bytearray(draw.randbytes(count * side * side))
        half = side // 2
        for i, label in enumerate(labels):
            for row in range(half):
                at = i * side * side + (row + half * (label // 2)) * side + half * (label % 2)
                pixels[at:at + half] = bytes(min(255, p // 2 + 128) for p in pixels[at:at + half])
        parts["x_" + split] = idx((count, side, side), pixels)
        parts["y_" + split] = idx((count,), labels)
    return parts
