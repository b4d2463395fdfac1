// JSON pointers (RFC 6901): naming a place in a spec, reading and changing it there. Pure.

import type { Json, JsonObject, Problem } from "./types";

export function pointerParts(pointer: string): string[] {
	if (pointer === "") return [];
	return pointer
		.slice(1)
		.split("/")
		.map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
}

export function pointerOf(...parts: (string | number)[]): string {
	return parts.map((part) => "/" + String(part).replace(/~/g, "~0").replace(/\//g, "~1")).join("");
}

const isObject = (value: Json | undefined): value is JsonObject =>
	typeof value === "object" && value !== null && !Array.isArray(value);

export function getAt(root: Json, pointer: string): Json | undefined {
	let value: Json | undefined = root;
	for (const part of pointerParts(pointer)) {
		if (Array.isArray(value)) value = value[Number(part)];
		else if (isObject(value) && Object.hasOwn(value, part)) value = value[part];
		else return undefined;
	}
	return value;
}

// A copy of `root` with the value at that place; undefined removes a member. Objects on the way are made where
// there are none.
export function setAt(root: Json | undefined, pointer: string, value: Json | undefined): Json {
	return setParts(root, pointerParts(pointer), value) ?? null;
}

function setParts(root: Json | undefined, parts: string[], value: Json | undefined): Json | undefined {
	const [first, ...rest] = parts;
	if (first === undefined) return value;
	if (Array.isArray(root)) {
		const copy = [...root];
		copy[Number(first)] = setParts(copy[Number(first)], rest, value) ?? null;
		return copy;
	}
	const { [first]: old, ...others } = isObject(root) ? root : {};
	const next = setParts(old, rest, value);
	if (next === undefined) return others;
	// A member that was there keeps its place.
	return isObject(root) && Object.hasOwn(root, first) ? { ...root, [first]: next } : { ...others, [first]: next };
}

// The field that shows a problem: of all pointers on the form, the longest that contains the problem's place.
// "" when only the whole form does.
export function fieldOf(problem: Problem, fields: Iterable<string>): string {
	let best = "";
	for (const field of fields) {
		const contains = problem.pointer === field || problem.pointer.startsWith(field + "/");
		if (contains && field.length > best.length) best = field;
	}
	return best;
}
