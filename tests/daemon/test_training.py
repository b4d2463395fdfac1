#!/usr/bin/env python3
"""What a spec says of the training comes about through the public interface: validation kept back, class weights, early
stopping, confusion matrices; and kill -9 changes none of it."""
import os
import random
import sqlite3
import struct

from harness import JOB, Daemon, dataset, equal, run

STOPS = {"type": "EarlyStopping", "monitor": "val_loss", "patience": 3, "min_delta": 100}  # never improves: epoch 4
REASON = "stopped by EarlyStopping after epoch 4: val_loss did not improve any more"

# A layer of every kind that has a state, an optimizer with means of the weights, metrics that remember.
STATEFUL = {
    "model": {"layers": [
        {"type": "Conv2D", "filters": 8, "kernel_size": 3},
        {"type": "BatchNormalization"},
        {"type": "Activation", "activation": "relu"},
        {"type": "MaxPooling2D", "pool_size": 2},
        {"type": "Dropout", "rate": 0.3},
        {"type": "Flatten"},
        {"type": "Dense", "units": 16, "activation": "relu"},
        {"type": "Dense", "units": 4, "activation": "softmax"}]},
    "validation": {"fraction": 0.3},
    "class_weight": {"1": 2.5},
    "augment": [{"type": "RandomTranslation", "height_factor": 0.1, "width_factor": 0.1}],
    "optimizer": {"type": "Adam", "use_ema": True, "ema_momentum": 0.9},
    "metrics": ["accuracy", "auc", "f1_score"],
    "callbacks": [{"type": "EarlyStopping", "monitor": "val_auc", "patience": 50, "restore_best_weights": True},
                  {"type": "ReduceLROnPlateau", "monitor": "val_loss", "patience": 2}],
    "batch_size": 64,
}


def status_events(daemon, job):
    events = daemon.ask("GET", f"/v1/jobs/{job}/events")["data"]
    return [(e["data"]["status"], e["data"]["reason"]) for e in events if e["type"] == "status"]


def early_stopping_ends_a_job():
    with Daemon("--threads", "1") as daemon:
        daemon.upload()
        job = daemon.submit(epochs=20, callbacks=[STOPS])
        done = daemon.wait(job, "succeeded")
        equal((done["progress"]["epoch"], done["progress"]["epochs"]), (4, 20))
        equal(done["progress"]["eta_seconds"], None)
        equal(len(daemon.ask("GET", f"/v1/jobs/{job}/epochs")["data"]), 4)
        equal(status_events(daemon, job)[-1], ("succeeded", REASON))


def a_job_that_was_stopped_stays_stopped():
    """As if the daemon had died between the last epoch and the job's last move."""
    with Daemon("--threads", "1") as daemon:
        daemon.upload()
        job = daemon.submit(epochs=20, callbacks=[STOPS])
        result = daemon.result(job)
        daemon.kill()
        with sqlite3.connect(os.path.join(daemon.state, "epochd.db")) as db:
            name, text = db.execute("SELECT name, sql FROM sqlite_schema WHERE name = 'jobs_move_legally'").fetchone()
            db.execute(f"DROP TRIGGER {name}")
            db.execute("UPDATE jobs SET status = 'running', finished_at = 0 WHERE id = ?", (job,))
            db.execute(text)
        db.close()
        daemon.start()
        equal(daemon.result(job), result)
        equal(daemon.job(job)["attempts"], 2, "attempts")
        equal(status_events(daemon, job)[-1], ("succeeded", REASON))


def some_samples_are_kept_back():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(samples=600)
        for stratify in (True, False):
            job = daemon.submit(validation={"fraction": 0.3, "stratify": stratify}, epochs=1)
            daemon.wait(job, "succeeded")
            shown = daemon.job(job)
            equal(shown["spec"]["validation"], {"fraction": 0.3, "stratify": stratify})
            equal(shown["forecast"]["training_samples"], 420)
            equal((shown["progress"]["steps_per_epoch"], shown["forecast"]["last_batch_size"]), (18, 12))
            seen = daemon.ask("GET", f"/v1/jobs/{job}/evaluation")
            equal(seen["samples"], 180)
            supports = [c["support"] for c in seen["per_class"]]
            labels = dataset(samples=600, side=10, seed=1)["y_train"][8:]
            wanted = [0.3 * labels.count(label) for label in range(4)]
            assert (max(abs(s - w) for s, w in zip(supports, wanted)) < 1) == stratify, (supports, wanted)


def the_evaluation_is_that_of_the_epoch():
    with Daemon("--threads", "2") as daemon:
        daemon.upload()
        job = daemon.submit(epochs=3)
        daemon.wait(job, "succeeded")
        epochs = daemon.ask("GET", f"/v1/jobs/{job}/epochs")["data"]
        for epoch in epochs:
            seen = daemon.ask("GET", f"/v1/jobs/{job}/evaluation?epoch={epoch['epoch']}")
            matrix = seen["confusion_matrix"]
            right = sum(matrix[i][i] for i in range(4))
            equal((seen["classes"], seen["samples"]), (4, 150))
            assert abs(right / seen["samples"] - epoch["val_accuracy"]) < 1e-12, (seen, epoch)
        best = min(epochs, key=lambda e: e["val_loss"])["epoch"]
        equal(daemon.ask("GET", f"/v1/jobs/{job}/evaluation")["epoch"], best)


def a_class_that_counts_more_is_taken_more_often():
    with Daemon("--threads", "1") as daemon:
        daemon.upload()
        predicted = {}
        for weight in (1e-3, 1, 1e3):
            job = daemon.submit(class_weight={"2": weight}, epochs=1, optimizer={"type": "SGD", "learning_rate": 1e-3},
                                callbacks=[])
            daemon.wait(job, "succeeded")
            matrix = daemon.ask("GET", f"/v1/jobs/{job}/evaluation")["confusion_matrix"]
            predicted[weight] = sum(row[2] for row in matrix)
        assert predicted[1e-3] <= predicted[1] <= predicted[1e3] and predicted[1e-3] < predicted[1e3], predicted


def samples_count_as_the_data_set_says():
    """Twice the weight and half the learning rate are the same steps: doubling is exact."""
    with Daemon("--threads", "1") as daemon:
        daemon.upload(samples=600)
        twos = struct.pack(">HBBI", 0, 0x0d, 1, 600) + struct.pack(">600f", *[2.0] * 600)
        daemon.ask("PUT", "/v1/datasets/tiny/sample_weight_train", twos)
        models = []
        for weighs, rate in ((True, 0.0625), (False, 0.125), (False, 0.0625)):
            job = daemon.submit(sample_weight=weighs, optimizer={"type": "SGD", "learning_rate": rate}, callbacks=[])
            daemon.wait(job, "succeeded")
            models.append(daemon.ask("GET", f"/v1/jobs/{job}/model"))
        equal(models[0] == models[1], True, "twice the weight is twice the learning rate")
        equal(models[0] == models[2], False, "and not once")


def kills_change_nothing_that_is_remembered():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(samples=6400, side=16)
        calm_job = daemon.submit(**STATEFUL, epochs=8)
        calm = daemon.result(calm_job)
        job = daemon.submit(**STATEFUL, epochs=8)
        draw = random.Random(3)
        for epoch in range(7):
            daemon.wait_step(job, epoch, draw.randrange(1, 60))
            daemon.kill()
            daemon.start()
        equal(daemon.result(job), calm)
        for epoch in (1, "last", "best"):
            seen = [daemon.ask("GET", f"/v1/jobs/{j}/evaluation?epoch={epoch}") for j in (calm_job, job)]
            equal(seen[0], seen[1])


def the_best_weights_come_back():
    with Daemon("--threads", "1") as daemon:
        daemon.upload()
        stops = {**STOPS, "restore_best_weights": True}
        job = daemon.submit(epochs=20, callbacks=[stops])
        daemon.wait(job, "succeeded")
        model = [daemon.ask("GET", f"/v1/jobs/{job}/model?checkpoint={which}") for which in ("1", "3", "last")]
        header = [m[8 + int.from_bytes(m[:8], "little"):] for m in model]  # the values alone
        equal(header[2], header[0], "the last weights are those of the first epoch, the best")
        assert header[1] != header[0]


def what_cannot_be_is_refused_before_it_is_queued():
    with Daemon("--threads", "1") as daemon:
        daemon.upload(samples=600)
        for fields, pointer in (({"validation": {"fraction": 0.0001}}, "/validation/fraction"),
                                ({"class_weight": {"4": 1}}, "/class_weight/4"),
                                ({"last_batch": "drop", "batch_size": 601}, "/last_batch"),
                                ({"steps_per_epoch": 26}, "/steps_per_epoch"),
                                ({"callbacks": ["EarlyStopping"], "validation": None}, "/callbacks/0/monitor")):
            status, problem = daemon.request("POST", "/v1/jobs", {**JOB, **fields})
            equal((status, [e["pointer"] for e in problem["errors"]]), (422, [pointer]))


run([early_stopping_ends_a_job, a_job_that_was_stopped_stays_stopped, some_samples_are_kept_back,
     the_evaluation_is_that_of_the_epoch, a_class_that_counts_more_is_taken_more_often,
     samples_count_as_the_data_set_says, kills_change_nothing_that_is_remembered, the_best_weights_come_back,
     what_cannot_be_is_refused_before_it_is_queued])
