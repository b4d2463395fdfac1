// The columns that a chart draws, out of a job's epochs and its trail. Pure.

import { metricOf } from "./metrics";
import type { Trail } from "./trail";
import type { Epoch } from "./types";

// null: a gap in the line; undefined: no value there, the line goes on to the next one.
export type Column = (number | null | undefined)[];

// What a chart is of: the names of the metric in an epoch record. The trail has the loss and the accuracy alone.
export interface Measure {
	key: string;
	validation: string;
}

// x, training, validation, running: of one length.
export type Columns = [number[], Column, Column, Column];

// The running mean begins afresh with each epoch: this far behind its end its line is cut.
const cut = 1e-6;

export function chartColumns(measure: Measure, epochs: readonly Epoch[], trail: Trail): Columns {
	const columns: Columns = [[], [], [], []];
	const shown = measure.key === "loss" || measure.key === "accuracy" ? trail[measure.key] : [];
	const push = (x: number, train?: number | null, validation?: number | null, running?: number | null) => {
		columns[0].push(x);
		columns[1].push(train ?? undefined);
		columns[2].push(validation ?? undefined);
		columns[3].push(running);
	};
	let at = 0;
	const pushTrail = (until: number) => {
		for (; at < trail.x.length && trail.x[at]! < until; at++)
			push(trail.x[at]!, undefined, undefined, shown[at]);
	};
	for (const epoch of epochs) {
		pushTrail(epoch.epoch);
		const running = trail.x[at] === epoch.epoch ? shown[at++] : undefined;
		push(epoch.epoch, metricOf(epoch, measure.key), metricOf(epoch, measure.validation), running);
		push(epoch.epoch + cut, undefined, undefined, null);
	}
	pushTrail(Infinity);
	return columns;
}

// Where the x axis ends. A short job shows all of its epochs from the start, so that the curve grows towards a fixed
// end; a long one shows what there is and some room, in steps, so that it does not crawl.
export function axisEnd(epochs: number, reached: number): number {
	if (epochs <= 30) return Math.max(1, epochs);
	for (let decade = 10; ; decade *= 10) {
		for (const end of [decade, 2 * decade, 5 * decade]) {
			if (end >= reached * 1.1) return Math.min(epochs, end);
		}
	}
}

// The y range on a linear axis. As in TensorBoard, a few outliers (the first steps of a training) must not flatten the
// rest: of a column with many values, those from the 5th to the 95th percentile and the newest one are inside.
export function valueRange(columns: readonly Column[]): [number, number] | null {
	const kept = columns.flatMap((column) => {
		const values = column.filter(
			(value): value is number => typeof value === "number" && Number.isFinite(value),
		);
		if (values.length <= 20) return values;
		const sorted = [...values].sort((a, b) => a - b);
		const last = sorted.length - 1;
		return [sorted[Math.ceil(0.05 * last)]!, sorted[Math.floor(0.95 * last)]!, values[last]!];
	});
	return kept.length > 0 ? [Math.min(...kept), Math.max(...kept)] : null;
}
