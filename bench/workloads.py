"""workloads.py - what bench/run measures: networks, targets, and PyTorch's best settings for each.

A network is one text for both sides (tests/engine/network.h says how it is read). The targets are ratios to PyTorch at
its best, by the number of threads. The settings are what rival.py takes, where its own are not the best;
`bench/run --tune WORKLOAD` tries the variants below, one by one."""
import dataclasses

MNIST = ("Conv2D filters=32 kernel_size=3 activation=relu; MaxPooling2D pool_size=2; Flatten; "
         "Dense units=64 activation=relu; Dense units=10 activation=softmax")
MLP = "Dense units=512 activation=relu; Dense units=512 activation=relu; Dense units=10 activation=softmax"


def vgg():
    """Pairs of 3x3 convolutions with a pooling behind each, as Simonyan and Zisserman 2014: 919 MFLOP an image."""
    layers = []
    for filters in (64, 128, 256):
        layers += [f"Conv2D filters={filters} kernel_size=3 padding=same activation=relu"] * 2 + ["MaxPooling2D"]
    return "; ".join([*layers, "Flatten", "Dense units=256 activation=relu", "Dense units=10 activation=softmax"])


def convolution(filters, more="kernel_size=3", name=None):
    """With its BatchNormalization behind it, and ReLU unless it has a name: then an Add comes first."""
    end = [f"BatchNormalization name={name}"] if name else ["BatchNormalization", "Activation activation=relu"]
    return [f"Conv2D filters={filters} padding=same use_bias=false {more}", *end]


def resnet():
    """A residual block at 32x32 and one with a projection at 16x16, as He et al. 2015: 263 MFLOP an image."""
    return "; ".join([
        *convolution(32), *convolution(32)[:-1], "Activation activation=relu name=x",
        *convolution(32), *convolution(32, name="a"),
        "Add inputs=a,x", "Activation activation=relu name=y",
        *convolution(64, "kernel_size=3 strides=2"), *convolution(64, name="b"),
        *convolution(64, "kernel_size=1 strides=2 inputs=y", name="c"),
        "Add inputs=b,c", "Activation activation=relu",
        "GlobalAveragePooling2D", "Dense units=10 activation=softmax"])


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    layers: str
    shape: str  # of one image
    batch: int
    targets: dict  # threads: ratio
    samples: int = 60_000  # of an epoch
    epochs: int = 3  # of one run, the first of which is not counted
    mnist: bool = True  # else noise of CIFAR-10's shape
    evaluate: bool = False  # the time is that of MNIST's 10,000 test images instead of the training's
    settings: dict = dataclasses.field(default_factory=dict)  # threads: PyTorch's, where not the defaults


# PyTorch's CPU time in µs an image on one thread of a busy Zen 5, the best of four epochs, by the setting changed
# (2026-11-24). What was better than the defaults is in `settings`; two threads were not compared apart.
#              defaults  not channels_last  not foreach  not huge_pages  not mkldnn  trace  evaluate_batch 250, 1000
#   mnist-256     117          148              113           143
#   mnist-1024    108          146              101           353           126       130
#   mlp-64         65                            65            85                      78
#   mlp-256      35.1                          32.6          37.4                    33.8
#   vgg          6070         6524             6306          5801          8021      6233
#   resnet       2413         3110             2543          2578          3792      2359
#   evaluate     38.3         43.7             39.1          49.2          51.7      39.3        38.8, 36.9
NO_FOREACH = {n: {"foreach": False} for n in (1, 2)}
NO_HUGE_PAGES = {n: {"huge_pages": False} for n in (1, 2)}
LARGE_EVALUATION = {n: {"evaluate_batch": 1000} for n in (1, 2)}

WORKLOADS = {w.name: w for w in (
    Workload("mnist-16", MNIST, "28x28x1", 16, {1: 4.5, 2: 5}),
    Workload("mnist-64", MNIST, "28x28x1", 64, {1: 4.6, 2: 6}),
    Workload("mnist-256", MNIST, "28x28x1", 256, {1: 4.5, 2: 5.5}),
    Workload("mnist-1024", MNIST, "28x28x1", 1024, {1: 4.5, 2: 5.5}, settings=NO_FOREACH),
    Workload("mlp-64", MLP, "784", 64, {1: 1.8, 2: 2}),
    Workload("mlp-256", MLP, "784", 256, {1: 1.2, 2: 1.6}, settings=NO_FOREACH),
    Workload("vgg", vgg(), "32x32x3", 64, {1: 1.8, 2: 2.2}, samples=1024, mnist=False,
             settings=NO_HUGE_PAGES),
    Workload("resnet", resnet(), "32x32x3", 64, {1: 1.8, 2: 2}, samples=2048, mnist=False),
    # Little training, since an epoch must have some; what it leaves in the caches is the same on both sides.
    Workload("evaluate", MNIST, "28x28x1", 64, {1: 4, 2: 4.5}, samples=64, epochs=11, evaluate=True,
             settings=LARGE_EVALUATION),
)}

# One change each to the settings that stand above.
VARIANTS = (
    {}, {"channels_last": False}, {"foreach": False}, {"huge_pages": False}, {"mkldnn": False}, {"trace": True},
    {"torch_threads": 1, "openblas_threads": 2}, {"openblas_threads": 2},
    {"evaluate_batch": 250}, {"evaluate_batch": 1000},
)
