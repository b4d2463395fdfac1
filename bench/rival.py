#!/usr/bin/python3
"""rival.py - the rival: a network trained in PyTorch 1.13 from Debian (python3-torch), at its best settings.

    bench/rival.py --layers TEXT --input 28x28x1 [--batch B] [--threads N] [--epochs E] [--samples S]
                   [--data DIR] [--evaluate] [--settings JSON]

Takes what bench/train takes, so that one text is the network of both sides, and prints the same JSON lines: one an
epoch, `seconds` being those of the training alone, `evaluate_seconds` those of MNIST's 10,000 test images. A line
before them says when the first step was done (monotonic clock), one behind them the peak of memory. Weights begin as
Keras's.

What is always done, since it was always better (seconds an epoch of MNIST, batch 64, one thread, a 2-core Zen 5):
  OpenBLAS in place of the reference BLAS    33 -> 6       Debian only recommends it: install libopenblas0-pthread
  OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE unset  7.4 -> 5.7    OpenBLAS then picks the kernels of this very CPU
  malloc thresholds of 1 GiB                 else big tensors are mapped and cleared anew in every step
  ReLU and Add in place                      6.0 -> 5.6
What depends on the workload is in SETTINGS, with the values that are best for most; workloads.py has the exceptions,
found by `bench/run --tune`. OpenMP's threads are left to spin while they wait, its default: OMP_WAIT_POLICY=passive
takes 8.5 s on two threads, not 5.5. That is right on an idle machine; on a busy one PyTorch then takes minutes.
No gain: jit.script, flush_denormal, OMP_PROC_BIND, BLIS, OpenBLAS with OpenMP."""
import argparse
import json
import os
import resource
import sys
import time

SETTINGS = {
    "channels_last": True,  # convolutions on NHWC; flattened as such, since torch.flatten would copy into NCHW
    "foreach": True,  # Adam over lists of tensors
    "huge_pages": True,  # for malloc
    "mkldnn": True,  # oneDNN's convolutions
    "trace": False,  # torch.jit.trace
    "torch_threads": None,  # None: all. OpenBLAS's threads and PyTorch's fight, so one of the two has one thread
    "openblas_threads": 1,
    "evaluate_batch": None,  # None: that of the training
}
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
MNIST_TRAIN, MNIST_TEST, CLASSES = 60_000, 10_000, 10


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", required=True, metavar="TEXT")
    parser.add_argument("--input", required=True, metavar="28x28x1", type=lambda s: [int(n) for n in s.split("x")])
    parser.add_argument("--batch", type=int, default=64, metavar="B")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--epochs", type=int, default=3, metavar="E")
    parser.add_argument("--samples", type=int, default=MNIST_TRAIN, metavar="S")
    parser.add_argument("--data", metavar="DIR", help="folder of MNIST's IDX files; without it the images are noise")
    parser.add_argument("--evaluate", action="store_true", help="MNIST's test images after each epoch")
    parser.add_argument("--settings", default={}, type=json.loads, metavar="JSON")
    arguments = parser.parse_args()
    arguments.settings = SETTINGS | arguments.settings
    return arguments


def use_environment(settings):
    """malloc and OpenBLAS read the environment when the process starts, so the settings need a new one."""
    wanted = {
        "OPENBLAS_NUM_THREADS": str(settings["openblas_threads"]),
        "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
        "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
        "GLIBC_TUNABLES": f"glibc.malloc.hugetlb={settings['huge_pages']:d}",
    }
    if all(os.environ.get(name) == value for name, value in wanted.items()) and not set(UNSET) & set(os.environ):
        return
    environment = {name: value for name, value in os.environ.items() if name not in UNSET} | wanted
    os.execve("/usr/bin/python3", ["/usr/bin/python3", *sys.argv], environment)


ARGUMENTS = parse_arguments()
use_environment(ARGUMENTS.settings)
import numpy  # noqa: E402  after the settings, which only a new process sees
import torch  # noqa: E402
from torch.nn import functional  # noqa: E402


# --- data -------------------------------------------------------------------------------------------------------------

def load_data(part, count):
    """Images as bytes in memory, in the order of axes that the network takes; labels as cross_entropy wants them."""
    if ARGUMENTS.data is None:
        images = torch.randint(0, 256, (count, *ARGUMENTS.input), dtype=torch.uint8)
        labels = torch.arange(count) % CLASSES
    else:
        images = numpy.fromfile(os.path.join(ARGUMENTS.data, part + "-images-idx3-ubyte"), numpy.uint8, offset=16)
        labels = numpy.fromfile(os.path.join(ARGUMENTS.data, part + "-labels-idx1-ubyte"), numpy.uint8, offset=8)
        images = torch.from_numpy(images.reshape(-1, *ARGUMENTS.input))[:count]
        labels = torch.from_numpy(labels.astype(numpy.int64))[:count]
    if images.dim() == 4 and not ARGUMENTS.settings["channels_last"]:
        images = images.permute(0, 3, 1, 2).contiguous()
    return images, labels


def prepare(images):
    """A batch of bytes as the network's input; in channels-last order that is a view of the numbers where they are."""
    x = images.float().mul_(1 / 255)
    return x.permute(0, 3, 1, 2) if ARGUMENTS.settings["channels_last"] and x.dim() == 4 else x


# --- the network ------------------------------------------------------------------------------------------------------

def pair(text):
    rows, _, columns = text.partition("x")
    return int(rows), int(columns or rows)


def padding(arguments, size):
    """Where Keras pads an odd number of rows, one side more, this pads both alike: the same work."""
    return tuple(k // 2 if arguments.get("padding") == "same" else 0 for k in size)


def conv2d(x, a):
    size = pair(a["kernel_size"])
    return torch.nn.Conv2d(x.shape[1], int(a["filters"]), size, pair(a.get("strides", "1")), padding(a, size),
                           bias=a.get("use_bias") != "false")


def dense(x, a):
    return torch.nn.Linear(x.shape[1], int(a["units"]), bias=a.get("use_bias") != "false")


def batch_normalization(x, a):
    return torch.nn.BatchNorm2d(x.shape[1], eps=1e-3, momentum=0.01)


def max_pooling2d(x, a):
    size = pair(a.get("pool_size", "2"))
    return torch.nn.MaxPool2d(size, pair(a["strides"]) if "strides" in a else size, padding(a, size))


def flatten(x):
    return (x.permute(0, 2, 3, 1) if ARGUMENTS.settings["channels_last"] else x).flatten(1)


MODULES = {"Conv2D": conv2d, "Dense": dense, "BatchNormalization": batch_normalization, "MaxPooling2D": max_pooling2d}
FUNCTIONS = {
    "Flatten": flatten,
    "GlobalAveragePooling2D": lambda x: x.mean((2, 3)),
    "Activation": lambda x: x,
    "Add": lambda x, y: x.add_(y),  # in place: no layer of these networks needs its output again for that
}


class Network(torch.nn.Module):
    """The network of a text, as tests/engine/network.h reads it. Its output are logits: cross_entropy does softmax."""

    def __init__(self, text, x):
        super().__init__()
        self.steps = []
        values = {"input": x}
        last = "input"
        for number, words in enumerate(text.split(";")):
            kind, *rest = words.split()
            arguments = dict(word.split("=") for word in rest)
            inputs = arguments.get("inputs", last).split(",")
            last = arguments.get("name", str(number))
            call = FUNCTIONS.get(kind)
            if call is None:
                call = MODULES[kind](values[inputs[0]], arguments).eval()
                self.add_module(last, call)
            self.steps.append((call, arguments.get("activation") == "relu", inputs, last))
            values[last] = self.work(values, *self.steps[-1])
        self.last = last

    @staticmethod
    def work(values, call, relu, inputs, name):
        y = call(*[values[i] for i in inputs])
        return functional.relu(y, inplace=True) if relu else y

    def forward(self, x):
        values = {"input": x}
        for step in self.steps:
            values[step[3]] = self.work(values, *step)
        return values[self.last]


def make_network(images):
    x = prepare(images)
    with torch.no_grad():
        network = Network(ARGUMENTS.layers, x)
    for layer in network.modules():  # Keras's initializers, so that the losses can be compared
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
            torch.nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                torch.nn.init.zeros_(layer.bias)
    if ARGUMENTS.settings["channels_last"]:
        network = network.to(memory_format=torch.channels_last)
    network.train()
    return torch.jit.trace(network, x) if ARGUMENTS.settings["trace"] else network


# --- training ---------------------------------------------------------------------------------------------------------

def say(**fields):
    print(json.dumps(fields), flush=True)


def train_epoch(network, optimizer, images, labels, after_step):
    """The mean loss of the samples as they were seen."""
    order = torch.randperm(len(images))
    loss_sum = torch.zeros(())
    for begin in range(0, len(images), ARGUMENTS.batch):
        chosen = order[begin:begin + ARGUMENTS.batch]
        x, y = prepare(images.index_select(0, chosen)), labels.index_select(0, chosen)
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(y)
        if after_step:
            after_step = after_step()
    return float(loss_sum) / len(images)


def evaluate(network, images, labels):
    """Loss and accuracy, as a validation works them out; both are thrown away."""
    batch = ARGUMENTS.settings["evaluate_batch"] or ARGUMENTS.batch
    loss, right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
    network.eval()
    with torch.inference_mode():
        for begin in range(0, len(images), batch):
            y = labels[begin:begin + batch]
            logits = network(prepare(images[begin:begin + batch]))
            loss += functional.cross_entropy(logits, y, reduction="sum")
            right += (logits.argmax(1) == y).sum()
    network.train()
    return float(loss), int(right)


def main():
    with open("/proc/self/maps", encoding="ascii") as maps:
        if "openblas" not in maps.read():
            sys.exit("PyTorch has no OpenBLAS here and is 6 times slower: apt-get install libopenblas0-pthread")
    torch.set_num_threads(ARGUMENTS.settings["torch_threads"] or ARGUMENTS.threads)
    torch.backends.mkldnn.enabled = ARGUMENTS.settings["mkldnn"]
    torch.manual_seed(7)
    images, labels = load_data("train", ARGUMENTS.samples)
    test = load_data("t10k", MNIST_TEST) if ARGUMENTS.evaluate else None
    network = make_network(images[:2])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7, foreach=ARGUMENTS.settings["foreach"])
    for epoch in range(1, ARGUMENTS.epochs + 1):
        begin = time.perf_counter()
        loss = train_epoch(network, optimizer, images, labels,
                           (lambda: say(first_step=time.monotonic())) if epoch == 1 else None)
        trained = time.perf_counter()
        if test:
            evaluate(network, *test)
        say(epoch=epoch, seconds=round(trained - begin, 6), evaluate_seconds=round(time.perf_counter() - trained, 6),
            loss=round(loss, 6))
    say(peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


main()
