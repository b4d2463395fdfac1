#!/usr/bin/env python3
"""kill -9 and SIGTERM at any time: the job goes on unasked, to the same bits. A full disk: it waits, and goes on."""
import os
import random
import shutil
import subprocess
import time

from harness import EPOCHD, Daemon, Skip, equal, run, wait_for

KILLS = 20
EPOCHS = 45   # more than the kills take: about one and a half between one and the next
LARGE = {"samples": 6400, "side": 20}   # an epoch of some 50 ms, so that a kill falls in its middle
STEPS = 6400 // 64


def large_job(daemon, **fields):
    return daemon.submit(**{"batch_size": 64, "epochs": EPOCHS, **fields})


def twenty_kills_change_no_bit():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(**LARGE)
        calm = daemon.result(large_job(daemon, name="calm"))
        job = large_job(daemon, name="killed")
        draw = random.Random(20)
        for kill in range(KILLS):
            epoch = daemon.job(job)["progress"]["epoch"]
            # Every other time before the first epoch since the last start is stored: that work is lost and done again.
            daemon.wait_step(job, epoch + kill % 2, draw.randrange(1, STEPS))
            daemon.kill()
            daemon.arguments[-1] = "2" if kill % 5 == 3 else "1"  # which must not matter either
            daemon.start()
        killed = daemon.result(job)
        equal(daemon.job(job)["attempts"], KILLS + 1, "attempts")
        equal(killed, calm)
        equal(daemon.stop(), 0)


def a_polite_stop_keeps_every_step():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(**LARGE)
        calm = daemon.result(large_job(daemon, epochs=6))
        job = large_job(daemon, epochs=6)
        for epoch in (0, 2, 4):
            before = daemon.wait_step(job, epoch, STEPS // 3)["progress"]
            equal(daemon.stop(), 0)
            daemon.start()
            after = daemon.job(job)
            assert after["status"] in ("queued", "running"), after
            at = after["progress"]
            assert (at["epoch"], at["step"]) >= (before["epoch"], before["step"]), f"fell from {before} to {at}"
        equal(daemon.result(job), calm)
        equal(daemon.job(job)["attempts"], 4, "attempts")


def a_waiting_job_waits_on():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(**LARGE)
        first, second = large_job(daemon), large_job(daemon, epochs=2)
        daemon.wait_step(first)
        daemon.kill()
        daemon.start()
        assert daemon.job(second)["status"] == "queued"
        daemon.ask("POST", f"/v1/jobs/{first}/cancel")
        daemon.wait(second, "succeeded")


def what_was_being_paused_or_cancelled_is():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(**LARGE)
        job = large_job(daemon)
        daemon.wait_step(job, 1)
        daemon.ask("POST", f"/v1/jobs/{job}/pause")
        daemon.kill()
        daemon.start()
        daemon.wait(job, "paused")
        daemon.ask("POST", f"/v1/jobs/{job}/resume")
        daemon.wait_step(job, 2)
        daemon.ask("POST", f"/v1/jobs/{job}/cancel")
        daemon.kill()
        daemon.start()
        daemon.wait(job, "cancelled")


def a_job_that_kills_the_daemon_three_times_is_failed():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(samples=40000, side=20)
        job = large_job(daemon, epochs=1)
        for _ in range(40):  # three in a row must fall before its first checkpoint, a quarter of a second in
            daemon.wait_step(job)
            daemon.kill()
            daemon.start()
            failed = daemon.job(job)
            if failed["status"] == "failed":
                break
        equal(failed["status"], "failed")
        assert "3 times" in failed["error"], failed
        other = daemon.submit(epochs=1)
        daemon.wait(other, "succeeded")


def a_daemon_killed_again_and_again_within_an_epoch_gets_on():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(samples=40000, side=20)
        calm = daemon.result(large_job(daemon, epochs=1))
        job = large_job(daemon, epochs=1)
        for _ in range(5):  # each kill comes after a checkpoint that the life before it had not
            wait_for("checkpoint", lambda: len(daemon.ask("GET", f"/v1/jobs/{job}/checkpoints")["data"]) > 0)
            step = daemon.ask("GET", f"/v1/jobs/{job}/checkpoints")["data"][-1]["step"]
            wait_for("another", lambda: daemon.ask("GET", f"/v1/jobs/{job}/checkpoints")["data"][-1]["step"] > step
                     or daemon.job(job)["status"] == "succeeded")
            daemon.kill()
            daemon.start()
        equal(daemon.result(job), calm)


def a_full_disk_is_waited_for():
    """On a file system of a few MB in a mount namespace of the daemon's own."""
    inside = ["unshare", "--user", "--map-root-user", "--mount", "--"]
    if not shutil.which("unshare") or subprocess.run([*inside, "true"], capture_output=True).returncode:
        raise Skip("no user namespaces here")
    script = 'mount -t tmpfs -o size=16m epochd "$(dirname "$2")" && exec "$0" "$@"'  # $2: the value of --state
    with Daemon("--threads", "1") as daemon:
        daemon.upload(samples=2000, side=20)
        calm = daemon.result(daemon.submit(epochs=30))
        equal(daemon.stop(), 0)
        os.mkdir(os.path.join(daemon.folder, "disk"))
        daemon.command = [*inside, "sh", "-c", script, EPOCHD]
        daemon.start_on_disk()
        daemon.upload(samples=2000, side=20)
        disk = f"/proc/{daemon.process.pid}/root{daemon.folder}/disk"
        room = os.statvfs(disk)
        with open(disk + "/filler", "wb") as filler:  # leaves room for a few epochs
            filler.write(bytes(room.f_bavail * room.f_frsize - 400_000))
        job = daemon.submit(epochs=30)
        wait_for("full disk", lambda: "event=checkpoint_waits" in daemon.log())
        stuck = daemon.job(job)
        equal(stuck["status"], "running")
        time.sleep(0.2)
        equal(daemon.job(job)["progress"]["epoch"], stuck["progress"]["epoch"])
        os.unlink(disk + "/filler")
        equal(daemon.result(job), calm)
        equal(daemon.job(job)["attempts"], 1, "attempts")
        equal(daemon.stop(), 0)


run([twenty_kills_change_no_bit, a_polite_stop_keeps_every_step, a_waiting_job_waits_on,
     what_was_being_paused_or_cancelled_is, a_job_that_kills_the_daemon_three_times_is_failed,
     a_daemon_killed_again_and_again_within_an_epoch_gets_on, a_full_disk_is_waited_for])
