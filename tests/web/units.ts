// The pure modules of the dashboard, each with what it promises.

import { guessPart, missingParts, splitText } from "../../web/src/dataset";
import { classOf, formFields, groupProblems, isTelling, layersOf, moveItem, newLayer } from "../../web/src/form";
import {
	formatAge,
	formatBytes,
	formatDuration,
	formatMetric,
	formatPercent,
	formatRate,
	formatShape,
	formatShort,
	lastBatchText,
} from "../../web/src/format";
import { printJson } from "../../web/src/json";
import { metricsOfSpec, nameOfMetric } from "../../web/src/metrics";
import { fieldOf, getAt, pointerOf, pointerParts, setAt } from "../../web/src/pointer";
import { standing } from "../../web/src/progress";
import { parseRoute, tokenOf } from "../../web/src/route";
import { axisEnd, chartColumns, valueRange } from "../../web/src/series";
import { EventParser } from "../../web/src/sse";
import { appendStep, emptyTrail } from "../../web/src/trail";
import type { Argument, Catalog, Dataset, Epoch, Job, Step } from "../../web/src/types";
import { equal, runTests, test } from "./tap.mjs";

// --- numbers and times -------------------------------------------------------------------------------------------

test("numbers are told with a unit and three figures", () => {
	equal([0, 999, 1000, 1390000, 999500, 26149].map(formatShort), [
		"0",
		"999",
		"1.00 k",
		"1.39 M",
		"1.00 M",
		"26.1 k",
	]);
	equal([0, 1023, 1024, 3670016, 2 ** 40].map(formatBytes), [
		"0 B",
		"1023 B",
		"1.00 KiB",
		"3.50 MiB",
		"1.00 TiB",
	]);
	equal([2.302585, 0.01904, 0, 0.0000123, 123456].map(formatMetric), [
		"2.303",
		"0.01904",
		"0",
		"1.23e-5",
		"1.23e5",
	]);
	equal([0.001, 1e-7, 0.30000000000000004].map(formatRate), ["0.001", "1e-7", "0.3"]);
	equal([0.98412, 1].map(formatPercent), ["98.41 %", "100.00 %"]);
	equal([[28, 28, 1], [10], []].map(formatShape), ["28 × 28 × 1", "10", "scalar"]);
});

test("a last batch is smaller than the others, or takes the rest in", () => {
	equal(
		[lastBatchText(64, 32), lastBatchText(64, 1120)],
		[
			"each epoch ends with a batch of 32",
			"the last batch of each epoch takes the rest in and has 1,120",
		],
	);
});

test("what is not known is a dash", () => {
	for (const format of [formatShort, formatBytes, formatMetric, formatPercent, formatRate, formatDuration])
		equal(
			[null, undefined, NaN, Infinity].map((value) => format(value)),
			["–", "–", "–", "–"],
		);
	equal(formatAge(null, 0), "–");
	equal(formatAge("not a time", 0), "–");
});

test("durations and ages carry into the next unit", () => {
	equal([0.4, 0.9996, 4.23, 9.96, 59.7, 83, 3599.6, 5025, 90000].map(formatDuration), [
		"400ms",
		"1.0s",
		"4.2s",
		"10s",
		"1m 00s",
		"1m 23s",
		"1h 00m",
		"1h 23m",
		"1d 01h",
	]);
	const now = Date.parse("2026-01-02T00:00:00Z");
	const before = (seconds: number) => formatAge(new Date(now - seconds * 1000).toISOString(), now);
	equal([-5, 4, 59, 60, 3600, 86400 * 12].map(before), ["now", "now", "59s", "1m", "1h", "12d"]);
});

// --- server-sent events ------------------------------------------------------------------------------------------

test("events come whole however the stream is cut", () => {
	const text =
		': ping\n\nevent: step\ndata: {"a":1}\n\nid: 7\r\nevent: epoch\r\ndata: one\r\ndata: two\r\n\r\n' +
		"data:x\n\n";
	const wanted = [
		{ id: "", type: "step", data: '{"a":1}' },
		{ id: "7", type: "epoch", data: "one\ntwo" },
		{ id: "7", type: "message", data: "x" },
	];
	for (let size = 1; size <= text.length; size++) {
		const parser = new EventParser();
		const events = [];
		for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
		equal(events, wanted, `in pieces of ${size}`);
	}
});

test("a block without data is no event, and an unfinished one waits", () => {
	const parser = new EventParser();
	equal(parser.push("retry: 2000\n\nevent: status\n\nid: 3\n\ndata: half"), []);
	equal(parser.lastId, "3");
	equal(parser.push("\n"), []);
	equal(parser.push("\n"), [{ id: "3", type: "message", data: "half" }]);
});

// --- pointers and the form ---------------------------------------------------------------------------------------

test("pointers name places, escapes included", () => {
	equal(pointerParts("/a~1b/m~0n/0"), ["a/b", "m~n", "0"]);
	equal(pointerOf("a/b", "m~n", 0), "/a~1b/m~0n/0");
	equal(getAt({ model: { layers: [{ units: 3 }] } }, "/model/layers/0/units"), 3);
	equal(getAt({ a: 1 }, "/a/b"), undefined);
	equal(getAt({ a: 1 }, "/toString"), undefined);
});

test("setting changes a copy, keeps the order, and removes with undefined", () => {
	const spec = { name: "a", model: { layers: [{ units: 3 }, { units: 4 }] }, seed: 1 };
	const next = setAt(spec, "/model/layers/1/units", 9);
	equal(JSON.stringify(next), '{"name":"a","model":{"layers":[{"units":3},{"units":9}]},"seed":1}');
	equal(spec.model.layers[1]!.units, 4);
	equal(JSON.stringify(setAt(spec, "/model", undefined)), '{"name":"a","seed":1}');
	equal(setAt({}, "/optimizer/learning_rate", 0.1), { optimizer: { learning_rate: 0.1 } });
});

const argument = (name: string, more: Partial<Argument> = {}): Argument => ({
	name,
	doc: "",
	type: "integer",
	required: false,
	nullable: false,
	or_number: false,
	default: null,
	minimum: null,
	maximum: null,
	minimum_count: null,
	maximum_count: null,
	element: null,
	choices: null,
	variants: null,
	...more,
});
const catalog: Catalog = {
	layers: [
		{
			name: "Conv2D",
			doc: "",
			arguments: [
				argument("filters", { required: true }),
				argument("strides", { type: "pair", default: [1, 1] }),
				argument("activation", { default: "linear" }),
			],
		},
		{ name: "Dense", doc: "", arguments: [argument("units", { required: true })] },
		{
			name: "Activation",
			doc: "",
			arguments: [argument("activation", { required: true, choices: ["relu"] })],
		},
	],
	losses: [{ name: "mean_squared_error", doc: "", arguments: [] }],
	optimizers: [{ name: "Adam", doc: "", arguments: [argument("learning_rate")] }],
	metrics: [{ name: "accuracy", doc: "", arguments: [] }],
};

test("a problem is shown at the closest field that contains its place", () => {
	const spec = { optimizer: "adam", model: { layers: [{ type: "Conv2D" }, { type: "Dense" }] } };
	const fields = formFields(spec, catalog);
	const field = (pointer: string) => fieldOf({ pointer, detail: "" }, fields);
	equal(field("/model/layers/1/units"), "/model/layers/1/units");
	equal(field("/model/layers/0/strides/1"), "/model/layers/0/strides");
	equal(field("/model/layers/0/nonsense"), "/model/layers/0");
	equal(field("/model/layers/10"), "/model/layers");
	equal(field("/optimizer/learning_rate"), "/optimizer/learning_rate");
	equal(field("/batch_sizes"), "");
	const groups = groupProblems(
		[
			{ pointer: "/batch_sizes", detail: "unknown" },
			{ pointer: "/name", detail: "bad" },
			{ pointer: "", detail: "too large" },
		],
		fields,
	);
	equal(
		[...groups],
		[
			["", ["/batch_sizes: unknown", "too large"]],
			["/name", ["bad"]],
		],
	);
});

test("the form shows the arguments that matter, and new layers come with what they need", () => {
	const [filters, strides, activation] = catalog.layers[0]!.arguments;
	equal(isTelling(filters!, 0, undefined), true);
	equal(isTelling(strides!, 1, undefined), false);
	equal(isTelling(strides!, 1, 1), false);
	equal(isTelling(strides!, 1, [2, 1]), true);
	equal(isTelling(activation!, 2, undefined), true);
	equal(newLayer(catalog.layers[0]!), { type: "Conv2D", filters: 32, activation: "relu" });
	equal(newLayer(catalog.layers[2]!), { type: "Activation", activation: "relu" });
	const reshape = argument("target_shape", { type: "list", required: true, minimum: -1, minimum_count: 1 });
	equal(newLayer({ name: "Reshape", doc: "", arguments: [reshape] }), { type: "Reshape", target_shape: [-1] });
	equal(moveItem(["a", "b", "c"], 2, 0), ["c", "a", "b"]);
});

test("a model that is no plain list is left to JSON", () => {
	equal(layersOf({ model: { class_name: "Sequential" } }), null);
	equal(layersOf({ model: { layers: ["Dense"] } }), null);
	equal(layersOf({}), null);
	equal(classOf({ optimizer: "adam" }, "optimizer"), { type: "adam" });
	equal(classOf({ loss: 3 }, "loss"), {});
});

test("printed JSON reads back the same, short things on one line", () => {
	const value = {
		a: [1, 2, [3]],
		b: { c: 'it\'s "x"', d: {} },
		e: null,
		f: Array.from({ length: 60 }, (_, i) => i),
	};
	const text = printJson(value);
	equal(JSON.parse(text), value);
	equal(text.split("\n")[1], '  "a": [1, 2, [3]],');
	equal(printJson({}), "{}");
});

// --- curves ------------------------------------------------------------------------------------------------------

const step = (epoch: number, at: number, loss: number): Step => ({
	job_id: "j",
	epoch,
	epochs: 5,
	step: at,
	steps_per_epoch: 10,
	loss,
	accuracy: null,
	samples_per_second: null,
	eta_seconds: null,
});
const epoch = (n: number, loss: number, valLoss: number): Epoch => ({
	epoch: n,
	loss,
	val_loss: valLoss,
	learning_rate: 0.1,
	seconds: 1,
	samples_per_second: 1,
	phase_seconds: {},
});
const loss = { key: "loss", validation: "val_loss" } as const;

test("epochs and running means share one axis, cut between epochs", () => {
	const trail = emptyTrail();
	for (const next of [step(1, 0, 9), step(1, 5, 2), step(1, 10, 1.5), step(2, 5, 0.5)]) appendStep(trail, next);
	const [x, train, validation, running] = chartColumns(loss, [epoch(1, 1.4, 1.2)], trail);
	equal(
		x.map((value) => Math.round(value * 100) / 100),
		[0.5, 1, 1, 1.5],
	);
	equal(train, [undefined, 1.4, undefined, undefined]);
	equal(validation, [undefined, 1.2, undefined, undefined]);
	equal(running, [2, 1.5, null, 0.5]);
	equal(
		x.every((value, i) => i === 0 || value > x[i - 1]!),
		true,
	);
});

test("a trail starts over where training went back, and stays bounded", () => {
	const trail = emptyTrail();
	for (const next of [step(1, 5, 2), step(2, 5, 1), step(1, 8, 1.9)]) appendStep(trail, next);
	equal(trail.x, [0.5, 0.8]);
	for (let i = 1; i < 10000; i++) appendStep(trail, step(10 + i, 1, 1));
	equal(trail.x.length <= 2000 && trail.x.at(-1) === 10008.1, true);
	equal(trail.loss.length, trail.x.length);
});

test("a metric with arguments is known by its name", () => {
	const auc = { type: "AUC", name: "auc", curve: "PR" };
	equal(["accuracy", auc, { type: "auc" }, 7, null].map(nameOfMetric), ["accuracy", "auc", "auc", null, null]);
	equal(metricsOfSpec({ metrics: ["accuracy", { ...auc, name: "pr" }] }), ["accuracy", "pr"]);
	equal(metricsOfSpec({ metrics: [] }), []);
	equal(metricsOfSpec({}), []);
});

test("the axis has room to grow, and outliers do not flatten the curve", () => {
	equal(
		[axisEnd(5, 0), axisEnd(1000, 3), axisEnd(1000, 18), axisEnd(1000, 950), axisEnd(64, 60)],
		[5, 10, 20, 1000, 64],
	);
	equal(valueRange([[1, 2, null, undefined, NaN]]), [1, 2]);
	equal(valueRange([[], [undefined]]), null);
	const many = Array.from({ length: 100 }, (_, i) => (i < 3 ? 50 : 1 + i / 100));
	equal(valueRange([many])![1] < 3, true);
	equal(valueRange([[...many, 40]])![1], 40);
});

// --- jobs, data sets, addresses ----------------------------------------------------------------------------------

const job = (status: Job["status"]): Job => ({
	id: "j",
	name: "n",
	status,
	created_at: "",
	started_at: null,
	finished_at: null,
	spec: {},
	progress: {
		epoch: 2,
		epochs: 5,
		step: 0,
		steps_per_epoch: 10,
		samples_per_second: null,
		eta_seconds: null,
	},
	metrics: { loss: 0.3, accuracy: 0.9 },
	best: null,
	forecast: null,
	attempts: 1,
	error: null,
	metadata: {},
});

test("a running job stands where its last step was, any other where it was stored", () => {
	const live = standing(job("running"), step(3, 5, 0.25));
	equal([live.fraction, live.epoch, live.step, live.loss, live.accuracy], [0.5, 3, 5, 0.25, 0.9]);
	const paused = standing(job("paused"), step(3, 5, 0.25));
	equal([paused.fraction, paused.epoch, paused.step, paused.loss], [0.4, 2, null, 0.3]);
});

test("files are put to the part that their name tells", () => {
	equal(
		[
			"train-images-idx3-ubyte.gz",
			"t10k-labels-idx1-ubyte",
			"x_test.npy",
			"y_train.idx",
			"cat.png",
			"notes-test",
		].map(guessPart),
		["x_train", "y_test", "x_test", "y_train", null, null],
	);
	const part = { dtype: "uint8", shape: [60000, 28, 28], bytes: 1 };
	const dataset: Dataset = {
		name: "d",
		classes: null,
		parts: { x_train: part, y_train: null, x_test: null, y_test: null },
	};
	equal(missingParts(dataset), ["y_train", "x_test", "y_test"]);
	equal(splitText(dataset), "60,000 train · – test");
});

test("addresses name views, and links may bring the token", () => {
	equal(parseRoute(""), { view: "queue" });
	equal(parseRoute("#/nowhere"), { view: "queue" });
	equal(parseRoute("#/jobs/01J%2F"), { view: "job", id: "01J/" });
	equal(parseRoute("#/jobs/%"), { view: "job", id: "%" });
	equal(parseRoute("#/new?from=01J"), { view: "new", from: "01J" });
	equal(tokenOf("#token=a%2Bb"), "a+b");
	equal(tokenOf("#/jobs/1"), null);
});

await runTests();
