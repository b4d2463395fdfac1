// What a data set holds, in the words of the dashboard. Pure.

import { formatCount, formatShape } from "./format";
import type { Dataset } from "./types";

export const partNames = ["x_train", "y_train", "x_test", "y_test"] as const;
export type PartName = (typeof partNames)[number];

export function samplesOf(dataset: Dataset, split: "train" | "test"): number | null {
	return dataset.parts[`x_${split}`]?.shape[0] ?? null;
}

export function sampleShape(dataset: Dataset): string {
	const part = dataset.parts.x_train ?? dataset.parts.x_test;
	return part ? `${formatShape(part.shape.slice(1))} ${part.dtype}` : "no samples";
}

export function missingParts(dataset: Dataset): PartName[] {
	return partNames.filter((name) => !dataset.parts[name]);
}

export function splitText(dataset: Dataset): string {
	return `${formatCount(samplesOf(dataset, "train"))} train · ${formatCount(samplesOf(dataset, "test"))} test`;
}

// Which part a file is, by the names that are in use: those of the original IDX files and of NumPy exports.
export function guessPart(fileName: string): PartName | null {
	const name = fileName.toLowerCase();
	const split = /t10k|test|val/.test(name) ? "test" : /train/.test(name) ? "train" : null;
	const kind = /label|(^|[^a-z])y([^a-z]|$)/.test(name)
		? "y"
		: /image|(^|[^a-z])x([^a-z]|$)|idx3/.test(name)
			? "x"
			: null;
	return split && kind ? `${kind}_${split}` : null;
}
