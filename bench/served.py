"""served.py - what only the whole daemon shows: the time from a submitted job to its first step, and its peak memory.

A real daemon on a free port, with its state in a folder that goes away with it, is asked over HTTP as any client
does."""
import http.client
import json
import pathlib
import re
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
JOB = json.loads((ROOT / "docs/mnist.json").read_text(encoding="utf-8")) | {"epochs": 2}
PARTS = {"x_train": "train-images-idx3-ubyte", "y_train": "train-labels-idx1-ubyte",
         "x_test": "t10k-images-idx3-ubyte", "y_test": "t10k-labels-idx1-ubyte"}
POLL_SECONDS = 0.0005
FINAL = ("succeeded", "failed", "cancelled")


class Daemon:
    """Started at once, and stopped at the end of `with`; the state is left where it is."""

    def __init__(self, program, state, log):
        self.process = subprocess.Popen([program, "--state", state, "--listen", "127.0.0.1:0"], text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        ready = re.match(r"epochd \S+ listening on http://127\.0\.0\.1:([0-9]+)$", self.process.stdout.readline())
        if not ready:
            raise SystemExit(f"the daemon does not start; its log is {log.name}")
        self.connection = http.client.HTTPConnection("127.0.0.1", int(ready.group(1)), timeout=600)
        self.token = pathlib.Path(state, "token").read_text(encoding="ascii").strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, method, path, body=None):
        kind = "application/json" if isinstance(body, str) else "application/octet-stream"
        self.connection.request(method, path, body, {"Authorization": f"Bearer {self.token}", "Content-Type": kind})
        answer = self.connection.getresponse()
        text = answer.read()
        if not 200 <= answer.status < 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text else None

    def upload(self, folder):
        for part, name in PARTS.items():
            self.ask("PUT", f"/v1/datasets/mnist/{part}", pathlib.Path(folder, name).read_bytes())

    def submit(self):
        return self.ask("POST", "/v1/jobs", json.dumps(JOB))["id"]

    def wait(self, job, done):
        while not done(seen := self.ask("GET", f"/v1/jobs/{job}")):
            time.sleep(POLL_SECONDS)
        return seen

    def peak_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s*([0-9]+) kB", status).group(1)) * 1024


def has_stepped(job):
    if job["status"] == "failed":
        raise SystemExit(f"the job failed: {job}")
    return job["progress"]["step"] > 0 or job["progress"]["epoch"] > 0


def first_step_seconds(daemon):
    """From before the request to the first step seen by polling; the job is taken away again."""
    begin = time.perf_counter()
    job = daemon.submit()
    daemon.wait(job, has_stepped)
    seconds = time.perf_counter() - begin
    daemon.ask("POST", f"/v1/jobs/{job}/cancel")
    daemon.wait(job, lambda seen: seen["status"] in FINAL)
    daemon.ask("DELETE", f"/v1/jobs/{job}")
    return seconds


def measure(program, data, submissions):
    """Seconds to the first step, one a submission; then the peak of bytes of a daemon that does the job alone."""
    with tempfile.TemporaryDirectory(prefix="epochd-bench-") as folder, open(f"{folder}/log", "a",
                                                                             encoding="utf-8") as log:
        state = f"{folder}/state"
        with Daemon(program, state, log) as daemon:
            daemon.upload(data)
            seconds = [first_step_seconds(daemon) for _ in range(submissions)]
        with Daemon(program, state, log) as daemon:
            job = daemon.submit()
            daemon.wait(job, lambda seen: seen["status"] in FINAL)
            return seconds, daemon.peak_bytes()
