#!/usr/bin/env python3
"""watch.py URL HEADER-FILE JOB - shows a job train: one line that moves on a terminal, else one line an epoch.

HEADER-FILE holds the Authorization line for the API. Exits 0 when the job has succeeded, 1 when it ended
otherwise, 130 on Ctrl-C, which leaves the job running."""
import json
import shutil
import sys
import time
import urllib.error
import urllib.request

POLL_SECONDS = 0.2
BAR_CELLS_MIN, BAR_CELLS_MAX = 4, 40


class Api:
    def __init__(self, url, header_file):
        name, value = open(header_file).read().strip().split(": ", 1)
        self.url, self.headers = url, {name: value}

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers=self.headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def number(value, form, missing="-"):
    return missing if value is None else form.format(value)


def clock(seconds):
    return "--:--" if seconds is None else f"{int(seconds + 0.5) // 60:02d}:{int(seconds + 0.5) % 60:02d}"


def live_line(job, width):
    progress, metrics = job["progress"], job["metrics"]
    if job["status"] == "queued":
        return "waiting in the queue"
    steps = progress["steps_per_epoch"] or 1
    done = min(progress["step"] / steps, 1)
    epoch = min(progress["epoch"] + 1, progress["epochs"])  # finished ones are counted
    head = f"epoch {epoch}/{progress['epochs']} ["
    tail = (f"] {done:4.0%} loss {number(metrics['loss'], '{:.4f}')} accuracy {number(metrics['accuracy'], '{:.2%}')}"
            f" {number(progress['samples_per_second'], '{:,.0f}')} images/s ETA {clock(progress['eta_seconds'])}")
    cells = max(BAR_CELLS_MIN, min(BAR_CELLS_MAX, width - len(head) - len(tail)))
    filled = int(done * cells)
    return (head + "#" * filled + "." * (cells - filled) + tail)[:width]


def epoch_line(epoch, epochs):
    return (f"epoch {epoch['epoch']}/{epochs}  loss {epoch['loss']:.4f}  accuracy {epoch['accuracy']:.2%}"
            f"  val_loss {epoch['val_loss']:.4f}  val_accuracy {epoch['val_accuracy']:.2%}"
            f"  {epoch['seconds']:.2f} s  {epoch['samples_per_second']:,.0f} images/s")


def watch(api, path):
    """Follows the job to its end and returns it with its epochs."""
    terminal = sys.stdout.isatty()
    shown = 0
    while True:
        job = api.get(path)
        final = job["status"] in ("succeeded", "failed", "cancelled", "paused")
        epochs = api.get(path + "/epochs")["data"] if final or job["progress"]["epoch"] > shown else []
        for epoch in epochs[shown:]:
            print(("\r\033[K" if terminal else "") + epoch_line(epoch, job["spec"]["epochs"]), flush=True)
            shown += 1
        if final:
            if terminal:
                print("\r\033[K", end="", flush=True)
            return job, epochs
        if terminal:
            print("\r\033[K" + live_line(job, shutil.get_terminal_size().columns - 1), end="", flush=True)
        time.sleep(POLL_SECONDS)


def main(url, header_file, job_id):
    try:
        job, epochs = watch(Api(url, header_file), f"/v1/jobs/{job_id}")
    except KeyboardInterrupt:
        print("\nThe job goes on without a watcher.")
        return 130
    except (urllib.error.URLError, ConnectionError) as e:
        print(f"\nThe daemon does not answer: {e}", file=sys.stderr)
        return 1
    if job["status"] != "succeeded":
        print(f"The job is {job['status']}" + (f": {job['error']}" if job["error"] else ""), file=sys.stderr)
        return 1
    seconds = sum(e["seconds"] for e in epochs) / len(epochs)
    print(f"Accuracy on the test images: {epochs[-1]['val_accuracy']:.2%}, at {seconds:.2f} s an epoch")
    return 0


sys.exit(main(*sys.argv[1:4]))
