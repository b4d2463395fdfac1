#!/usr/bin/python3
"""make_layers.py - truth from PyTorch for test_layer_values.c:  ./make_layers.py > layers.inc

Needs Debian's python3-torch. Each layer is worked once in double precision: y of x, and the gradients of sum(y dy) by x
and by the weights. Inputs are all different, so that no maximum has an equal; they, dy and the weights are integers
over a power of two, exact in float and in double."""
import numpy
import torch
from torch.nn import functional

SAMPLES, SCALE = 3, 64


def nchw(work):
    """The same for channels last."""
    return lambda x, *w: work(x.movedim(-1, 1), *w).movedim(1, -1)


def same_pads(shape, size, stride):
    """Padding for each axis, last first, as torch wants it."""
    pads = []
    for n, k, s in zip(reversed(shape), reversed(size), reversed(stride)):
        total = max((-(-n // s) - 1) * s + k - n, 0)
        pads += [total // 2, total - total // 2]
    return pads


def average_same(x, size, stride):
    """Keras divides by the number of values that are there."""
    pads = same_pads(x.shape[2:], size, stride)
    pool = functional.avg_pool1d if x.dim() == 3 else functional.avg_pool2d
    return pool(functional.pad(x, pads), size, stride) / pool(functional.pad(torch.ones_like(x), pads), size, stride)


def max_same(x, size, stride):
    pool = functional.max_pool1d if x.dim() == 3 else functional.max_pool2d
    return pool(functional.pad(x, same_pads(x.shape[2:], size, stride), value=-1e9), size, stride)


def concatenate(axis):
    return lambda *x: torch.cat(x, axis)


def layer_norm(x, gamma, beta):
    return functional.layer_norm(x, x.shape[-1:], gamma, beta, 1e-3)


# name, network.h's text, shapes of the inputs, shapes of the weights, the work
CASES = [
    ("max_1d", "MaxPooling1D pool_size=3 strides=2 padding=same", [(8, 3)], [],
     nchw(lambda x: max_same(x, (3,), (2,)))),
    ("average_1d", "AveragePooling1D pool_size=3 strides=2 padding=same", [(8, 3)], [],
     nchw(lambda x: average_same(x, (3,), (2,)))),
    ("average_2d", "AveragePooling2D", [(5, 6, 3)], [], nchw(lambda x: functional.avg_pool2d(x, 2))),
    ("average_2d_same", "AveragePooling2D pool_size=3x2 strides=2x1 padding=same", [(6, 5, 2)], [],
     nchw(lambda x: average_same(x, (3, 2), (2, 1)))),
    ("global_average_1d", "GlobalAveragePooling1D", [(7, 3)], [], lambda x: x.mean(1)),
    ("global_average_2d", "GlobalAveragePooling2D keepdims=true", [(4, 5, 3)], [], lambda x: x.mean((1, 2), True)),
    ("global_max_1d", "GlobalMaxPooling1D keepdims=true", [(7, 3)], [], lambda x: x.amax(1, True)),
    ("global_max_2d", "GlobalMaxPooling2D", [(4, 5, 3)], [], lambda x: x.amax((1, 2))),
    ("permute", "Permute dims=3,1,2", [(2, 3, 4)], [], lambda x: x.permute(0, 3, 1, 2)),
    ("zero_padding", "ZeroPadding2D padding=1,2x3,0", [(2, 3, 2)], [],
     lambda x: functional.pad(x, (0, 0, 3, 0, 1, 2))),
    ("cropping", "Cropping2D cropping=1,0x0,2", [(4, 5, 2)], [], lambda x: x[:, 1:, :-2]),
    ("nearest", "UpSampling2D size=2x3", [(2, 3, 2)], [],
     nchw(lambda x: functional.interpolate(x, scale_factor=(2, 3)))),
    ("bilinear", "UpSampling2D size=3x2 interpolation=bilinear", [(3, 4, 2)], [],
     nchw(lambda x: functional.interpolate(x, scale_factor=(3, 2), mode="bilinear", align_corners=False))),
    ("subtract", "Subtract", [(5,)] * 2, [], lambda a, b: a - b),
    ("multiply", "Multiply", [(5,)] * 3, [], lambda a, b, c: a * b * c),
    ("average", "Average", [(5,)] * 3, [], lambda a, b, c: (a + b + c) / 3),
    ("maximum", "Maximum", [(5,)] * 3, [], lambda a, b, c: torch.maximum(torch.maximum(a, b), c)),
    ("concatenate", "Concatenate axis=2", [(2, 3, 2), (2, 1, 2), (2, 2, 2)], [], concatenate(2)),
    ("layer_norm", "LayerNormalization", [(2, 19)], [(19,), (19,)], layer_norm),
    ("layer_norm_row", "LayerNormalization", [(37,)], [(37,), (37,)], layer_norm),
    ("group_norm", "GroupNormalization groups=2", [(3, 2, 6)], [(6,), (6,)],
     nchw(lambda x, gamma, beta: functional.group_norm(x, 2, gamma, beta, 1e-3))),
    ("instance_norm", "GroupNormalization groups=-1", [(5, 3)], [(3,), (3,)],
     nchw(lambda x, gamma, beta: functional.group_norm(x, 3, gamma, beta, 1e-3))),
    ("rescaling", "Rescaling scale=-0.75 offset=0.5", [(5,)], [], lambda x: -0.75 * x + 0.5),
    ("normalization", "Normalization mean=0.5,-1 variance=4,0.25", [(3, 2)], [],
     lambda x: (x - torch.tensor([0.5, -1.0])) / torch.tensor([2.0, 0.5])),
]


def lines(values):
    rows = [""]
    for value in values:
        word = f" {value},"
        if len(rows[-1]) + len(word) > 90:
            rows.append("")
        rows[-1] += word
    return "\n".join("\t" + row.strip() for row in rows)


def array(name, tensors):
    values = [value for t in tensors for value in t.detach().flatten().tolist()]
    print(f"static const double {name}[] = {{\n{lines(f'{v:.10g}' for v in values or [0])}\n}};")


def shape(dims):
    return f"{{ {len(dims)}, {{ {', '.join(map(str, dims))} }} }}"


def make(seed, name, x_shapes, w_shapes, work):
    random = numpy.random.default_rng(seed)

    def draw(shapes):
        """All different."""
        sizes = [int(numpy.prod(s)) for s in shapes]
        values = random.permutation(numpy.arange(sum(sizes)) - sum(sizes) // 2) / SCALE
        parts = numpy.split(values, numpy.cumsum(sizes)[:-1])
        return [torch.from_numpy(p.astype(float).reshape(s)).requires_grad_() for p, s in zip(parts, shapes)]
    x = draw([(SAMPLES, *s) for s in x_shapes])
    w = draw(w_shapes) if w_shapes else []
    y = work(*x, *w)
    dy = torch.from_numpy(random.integers(-64, 65, y.shape) / SCALE)
    gradients = torch.autograd.grad((y * dy).sum(), x + w)
    for what, tensors in (("x", x), ("w", w), ("y", [y]), ("dy", [dy]), ("dx", gradients[:len(x)]),
                          ("dw", gradients[len(x):])):
        array(f"{name}_{what}", tensors)
    return tuple(y.shape[1:])


print("/* Made by make_layers.py with PyTorch %s: do not edit. */" % torch.__version__)
print(f"enum {{ SAMPLES = {SAMPLES} }};")
torch.set_default_dtype(torch.float64)
OUTPUTS = [make(seed, name, xs, ws, work) for seed, (name, _, xs, ws, work) in enumerate(CASES)]
print("static const struct layer_case layer_cases[] = {")
for (name, text, xs, ws, _), out in zip(CASES, OUTPUTS):
    print(f"\t{{ \"{text}\", {len(xs)}, {{ {', '.join(map(shape, xs))} }}, {shape(out)}, {len(ws)},\n"
          f"\t\t{', '.join(f'{name}_{what}' for what in ('x', 'w', 'y', 'dy', 'dx', 'dw'))} }},")
print("};")
