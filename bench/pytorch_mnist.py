#!/usr/bin/python3
"""pytorch_mnist.py - the rival: the MNIST job in PyTorch 1.13 from Debian (python3-torch), at its best settings.

    bench/pytorch_mnist.py [--threads N] [--epochs E] [--batch B] [--data DIR]

Prints one JSON line an epoch: {"epoch": 1, "seconds": ..., "loss": ...}; seconds are those of a training epoch, without
validation. DIR holds MNIST's IDX files; without it the images are noise of the same shape, which takes as long.

Each setting was chosen by measurement (seconds an epoch, batch 64, one thread, a 2-core Zen 5):
  OpenBLAS in place of the reference BLAS    33 -> 6       Debian only recommends it: install libopenblas0-pthread
  OPENBLAS_NUM_THREADS=1                     else its threads fight PyTorch's: 2 to 7 times slower on two cores
  OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE unset  7.4 -> 5.7    OpenBLAS then picks the kernels of this very CPU
  malloc thresholds of 1 GiB                 else big tensors are mapped and cleared anew in every step
  malloc in huge pages                       5.6 -> 5.2
  channels_last, flattened as NHWC           8.5 -> 5.7    torch.flatten would copy the tensor into NCHW order
  ReLU in place                              6.0 -> 5.6
OpenMP's threads are left to spin while they wait, its default: OMP_WAIT_POLICY=passive takes 8.5 s on two threads, not
5.5. That is right on an idle machine; on a busy one PyTorch then takes minutes.
No gain: oneDNN off, jit.script, flush_denormal, OMP_WAIT_POLICY=active, OMP_PROC_BIND, BLIS, OpenBLAS with OpenMP."""
import argparse
import json
import os
import sys
import time

SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
SAMPLES, SIDE, CLASSES = 60_000, 28, 10


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--epochs", type=int, default=5, metavar="E")
    parser.add_argument("--batch", type=int, default=64, metavar="B")
    parser.add_argument("--data", metavar="DIR", help="folder of MNIST's IDX files")
    return parser.parse_args()


def use_settings():
    """malloc and OpenBLAS read the environment when the process starts, so the settings need a new one."""
    if all(os.environ.get(name) == value for name, value in SETTINGS.items()) and not set(UNSET) & set(os.environ):
        return
    environment = {name: value for name, value in os.environ.items() if name not in UNSET} | SETTINGS
    os.execve("/usr/bin/python3", ["/usr/bin/python3", *sys.argv], environment)


def load_data(folder):
    """Images as bytes in memory, labels as the integers that cross_entropy wants."""
    if folder is None:
        return (torch.randint(0, 256, (SAMPLES, 1, SIDE, SIDE), dtype=torch.uint8),
                torch.randint(0, CLASSES, (SAMPLES,)))
    images = numpy.fromfile(os.path.join(folder, "train-images-idx3-ubyte"), numpy.uint8, offset=16)
    labels = numpy.fromfile(os.path.join(folder, "train-labels-idx1-ubyte"), numpy.uint8, offset=8)
    return torch.from_numpy(images.reshape(-1, 1, SIDE, SIDE)), torch.from_numpy(labels.astype(numpy.int64))


def make_network():
    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv2d = torch.nn.Conv2d(1, 32, 3)
            self.dense = torch.nn.Linear(32 * 13 * 13, 64)
            self.dense_1 = torch.nn.Linear(64, CLASSES)

        def forward(self, x):
            x = functional.max_pool2d(functional.relu(self.conv2d(x), inplace=True), 2)
            x = x.permute(0, 2, 3, 1).flatten(1)
            return self.dense_1(functional.relu(self.dense(x), inplace=True))

    network = Network()
    for layer in network.children():  # Keras's initializers, so that the losses can be compared
        torch.nn.init.xavier_uniform_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    return network.to(memory_format=torch.channels_last)


def train_epoch(network, optimizer, images, labels, batch):
    """The mean loss of the samples as they were seen."""
    order = torch.randperm(len(images))
    loss_sum = torch.zeros(())
    for begin in range(0, len(images), batch):
        chosen = order[begin:begin + batch]
        x = images.index_select(0, chosen).float().mul_(1 / 255).contiguous(memory_format=torch.channels_last)
        y = labels.index_select(0, chosen)
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(y)
    return float(loss_sum) / len(images)


def main(arguments):
    with open("/proc/self/maps", encoding="ascii") as maps:
        if "openblas" not in maps.read():
            sys.exit("PyTorch has no OpenBLAS here and is 6 times slower: apt-get install libopenblas0-pthread")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(7)
    images, labels = load_data(arguments.data)
    network = make_network()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7, foreach=True)
    for epoch in range(1, arguments.epochs + 1):
        begin = time.perf_counter()
        loss = train_epoch(network, optimizer, images, labels, arguments.batch)
        seconds = time.perf_counter() - begin
        print(json.dumps({"epoch": epoch, "seconds": round(seconds, 4), "loss": round(loss, 6)}), flush=True)


ARGUMENTS = parse_arguments()
use_settings()
import numpy  # noqa: E402  after the settings, which only a new process sees
import torch  # noqa: E402
from torch.nn import functional  # noqa: E402

main(ARGUMENTS)
