// Where a job stands, from its record and what it last said while running. Pure.

import type { Job, Status, Step } from "./types";

export interface Standing {
	fraction: number; // 0 … 1, of the whole job
	epoch: number; // under way, or the last one
	epochs: number;
	step: number | null; // of that epoch; null when none is under way
	stepsPerEpoch: number;
	loss: number | null;
	accuracy: number | null;
	samplesPerSecond: number | null;
	etaSeconds: number | null;
}

export const isFinal = (status: Status): boolean =>
	status === "cancelled" || status === "succeeded" || status === "failed";

// Something computes for it now, or is about to stop.
export const isRunning = (status: Status): boolean =>
	status === "running" || status === "pausing" || status === "cancelling";

export function standing(job: Job, live: Step | null): Standing {
	const progress = job.progress;
	const moving = isRunning(job.status) && live !== null;
	const steps = (moving ? live.steps_per_epoch : progress.steps_per_epoch) || 1;
	const done = moving ? live.epoch - 1 + live.step / steps : progress.epoch + progress.step / steps;
	return {
		fraction: Math.min(1, Math.max(0, done / Math.max(1, progress.epochs))),
		epoch: moving ? live.epoch : progress.epoch,
		epochs: progress.epochs,
		step: moving ? live.step : null,
		stepsPerEpoch: steps,
		loss: (moving ? live.loss : null) ?? job.metrics.loss ?? null,
		accuracy: (moving ? live.accuracy : null) ?? job.metrics.accuracy ?? null,
		samplesPerSecond: (moving ? live.samples_per_second : null) ?? progress.samples_per_second,
		etaSeconds: moving ? live.eta_seconds : null,
	};
}
