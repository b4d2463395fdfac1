#!/usr/bin/env python3
"""Writes docs/spec.md from a catalogue: make_spec.py < CATALOG.json, what GET /v1/catalog answers."""
import json
import sys

HEAD = """# The job spec

Everything that a job can name, with arguments, ranges and defaults, from the engine's own tables. Made by
`docs/make_spec.py` from `GET /v1/catalog`; a test holds the two together. `docs/api.md` says how it all goes together.

"""

PARTS = (
    ("job", "Plain fields", ""),
    ("layers", "Layers", '`{"type": "Conv2D", "filters": 32, "kernel_size": 3}` in `model.layers`'),
    ("activations", "Activations", '`"relu"` as a layer\'s `activation`'),
    ("losses", "Losses", '`"mean_squared_error"`, or `{"type": "huber", "delta": 2}`'),
    ("metrics", "Metrics", '`"accuracy"`, or `{"type": "auc", "name": "roc"}`, in the list `metrics`'),
    ("optimizers", "Optimizers", '`"adam"`, or `{"type": "AdamW", "weight_decay": 0.01}`'),
    ("schedules", "Schedules", "in place of a number as an optimizer's `learning_rate`"),
    ("callbacks", "Callbacks", '`{"type": "EarlyStopping", "patience": 3}` in the list `callbacks`'),
    ("augments", "Augmentations", '`{"type": "RandomFlip", "mode": "horizontal"}` in the list `augment`'),
    ("initializers", "Initializers", "of a layer's weights"),
    ("regularizers", "Regularizers", "of a layer's weights"),
    ("constraints", "Constraints", "of a layer's weights"),
)


def number(value):
    return f"{value:.10g}".replace("e-0", "e-").replace("e+0", "e") if isinstance(value, float) else str(value)


def span(argument):
    """The numbers that are allowed, or an empty text."""
    low, high = argument["minimum"], argument["maximum"]
    if low is None and high is None:
        return ""
    left = "(-∞" if low is None else ("(" if argument["exclusive_minimum"] else "[") + number(low)
    right = "∞)" if high is None else number(high) + (")" if argument["exclusive_maximum"] else "]")
    return f"{left}, {right}"


def allowed(argument):
    kind, numbers = argument["type"], span(argument)
    if kind == "choice":
        words = "one of " + ", ".join(f'`"{choice}"`' for choice in argument["choices"])
    elif kind == "variant":
        words = f"one of the {argument['variants']}" + (f", or a number in {numbers}" if argument["or_number"] else "")
    elif kind == "list":
        low, high = argument["minimum_count"], argument["maximum_count"]
        count = f"{low}" if low == high else f"{low} to {high}"
        words = f"list of {count} {argument['element']}s in {numbers}" + (
            "; one may be a number" if argument["or_number"] else "")
    else:
        words = f"{kind} in {numbers}" if numbers else kind
    return words + (", or null" if argument["nullable"] else "")


def cell(text):
    return text.replace("|", "\\|")


def table(arguments):
    rows = ["| argument | allowed | default | |", "|---|---|---|---|"]
    for a in arguments:
        default = "needed" if a["required"] else f"`{json.dumps(a['default'])}`"
        rows.append(cell_row(a["name"], allowed(a), default, a["doc"]))
    return "\n".join(rows) + "\n"


def cell_row(name, words, default, doc):
    return f"| `{name}` | {cell(words)} | {cell(default)} | {cell(doc)} |"


def section(catalog, key, title, how):
    if key not in catalog:
        return ""
    text = f"## {title}\n" + (f"{how[0].upper()}{how[1:]}.\n\n" if how else "\n")
    rows = catalog[key]
    if key == "activations":
        return text + ", ".join(f"`{name}`" for name in rows) + "\n\n"
    if key == "job":
        return text + table(rows) + "\n"
    for row in rows:
        text += f"### {row['name']}\n{row['doc'][0].upper()}{row['doc'][1:]}.\n\n"
        text += table(row["arguments"]) + "\n" if row["arguments"] else ""
    return text


def document(catalog):
    return (HEAD + "".join(section(catalog, *part) for part in PARTS)).rstrip("\n") + "\n"


if __name__ == "__main__":
    sys.stdout.write(document(json.load(sys.stdin)))
