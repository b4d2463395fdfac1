#!/usr/bin/env python3
"""test_performance.py TRAIN ROOT - docs/performance.md and the benchmarks it speaks of: its commands can be given,
every workload is a network that both sides take, and new figures find their place. Nothing is measured. TAP."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import re
import shlex
import subprocess
import sys

TRAIN, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "bench"))


def load(name):
    """A script without an ending, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / "bench" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    loader.exec_module(module)
    return module


run = load("run")
DOCUMENT = run.DOCUMENT.read_text(encoding="utf-8")


class Skip(Exception):
    """What the test needs is not on this machine."""


def refused(words):
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        run.parse_arguments(words)
        return False
    return True


def the_commands_of_the_page_can_be_given():
    lines = [shlex.split(line, comments=True)
             for block in re.findall(r"^```sh\n(.*?)^```$", DOCUMENT, re.S | re.M) for line in block.splitlines()]
    assert lines, "the page has no commands"
    for words in lines:
        assert words[0] == "apt-get" or (ROOT / words[0]).is_file(), words
        assert words[0] != "bench/run" or not refused(words[1:]), words


def an_unknown_workload_is_refused():
    assert refused(["mnist-63"])


def the_rows_of_the_page_are_those_of_a_run():
    _, _, figures = DOCUMENT.partition(run.BEGIN)
    figures, end, _ = figures.partition(run.END)
    assert end, "no place for figures"
    for line in figures.splitlines():
        cells = re.split(r" *\| *", line)[1:-1]
        known = cells[:1] and (cells[0] in run.WORKLOADS or cells[0] in run.SERVED)
        wanted = (len(run.COLUMNS), len(run.SERVED_COLUMNS))
        assert not known or len(cells) in wanted, line


def row(name, threads, text):
    columns = run.SERVED_COLUMNS if name in run.SERVED else run.COLUMNS
    return (name, threads, *[text] * (len(columns) - 2))


def new_rows_replace_old_ones():
    empty = f"above\n{run.BEGIN}{run.END}below\n"
    first = run.merge(empty, "this machine", [row("vgg", "1", "old"), row("memory", "peak", "old"),
                                              row("mnist-64", "2", "old")])
    second = run.merge(first, "this machine", [row("vgg", "1", "new"), row("mnist-64", "1", "new")])
    seen = [line.split(" | ")[:3] for line in second.splitlines() if "old" in line or "new" in line]
    assert seen == [["| mnist-64", "1", "new"], ["| mnist-64", "2", "old"], ["| vgg", "1", "new"],
                    ["| memory", "peak", "old"]], seen
    assert second.startswith("above\n") and second.endswith("below\n"), second


def rows_of_another_machine_are_dropped():
    empty = run.BEGIN + run.END
    first = run.merge(empty, "that machine", [row("vgg", "1", "old")])
    second = run.merge(first, "this machine", [row("vgg", "2", "new")])
    assert "old" not in second and "that" not in second and "new" in second, second


def side(name, threads, *runs):
    epoch = {"phase_seconds": {"data": 1, "forward": 3}, "loss": 0.5}
    return run.Side(name, run.WORKLOADS["mnist-64"], threads,
                    [run.Run([us], handover, epoch, {"train_flops": 1}) for us, handover in runs])


def runs_are_compared_within_one_mode():
    two = {"epochd": side("epochd", 2, (10, (60, 70)), (16, (220, 230)), (17, (230, 210))),
           "PyTorch": side("PyTorch", 2, (70, (50, 60)), (80, (210, 240)))}
    one = {"epochd": side("epochd", 1, (19, ())), "PyTorch": side("PyTorch", 1, (100, ()))}
    rows = list(run.train_rows({1: (one, 0), 2: (two, 0)}, {1: 1, 2: 1}, "now"))
    seen = [(row[1], row[4], row[8]) for row in rows]
    assert seen == [("1", "5.26x", ""), ("2 near", "7.00x", "1.90x of 1.85x"),
                    ("2 far", "4.85x", "1.15x of 1.85x")], seen
    assert run.Run([], (60, 220), {}, {}).mode is None
    assert {len(row) for row in rows} == {len(run.COLUMNS)}


def a_page_without_a_place_is_refused():
    try:
        run.merge("nothing", "this machine", [])
    except SystemExit as why:
        assert "no place" in str(why), why
    else:
        raise AssertionError("it was written")


def words_of(workload):
    """Two samples once: to see that it can be done."""
    return ["--layers", workload.layers, "--input", workload.shape, "--batch", "2", "--samples", "2", "--epochs", "1"]


def lines_of(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def the_engine_takes_every_network():
    mflop = {"mnist-64": 2.86, "mlp-64": 3.21, "vgg": 919, "resnet": 263}  # as the page says
    for workload in run.WORKLOADS.values():
        forecast, epoch = lines_of(TRAIN, *words_of(workload))
        assert epoch["loss"] > 0 and len(epoch["phase_seconds"]) == 5, epoch
        seen, wanted = forecast["train_flops"] / 1e6, mflop.get(workload.name)
        assert wanted is None or abs(seen - wanted) < 0.005 * wanted, (workload.name, seen)


def pytorch_takes_every_network():
    if subprocess.run(["/usr/bin/python3", "-c", "import torch"], capture_output=True, check=False).returncode != 0:
        raise Skip("needs python3-torch")
    for text in {w.layers: w for w in run.WORKLOADS.values()}.values():
        first, epoch, end = lines_of(run.PROGRAMS["PyTorch"], *words_of(text))
        assert first["first_step"] > 0 and epoch["loss"] > 0 and end["peak_bytes"] > 0, (first, epoch, end)


def the_engine_refuses_what_is_wrong():
    network = ["--layers", "Dense units=10 activation=softmax", "--input", "784"]
    for more, text in ((["--layers", "Dnse units=10"], 'no layer "Dnse"'), (["--layers", "Dense unit=1"], '"unit"'),
                       (["--layers", "Dense units=0"], "units"), (["--input", "28y28"], "28x28x1"),
                       (["--batch", "0"], "from 1"), (["--evaluate"], "--data"),
                       (["--data", "/nowhere", "--samples", "60001"], "60,000"),
                       (["--data", "/nowhere", "--input", "785"], "784"), (["--data", "/nowhere"], "/nowhere/train"),
                       (["--isa", "mmx"], "mmx")):
        done = subprocess.run([TRAIN, *network, *more], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and text in done.stderr, (more, done.returncode, done.stderr)


TESTS = (the_commands_of_the_page_can_be_given, an_unknown_workload_is_refused, the_rows_of_the_page_are_those_of_a_run,
         new_rows_replace_old_ones, rows_of_another_machine_are_dropped, runs_are_compared_within_one_mode,
         a_page_without_a_place_is_refused, the_engine_takes_every_network, pytorch_takes_every_network,
         the_engine_refuses_what_is_wrong)


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception as why:  # an assertion, or whatever else is wrong
            failed += 1
            print(f"not ok {number} - {name}\n# {type(why).__name__}: {why}", flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
