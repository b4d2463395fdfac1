// The form's view of a spec: which fields it shows, which layers and arguments, what a new layer begins with. Pure.

import { fieldOf, getAt, pointerOf } from "./pointer";
import type { Argument, Catalog, CatalogRow, Json, JsonObject, Problem } from "./types";

export const layersPointer = "/model/layers";
const plainFields = [
	"/name",
	"/dataset",
	"/validation",
	"/batch_size",
	"/epochs",
	"/seed",
	"/loss",
	"/metrics",
	"/optimizer",
	layersPointer,
];

// The layers when they are a plain list; null for a model that only JSON can show.
export function layersOf(spec: JsonObject): JsonObject[] | null {
	const layers = getAt(spec, layersPointer);
	const plain =
		Array.isArray(layers) &&
		layers.every(
			(layer) =>
				typeof layer === "object" &&
				layer !== null &&
				!Array.isArray(layer) &&
				typeof layer.type === "string",
		);
	return plain ? (layers as JsonObject[]) : null;
}

export type ClassKey = "loss" | "optimizer";

// The loss and the optimizer may be written as a name alone.
export function classOf(spec: JsonObject, key: ClassKey): JsonObject {
	const value = spec[key];
	if (typeof value === "string") return { type: value };
	return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

export function findRow(rows: CatalogRow[] | undefined, name: Json | undefined): CatalogRow | undefined {
	return (
		rows?.find((row) => row.name === name) ??
		rows?.find((row) => typeof name === "string" && row.name.toLowerCase() === name.toLowerCase())
	);
}

// The pointers of everything on the form, so that a problem finds its field.
export function formFields(spec: JsonObject, catalog: Catalog): string[] {
	const argumentsOf = (rows: CatalogRow[], type: Json | undefined, pointer: string) =>
		findRow(rows, type)?.arguments.map((argument) => pointer + pointerOf(argument.name)) ?? [];
	const layers = (layersOf(spec) ?? []).flatMap((layer, i) => {
		const pointer = layersPointer + pointerOf(i);
		return [
			pointer,
			pointer + "/name",
			pointer + "/inputs",
			...argumentsOf(catalog.layers, layer.type, pointer),
		];
	});
	return [
		...plainFields,
		...layers,
		...argumentsOf(catalog.losses, classOf(spec, "loss").type, "/loss"),
		...argumentsOf(catalog.optimizers, classOf(spec, "optimizer").type, "/optimizer"),
	];
}

// Problems by the field that shows them; those that no field shows are under "".
export function groupProblems(problems: readonly Problem[], fields: readonly string[]): Map<string, string[]> {
	const groups = new Map<string, string[]>();
	for (const problem of problems) {
		const field = fieldOf(problem, fields);
		const text =
			field === "" && problem.pointer !== ""
				? `${problem.pointer}: ${problem.detail}`
				: problem.detail;
		groups.set(field, [...(groups.get(field) ?? []), text]);
	}
	return groups;
}

// Arguments that are always shown: those that must be given, the first one, the activation, and those that say
// something else than their default.
export function isTelling(argument: Argument, index: number, value: Json | undefined): boolean {
	return (
		argument.required ||
		index === 0 ||
		argument.name === "activation" ||
		(value !== undefined && !sameValue(value, argument.default))
	);
}

// A pair may be written as one number.
function sameValue(a: Json | undefined, b: Json | undefined): boolean {
	const spread = (value: Json | undefined) =>
		typeof value === "number" ? JSON.stringify([value, value]) : JSON.stringify(value);
	return spread(a) === spread(b);
}

const firstValues: JsonObject = { filters: 32, kernel_size: 3, units: 64, activation: "relu" };

// A layer as it is added: what must be given, and an activation where there is one.
export function newLayer(row: CatalogRow): JsonObject {
	const layer: JsonObject = { type: row.name };
	for (const argument of row.arguments) {
		const first = firstValues[argument.name];
		if (argument.required && argument.type === "list")
			layer[argument.name] = Array(Math.max(1, argument.minimum_count ?? 1)).fill(
				argument.minimum ?? 1,
			);
		else if (argument.required)
			layer[argument.name] = first ?? argument.minimum ?? argument.choices?.[0] ?? 1;
		else if (argument.name === "activation" && row.name !== "Activation") layer.activation = first ?? null;
	}
	return layer;
}

export function moveItem<T>(list: readonly T[], from: number, to: number): T[] {
	const copy = [...list];
	const [item] = copy.splice(from, 1);
	if (item !== undefined) copy.splice(to, 0, item);
	return copy;
}
