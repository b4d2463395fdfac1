#!/usr/bin/env python3
"""What the scheduler does with jobs, and that none of it changes a bit of what they compute."""
import signal
import time

from harness import Daemon, Skip, equal, run, wait_for

LONG = {"samples": 4000, "side": 16}   # an epoch of some 20 ms
LONG_EPOCHS = 25


def pauses_change_no_bit():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(**LONG)
        calm = daemon.result(daemon.submit(epochs=LONG_EPOCHS))
        job = daemon.submit(epochs=LONG_EPOCHS)
        in_mid_epoch = 0
        for epoch in (1, 5, 9, 13):
            daemon.wait_step(job, epoch, 20)
            daemon.ask("POST", f"/v1/jobs/{job}/pause")
            daemon.wait(job, "paused")
            last = max(daemon.ask("GET", f"/v1/jobs/{job}/checkpoints")["data"], key=lambda c: c["step"])
            in_mid_epoch += not last["finished_epoch"]
            daemon.ask("POST", f"/v1/jobs/{job}/resume")
        equal(daemon.result(job), calm)
        assert in_mid_epoch > 0, "every pause hit the end of an epoch"


def a_paused_job_stays_paused():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(**LONG)
        job = daemon.submit(epochs=LONG_EPOCHS)
        daemon.wait_step(job, 1)
        daemon.ask("POST", f"/v1/jobs/{job}/pause")
        daemon.wait(job, "paused")
        equal(daemon.stop(), 0)
        daemon.start()
        other = daemon.submit(epochs=1)
        daemon.wait(other, "succeeded")
        equal(daemon.job(job)["status"], "paused")


def a_cancelled_job_ends_and_makes_room():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(**LONG)
        first, second = daemon.submit(epochs=10000), daemon.submit(epochs=1)
        daemon.wait_step(first)
        equal(daemon.job(second)["status"], "queued")
        daemon.ask("POST", f"/v1/jobs/{first}/cancel")
        daemon.wait(first, "cancelled")
        daemon.wait(second, "succeeded")


def two_at_once_give_what_each_gives_alone():
    with Daemon("--threads", "2") as daemon:
        daemon.upload(**LONG)
        alone = [daemon.result(daemon.submit(epochs=12, seed=seed)) for seed in (1, 2)]
        assert alone[0] != alone[1]
        jobs = [daemon.submit(epochs=12, seed=seed) for seed in (1, 2)]
        wait_for("two running jobs", lambda: all(daemon.job(job)["status"] == "running" for job in jobs))
        equal([daemon.result(job) for job in jobs], alone)


def no_more_jobs_than_cores_run_at_once():
    with Daemon("--threads", "2") as daemon:
        daemon.upload(**LONG)
        jobs = [daemon.submit(epochs=8) for _ in range(5)]
        most = 0
        while not all(daemon.job(job)["status"] == "succeeded" for job in jobs):
            most = max(most, len(daemon.ask("GET", "/v1/jobs?status=running")["data"]))
            assert not daemon.ask("GET", "/v1/jobs?status=failed")["data"]
        equal(most, 2, "running at once")


def threads_change_no_bit():
    with Daemon("--threads", "3") as daemon:
        daemon.upload()
        results = [daemon.result(daemon.submit(threads=threads)) for threads in (1, 2, 3, 0)]
        for result in results[1:]:
            equal(result, results[0])


def kernel_sets_change_no_bit():
    flags = open("/proc/cpuinfo").read().split()
    sets = ["scalar"] + [name for name, flag in (("avx2", "avx2"), ("avx512", "avx512vl"),
                                             ("avx512bf16", "avx512_bf16"), ("neon", "asimd"))
                         if flag in flags]
    if len(sets) == 1:
        raise Skip("this CPU has the scalar set alone")
    results = {}
    for name in sets:
        with Daemon("--threads", "2", env={"EPOCHD_ISA": name}) as daemon:
            equal(daemon.ask("GET", "/v1/server")["isa"], name)
            daemon.upload()
            results[name] = daemon.result(daemon.submit())
    for name in sets[1:]:
        equal(results[name], results["scalar"], name)


def the_higher_priority_goes_first_then_the_older():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(**LONG)
        first = daemon.submit(epochs=20)
        daemon.wait_step(first)
        wanted = [daemon.submit(epochs=1, priority=priority) for priority in (0, 5, 0, 5)]
        for job in wanted:
            daemon.wait(job, "succeeded")
        order = sorted(wanted, key=lambda job: daemon.job(job)["started_at"])
        equal(order, [wanted[1], wanted[3], wanted[0], wanted[2]])


def the_memory_budget_holds():
    with Daemon("--threads", "4") as daemon:
        daemon.upload(**LONG)
        bytes_needed = daemon.job(daemon.submit(batch_size=4000, epochs=1))["forecast"]["bytes"]["total"]
        equal(daemon.stop(), 0)
        assert bytes_needed > 1 << 20, bytes_needed
        daemon.arguments += ["--memory", str(bytes_needed * 5 // 2)]  # room for two
        daemon.start()
        jobs = [daemon.submit(batch_size=4000, epochs=8) for _ in range(4)]
        most = 0
        while any(daemon.job(job)["status"] != "succeeded" for job in jobs):
            server = daemon.ask("GET", "/v1/server")
            most = max(most, server["memory_used_bytes"])
            assert server["memory_used_bytes"] <= server["memory_bytes"], server
        equal(most, 2 * bytes_needed, "memory used")
        status, problem = daemon.request("POST", "/v1/jobs?dry_run=true", {
            "dataset": "tiny", "batch_size": 1 << 20, "loss": "sparse_categorical_crossentropy",
            "model": {"layers": [{"type": "Flatten"}, {"type": "Dense", "units": 65536},
                                 {"type": "Dense", "units": 4, "activation": "softmax"}]}})
        equal(status, 422, problem)


def progress_is_live_while_it_trains():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(**LONG)
        job = daemon.submit(epochs=LONG_EPOCHS)
        seen = daemon.wait_step(job, 2, 5)
        assert seen["progress"]["samples_per_second"] > 0, seen
        assert 0 <= seen["progress"]["eta_seconds"] < 3600, seen
        assert seen["metrics"]["loss"] > 0 and 0 <= seen["metrics"]["accuracy"] <= 1, seen
        daemon.wait(job, "succeeded")
        done = daemon.job(job)
        equal((done["progress"]["epoch"], done["attempts"], done["error"]), (LONG_EPOCHS, 1, None))
        equal(daemon.ask("GET", "/v1/server")["memory_used_bytes"], 0)


def a_job_that_diverges_fails_with_its_reason():
    with Daemon("--threads", "1") as daemon:
        daemon.upload()
        job = daemon.submit(optimizer={"type": "SGD", "learning_rate": 1e30}, epochs=50)
        failed = wait_for("failed job", lambda: (seen := daemon.job(job))["status"] == "failed" and seen)
        assert "loss" in failed["error"], failed
        daemon.wait(daemon.submit(epochs=1), "succeeded")


def a_stopped_process_goes_on():
    with Daemon("--threads", "2") as daemon:
        daemon.upload(**LONG)
        calm = daemon.result(daemon.submit(epochs=5))
        job = daemon.submit(epochs=5)
        daemon.wait_step(job)
        daemon.process.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        daemon.process.send_signal(signal.SIGCONT)
        equal(daemon.result(job), calm)


run([pauses_change_no_bit, a_paused_job_stays_paused, a_cancelled_job_ends_and_makes_room,
     two_at_once_give_what_each_gives_alone, no_more_jobs_than_cores_run_at_once, threads_change_no_bit,
     kernel_sets_change_no_bit, the_higher_priority_goes_first_then_the_older, the_memory_budget_holds,
     progress_is_live_while_it_trains, a_job_that_diverges_fails_with_its_reason, a_stopped_process_goes_on])
