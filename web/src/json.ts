// JSON as people write it: indented, but short lists and objects on one line. Pure.

import type { Json } from "./types";

const lineMax = 84;

export function printJson(value: Json, indent = ""): string {
	const flat = printFlat(value);
	// The outermost object is always opened up.
	if (indent.length + flat.length <= lineMax && (indent !== "" || flat.length < 3 || typeof value !== "object"))
		return flat;
	const inner = indent + "  ";
	if (Array.isArray(value))
		return `[\n${value.map((item) => inner + printJson(item, inner)).join(",\n")}\n${indent}]`;
	if (typeof value === "object" && value !== null) {
		const members = Object.entries(value).map(
			([key, item]) => `${inner}${JSON.stringify(key)}: ${printJson(item, inner)}`,
		);
		return `{\n${members.join(",\n")}\n${indent}}`;
	}
	return flat;
}

function printFlat(value: Json): string {
	if (Array.isArray(value)) return `[${value.map(printFlat).join(", ")}]`;
	if (typeof value === "object" && value !== null) {
		const members = Object.entries(value).map(
			([key, item]) => `${JSON.stringify(key)}: ${printFlat(item)}`,
		);
		return members.length > 0 ? `{ ${members.join(", ")} }` : "{}";
	}
	return JSON.stringify(value);
}
