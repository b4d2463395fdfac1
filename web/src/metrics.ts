// What a spec and an epoch's record say of a job's metrics: their names, labels and formats. Pure.

import { formatMetric, formatPercent, formatRate } from "./format";
import { getAt } from "./pointer";
import type { Epoch, Json, JsonObject } from "./types";

const others = new Set(["epoch", "step", "learning_rate", "seconds", "samples_per_second"]);
const prefix = "val_";

// A member of the record that is a number; undefined where there is none.
export function metricOf(epoch: Epoch, name: string): number | null | undefined {
	const value = (epoch as unknown as Record<string, unknown>)[name];
	return typeof value === "number" || value === null ? value : undefined;
}

// The metrics of a job without those of the validation, in the server's order: the loss, and what has a value
// somewhere.
export function metricNames(epochs: readonly Epoch[]): string[] {
	const names = new Set(["loss"]);
	for (const epoch of epochs)
		for (const name of Object.keys(epoch))
			if (!others.has(name) && !name.startsWith(prefix) && typeof metricOf(epoch, name) === "number")
				names.add(name);
	return [...names];
}

// What a metric of a spec is called: it is its name alone, or an object that has a name or that of its type.
export function nameOfMetric(metric: Json): string | null {
	const name = getAt(metric, "/name") ?? getAt(metric, "/type") ?? metric;
	return typeof name === "string" ? name : null;
}

// The metrics that a spec asks for, before any epoch has one.
export function metricsOfSpec(spec: JsonObject): string[] {
	const metrics = Array.isArray(spec.metrics) ? spec.metrics : [];
	return metrics.map(nameOfMetric).filter((name) => name !== null);
}

export const validationOf = (name: string): string => prefix + name;

// "mean_absolute_error" → "Mean absolute error"
export function metricLabel(name: string): string {
	const words = name.replaceAll("_", " ");
	return words === "auc" ? "AUC" : words.charAt(0).toUpperCase() + words.slice(1);
}

const shares = /accuracy|precision|recall|auc|f1/;

// The best of these is 1.
export const isShare = (name: string): boolean => shares.test(name);

export function metricFormat(name: string): (value: number | null | undefined) => string {
	if (name === "learning_rate") return formatRate;
	return isShare(name) ? formatPercent : formatMetric;
}

// Whether some epoch has another learning rate than the first.
export function rateChanges(epochs: readonly Epoch[]): boolean {
	return epochs.some((epoch) => epoch.learning_rate !== epochs[0]!.learning_rate);
}
