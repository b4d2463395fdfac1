#!/usr/bin/python3
"""make_golden.py - truth from PyTorch for test_golden.c:  ./make_golden.py > networks.inc

Needs Debian's python3-torch. Every activation at some points and every loss of some rows, this by the formulas of
Keras's losses.py, with their gradients. Small networks are trained for five steps in double precision; their losses,
the gradients of the first step and the last weights are what the engine must arrive at. The optimizers are written out
here as Keras writes them: torch.optim.Adam adds epsilon to another term, and its SGD scales Nesterov's step otherwise.

Inputs, targets and first weights are small integers over a power of two, so they are exact in float and in double."""
import sys

import numpy
import torch
from torch.nn import functional

SAMPLES, STEPS = 20, 5
BATCHES = (8, 20)  # less than one chunk of the engine, and more than one
X_SCALE, WEIGHT_SCALE, POINT_SCALE, LOSS_SCALE = 64, 256, 16, 32
# ReLU and max-pooling have kinks. A value nearer to one than this could fall on its other side in single precision, and
# its gradient with it, so such a draw is not taken. Single precision is out by 1e-6 here.
KINK_MIN = 1e-5

WEIGHTS_CONV = {"conv2d/kernel": (3, 3, 2, 3), "conv2d/bias": (3,), "conv2d_1/kernel": (3, 3, 3, 5),
                "conv2d_1/bias": (5,), "dense/kernel": (20, 7), "dense/bias": (7,), "dense_1/kernel": (7, 4),
                "dense_1/bias": (4,)}
WEIGHTS_DENSE = {"dense/kernel": (5, 6), "dense/bias": (6,), "dense_1/kernel": (6, 3), "dense_1/bias": (3,)}
WEIGHTS_GROUPS = {"conv2d/kernel": (3, 2, 2, 6), "conv2d/bias": (6,), "conv2d_1/kernel": (2, 3, 6, 3),
                  "conv2d_1/bias": (3,), "conv2d_2/kernel": (2, 2, 1, 3), "dense/kernel": (3, 5), "dense/bias": (5,),
                  "dense_1/kernel": (40, 4), "dense_1/bias": (4,)}
WEIGHTS_SIGNAL = {"conv1d/kernel": (3, 2, 6), "conv1d/bias": (6,), "conv1d_1/kernel": (4, 3, 4), "conv1d_1/bias": (4,),
                  "conv1d_2/kernel": (2, 4, 5), "conv1d_2/bias": (5,), "dense/kernel": (30, 4), "dense/bias": (4,)}
WEIGHTS_SEPARABLE = {"depthwise_conv2d/kernel": (3, 2, 2, 2), "depthwise_conv2d/bias": (4,),
                     "separable_conv2d/depthwise_kernel": (2, 3, 4, 1),
                     "separable_conv2d/pointwise_kernel": (1, 1, 4, 5), "separable_conv2d/bias": (5,),
                     "separable_conv2d_1/depthwise_kernel": (3, 3, 5, 2),
                     "separable_conv2d_1/pointwise_kernel": (1, 1, 10, 3), "dense/kernel": (12, 4), "dense/bias": (4,)}
WEIGHTS_TRANSPOSE = {"conv2d_transpose/kernel": (4, 3, 4, 3), "conv2d_transpose/bias": (4,),
                     "conv2d_transpose_1/kernel": (3, 2, 2, 4), "conv2d_transpose_1/bias": (2,),
                     "conv2d_transpose_2/kernel": (2, 2, 2, 2), "conv2d/kernel": (3, 3, 2, 2), "conv2d/bias": (2,),
                     "dense/kernel": (18, 4), "dense/bias": (4,)}


class Kinks:
    """The smallest distance to a kink that was seen."""

    def __init__(self):
        self.nearest = float("inf")

    def see(self, distances):
        if distances.numel():
            self.nearest = min(self.nearest, float(distances.abs().min()))


def relu(x, kinks):
    kinks.see(x.detach())
    return functional.relu(x)


def max_pool(x, kinks):
    """2x2 over NCHW. The two largest of a window may only be near to each other where ReLU made both 0."""
    two = functional.unfold(x.detach().flatten(0, 1).unsqueeze(1), 2, stride=2).topk(2, dim=1).values
    gaps = two[:, 0] - two[:, 1]
    kinks.see(gaps[two[:, 0] > 0])
    return functional.max_pool2d(x, 2)


def conv(x, kernel, bias, stride=(1, 1), same=False, dilation=(1, 1), groups=1):
    """NCHW, with an HWIO kernel. Keras's "same" puts the odd row or column of its padding at the end."""
    if same:
        pads = []
        for size, k, t, d in reversed(list(zip(x.shape[2:], kernel.shape, stride, dilation))):
            total = max((-(-size // t) - 1) * t + (k - 1) * d + 1 - size, 0)
            pads += [total // 2, total - total // 2]
        x = functional.pad(x, pads)
    return functional.conv2d(x, kernel.permute(3, 2, 0, 1), bias, stride, 0, dilation, groups)


def loss_conv(w, x, y, kinks):
    h = relu(conv(x.permute(0, 3, 1, 2), w["conv2d/kernel"], w["conv2d/bias"]), kinks)
    h = max_pool(h, kinks)
    h = torch.tanh(conv(h, w["conv2d_1/kernel"], w["conv2d_1/bias"], stride=(2, 2), same=True))
    h = h.permute(0, 2, 3, 1).flatten(1)
    h = torch.sigmoid(h @ w["dense/kernel"] + w["dense/bias"])
    return functional.cross_entropy(h @ w["dense_1/kernel"] + w["dense_1/bias"], y)


def loss_groups(w, x, y, kinks):
    del kinks  # it has none
    h = conv(x.permute(0, 3, 1, 2), w["conv2d/kernel"], w["conv2d/bias"], dilation=(1, 2), groups=2)
    h = torch.tanh(conv(torch.tanh(h), w["conv2d_1/kernel"], w["conv2d_1/bias"], same=True, dilation=(3, 2)))
    h = conv(h, w["conv2d_2/kernel"], None, stride=(2, 1), groups=3)
    h = torch.tanh(h.permute(0, 2, 3, 1) @ w["dense/kernel"] + w["dense/bias"])
    return functional.cross_entropy(h.flatten(1) @ w["dense_1/kernel"] + w["dense_1/bias"], y)


def conv1d(x, kernel, bias, stride=1, same=False, dilation=1, groups=1):
    """NCL, with an LIO kernel."""
    return conv(x.unsqueeze(2), kernel.unsqueeze(0), bias, (1, stride), same, (1, dilation), groups).squeeze(2)


def loss_signal(w, x, y, kinks):
    del kinks  # it has none
    h = functional.pad(x.permute(0, 2, 1), (4, 0))  # "causal": (3 - 1) * 2 before
    h = torch.tanh(conv1d(h, w["conv1d/kernel"], w["conv1d/bias"], dilation=2))
    h = torch.tanh(conv1d(h, w["conv1d_1/kernel"], w["conv1d_1/bias"], stride=2, same=True, groups=2))
    h = torch.sigmoid(conv1d(h, w["conv1d_2/kernel"], w["conv1d_2/bias"]))
    return functional.cross_entropy(h.permute(0, 2, 1).flatten(1) @ w["dense/kernel"] + w["dense/bias"], y)


def depthwise(x, kernel, bias=None, **arguments):
    """NCHW, with an HWCM kernel: a convolution of as many groups as channels."""
    channels = kernel.shape[2]
    return conv(x, kernel.flatten(2).unsqueeze(2), bias, groups=channels, **arguments)


def loss_separable(w, x, y, kinks):
    del kinks  # it has none
    h = depthwise(x.permute(0, 3, 1, 2), w["depthwise_conv2d/kernel"], w["depthwise_conv2d/bias"], same=True)
    h = depthwise(torch.tanh(h), w["separable_conv2d/depthwise_kernel"], dilation=(2, 1))
    h = torch.tanh(conv(h, w["separable_conv2d/pointwise_kernel"], w["separable_conv2d/bias"]))
    h = depthwise(h, w["separable_conv2d_1/depthwise_kernel"], stride=(2, 2), same=True)
    h = torch.sigmoid(conv(h, w["separable_conv2d_1/pointwise_kernel"], None))
    return functional.cross_entropy(h.permute(0, 2, 3, 1).flatten(1) @ w["dense/kernel"] + w["dense/bias"], y)


def transpose(x, kernel, bias, **arguments):
    """NCHW, with an HWOI kernel; padding as PyTorch counts it."""
    return functional.conv_transpose2d(x, kernel.permute(3, 2, 0, 1), bias, **arguments)


def loss_transpose(w, x, y, kinks):
    """The arguments are those for which PyTorch crops the output where Keras does."""
    del kinks  # it has none
    h = transpose(x.permute(0, 3, 1, 2), w["conv2d_transpose/kernel"], w["conv2d_transpose/bias"], stride=(2, 1),
                  padding=1)
    h = transpose(torch.tanh(h), w["conv2d_transpose_1/kernel"], w["conv2d_transpose_1/bias"], stride=(2, 3),
                  output_padding=(0, 1))
    h = torch.tanh(transpose(torch.tanh(h), w["conv2d_transpose_2/kernel"], None, padding=1, dilation=2))
    h = torch.tanh(conv(h, w["conv2d/kernel"], w["conv2d/bias"], stride=(3, 3)))
    return functional.cross_entropy(h.permute(0, 2, 3, 1).flatten(1) @ w["dense/kernel"] + w["dense/bias"], y)


def loss_dense(w, x, y, kinks):
    h = relu(x @ w["dense/kernel"] + w["dense/bias"], kinks)
    return functional.mse_loss(h @ w["dense_1/kernel"] + w["dense_1/bias"], y)


def adam(w, g, slots, step, rate=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, v = slots.setdefault("m", torch.zeros_like(w)), slots.setdefault("v", torch.zeros_like(w))
    m += (g - m) * (1 - beta_1)
    v += (g * g - v) * (1 - beta_2)
    w -= rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step) * m / (v.sqrt() + epsilon)


def sgd_nesterov(w, g, slots, step, rate=0.1, momentum=0.9):
    del step  # every step is alike
    v = slots.setdefault("v", torch.zeros_like(w))
    v.mul_(momentum).sub_(rate * g)
    w += momentum * v - rate * g


def train(loss_of, weights, x, y, optimizer, kinks):
    """Losses before each step, gradients of the first, weights after the last."""
    w = {name: value.clone().requires_grad_() for name, value in weights.items()}
    slots = {name: {} for name in w}
    losses, gradients = [], None
    for step in range(1, STEPS + 1):
        loss = loss_of(w, x, y, kinks)
        losses.append(loss.item())
        grads = dict(zip(w, torch.autograd.grad(loss, list(w.values()))))
        gradients = gradients or grads
        with torch.no_grad():
            for name, value in w.items():
                optimizer(value, grads[name], slots[name], step)
    return losses, flat(gradients), flat(w)


def flat(tensors):
    return torch.cat([t.detach().flatten() for t in tensors.values()]).tolist()


def integers(random, shape, bound):
    return torch.from_numpy(random.integers(-bound, bound + 1, shape).astype(numpy.float64))


def labels(random):
    return torch.from_numpy(random.integers(0, 4, SAMPLES))


def lines(values):
    rows = [""]
    for value in values:
        word = f" {value},"
        if len(rows[-1]) + len(word) > 90:
            rows.append("")
        rows[-1] += word
    return "\n".join("\t" + row.strip() for row in rows)


def array(kind, name, values):
    print(f"static const {kind} {name}[] = {{\n{lines(values)}\n}};")


def emit(name, x, y, weights, runs):
    array("int8_t", f"{name}_x", (int(v) for v in (x * X_SCALE).flatten().tolist()))
    scale = 1 if y.dtype == torch.int64 else X_SCALE
    array("int8_t", f"{name}_y", (int(v) for v in (y * scale).flatten().tolist()))
    array("int8_t", f"{name}_weights", (int(v * WEIGHT_SCALE) for v in flat(weights)))
    for batch, (losses, gradients, after) in runs.items():
        array("double", f"{name}_{batch}_losses", (f"{v:.12g}" for v in losses))
        array("double", f"{name}_{batch}_gradients", (f"{v:.10g}" for v in gradients))
        array("double", f"{name}_{batch}_after", (f"{v:.10g}" for v in after))


def draw(seed, shapes, x_shape, y_of):
    random = numpy.random.default_rng(seed)
    x = integers(random, (SAMPLES, *x_shape), 100) / X_SCALE
    weights = {name: integers(random, shape, 120) / WEIGHT_SCALE for name, shape in shapes.items()}
    return x, y_of(random), weights


def make(name, shapes, x_shape, y_of, loss_of, optimizer):
    for seed in range(1, 1000):
        x, y, weights = draw(seed, shapes, x_shape, y_of)
        kinks = Kinks()
        runs = {n: train(loss_of, weights, x[:n], y[:n], optimizer, kinks) for n in BATCHES}
        if kinks.nearest > KINK_MIN:
            print(f"/* {name}: seed {seed}, nearest kink {kinks.nearest:.1e} */")
            emit(name, x, y, weights, runs)
            return
    sys.exit(f"{name}: no draw stays clear of the kinks")


# Keras's names; its defaults are PyTorch's but for leaky_relu's slope.
ACTIVATIONS = {
    "linear": lambda x: x * 1,
    "relu": functional.relu,
    "relu6": functional.relu6,
    "leaky_relu": lambda x: functional.leaky_relu(x, 0.2),
    "elu": functional.elu,
    "selu": functional.selu,
    "gelu": functional.gelu,
    "sigmoid": torch.sigmoid,
    "hard_sigmoid": functional.hardsigmoid,
    "silu": functional.silu,
    "softplus": functional.softplus,
    "softsign": functional.softsign,
    "tanh": torch.tanh,
    "exponential": torch.exp,
    "mish": functional.mish,
    "softmax": lambda x: functional.softmax(x, dim=-1),
    "log_softmax": lambda x: functional.log_softmax(x, dim=-1),
}


def make_activations():
    """Four rows of six points; none of them is a kink."""
    points = torch.arange(-127, 128, 11, dtype=torch.float64)[torch.arange(24) * 7 % 24].reshape(4, 6) / POINT_SCALE
    dy = torch.arange(-60, 60, 5, dtype=torch.float64).reshape(4, 6) / POINT_SCALE
    array("int8_t", "activation_x", (int(v * POINT_SCALE) for v in points.flatten().tolist()))
    array("int8_t", "activation_dy", (int(v * POINT_SCALE) for v in dy.flatten().tolist()))
    print("static const struct activation_truth activation_truths[] = {")
    for name, function in ACTIVATIONS.items():
        x = points.clone().requires_grad_()
        y = function(x)
        (dx,) = torch.autograd.grad(y, x, dy)
        print(f'{{ "{name}", {{\n{numbers(y)}\n}}, {{\n{numbers(dx)}\n}} }},')
    print("};")


def numbers(tensor):
    return lines(f"{v:.10g}" for v in tensor.detach().flatten().tolist())


EPSILON = 1e-7


def smooth(t, smoothing):
    return t * (1 - smoothing) + smoothing / t.shape[-1]


def binary_entropy(t, x):
    return -(t * functional.logsigmoid(x) + (1 - t) * functional.logsigmoid(-x))


def binary_focal(t, x, gamma, one=1.0, zero=1.0):
    p = torch.sigmoid(x)
    away = 1 - (t * p + (1 - t) * (1 - p))
    return (t * one + (1 - t) * zero) * away**gamma * binary_entropy(t, x)


def categorical_focal(t, x, alpha=0.25, gamma=2):
    log_p = functional.log_softmax(x, dim=-1)
    return (-alpha * (1 - log_p.exp()) ** gamma * t * log_p).sum(-1)


def mean(loss):
    return lambda t, y: loss(t, y).mean(-1)


def sides(t):
    return t * 2 - 1


def probabilities(t, floor=EPSILON):
    return t.clamp(floor, 1)


def cosine(t, y):
    return -(functional.normalize(t, dim=-1, eps=EPSILON) * functional.normalize(y, dim=-1, eps=EPSILON)).sum(-1)


# Name and arguments; the sets of outputs and of targets; the loss of each row.
LOSSES = (
    ("mean_squared_error", "any", "any", mean(lambda t, y: (y - t) ** 2)),
    ("mean_absolute_error", "any", "any", mean(lambda t, y: (y - t).abs())),
    ("mean_absolute_percentage_error", "any", "any", mean(lambda t, y: 100 * ((y - t) / t).abs())),
    ("mean_squared_logarithmic_error", "shares", "bits", mean(
        lambda t, y: ((y.clamp(min=EPSILON) + 1).log() - (t.clamp(min=EPSILON) + 1).log()) ** 2)),
    ("huber", "any", "any", mean(lambda t, y: functional.huber_loss(y, t, reduction="none"))),
    ("huber delta=2.5", "any", "any", mean(lambda t, y: functional.huber_loss(y, t, reduction="none", delta=2.5))),
    ("log_cosh", "any", "any", mean(lambda t, y: (y - t).cosh().log())),
    ("poisson", "shares", "bits", mean(lambda t, y: y - t * (y + EPSILON).log())),
    ("kl_divergence", "shares", "shares", lambda t, y: (t * (t / y).log()).sum(-1)),
    ("kl_divergence", "shares", "bits", lambda t, y: (probabilities(t) * (probabilities(t) / y).log()).sum(-1)),
    ("hinge", "any", "bits", mean(lambda t, y: (1 - sides(t) * y).relu())),
    ("squared_hinge", "any", "bits", mean(lambda t, y: (1 - sides(t) * y).relu() ** 2)),
    ("categorical_hinge", "any", "bits",
     lambda t, y: (1 + ((1 - t) * y).max(-1).values - (t * y).sum(-1)).relu()),
    ("cosine_similarity", "any", "any", cosine),
    ("categorical_crossentropy from_logits=true", "any", "shares",
     lambda t, x: -(t * functional.log_softmax(x, dim=-1)).sum(-1)),
    ("categorical_crossentropy from_logits=true label_smoothing=0.25", "any", "bits",
     lambda t, x: -(smooth(t, 0.25) * functional.log_softmax(x, dim=-1)).sum(-1)),
    ("categorical_focal_crossentropy from_logits=true", "any", "bits", categorical_focal),
    ("categorical_focal_crossentropy from_logits=true alpha=0.5 gamma=1.5", "any", "shares",
     lambda t, x: categorical_focal(t, x, 0.5, 1.5)),
    ("binary_crossentropy from_logits=true", "any", "bits", mean(binary_entropy)),
    ("binary_crossentropy from_logits=true label_smoothing=0.25", "any", "bits",
     mean(lambda t, x: binary_entropy(t * 0.75 + 0.125, x))),
    ("binary_focal_crossentropy from_logits=true", "any", "bits", mean(lambda t, x: binary_focal(t, x, 2))),
    ("binary_focal_crossentropy from_logits=true apply_class_balancing=true gamma=1.5", "any", "bits",
     mean(lambda t, x: binary_focal(t, x, 1.5, 0.25, 0.75))),
)


def make_losses():
    """Four rows of six outputs and targets of each kind; no difference and no margin is 0."""
    at = torch.arange(24, dtype=torch.float64)
    sets = {
        ("y", "any"): (at * 7 % 24 - 11.5) / 4,
        ("y", "shares"): (at * 5 % 24 + 1) / 32,
        ("t", "any"): (at * 11 % 24 - 12.25) / 4,
        ("t", "shares"): (at * 13 % 24 + 2) / 32,
        ("t", "bits"): (at * 5 % 3 == 0).double(),
    }
    for (kind, name), values in sets.items():
        array("int8_t", f"loss_{kind}_{name}", (int(v * LOSS_SCALE) for v in values.tolist()))
    print("static const struct loss_truth loss_truths[] = {")
    for name, outputs, targets, loss in LOSSES:
        y = sets["y", outputs].reshape(4, 6).clone().requires_grad_()
        each = loss(sets["t", targets].reshape(4, 6), y)
        (dy,) = torch.autograd.grad(each.mean(), y)
        print(f'{{ "{name}", loss_y_{outputs}, loss_t_{targets}, {{\n{numbers(each)}\n}}, {{\n{numbers(dy)}\n}} }},')
    print("};")


print("/* Made by make_golden.py with PyTorch %s: do not edit. */" % torch.__version__)
print(f"enum {{ SAMPLES = {SAMPLES}, STEPS = {STEPS}, X_SCALE = {X_SCALE}, WEIGHT_SCALE = {WEIGHT_SCALE},")
print(f"\tPOINT_SCALE = {POINT_SCALE}, LOSS_SCALE = {LOSS_SCALE} }};")
make_activations()
make_losses()
make("conv", WEIGHTS_CONV, (10, 9, 2), labels, loss_conv, adam)
make("dense", WEIGHTS_DENSE, (5,), lambda random: integers(random, (SAMPLES, 3), 100) / X_SCALE, loss_dense,
     sgd_nesterov)
make("groups", WEIGHTS_GROUPS, (6, 7, 4), labels, loss_groups, sgd_nesterov)
make("separable", WEIGHTS_SEPARABLE, (5, 6, 2), labels, loss_separable, sgd_nesterov)
make("transposed", WEIGHTS_TRANSPOSE, (2, 3, 3), labels, loss_transpose, sgd_nesterov)
make("signal", WEIGHTS_SIGNAL, (13, 2), labels, loss_signal, sgd_nesterov)
