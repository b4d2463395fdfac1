// The running means of the epochs under way, kept step by step since the page was opened. Pure.

import type { Step } from "./types";

export interface Trail {
	x: number[]; // in epochs: 1.5 is half way through the second
	loss: (number | null)[];
	accuracy: (number | null)[];
}

const pointsMax = 2000;

export const emptyTrail = (): Trail => ({ x: [], loss: [], accuracy: [] });

export function appendStep(trail: Trail, step: Step): void {
	if (step.step <= 0 || step.steps_per_epoch <= 0) return;
	const x = step.epoch - 1 + step.step / step.steps_per_epoch;
	// A job that went back to its last checkpoint draws over what it had drawn.
	while (trail.x.length > 0 && trail.x[trail.x.length - 1]! >= x) pop(trail);
	if (trail.x.length >= pointsMax) halve(trail);
	trail.x.push(x);
	trail.loss.push(step.loss);
	trail.accuracy.push(step.accuracy);
}

function pop(trail: Trail): void {
	trail.x.pop();
	trail.loss.pop();
	trail.accuracy.pop();
}

function halve(trail: Trail): void {
	const even = (_: unknown, i: number) => i % 2 === 0;
	trail.x = trail.x.filter(even);
	trail.loss = trail.loss.filter(even);
	trail.accuracy = trail.accuracy.filter(even);
}
