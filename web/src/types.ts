// The shapes of the HTTP API, as far as the dashboard reads them.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export type Status = "queued" | "running" | "pausing" | "paused" | "cancelling" | "cancelled" | "succeeded" | "failed";

export interface Progress {
	epoch: number; // finished
	epochs: number;
	step: number; // of the epoch under way
	steps_per_epoch: number;
	samples_per_second: number | null;
	eta_seconds: number | null;
}

export interface Metrics {
	loss?: number | null;
	accuracy?: number | null;
	val_loss?: number | null;
	val_accuracy?: number | null;
}

export interface ForecastLayer {
	name: string;
	type: string;
	output_shape: number[];
	parameters: number;
	flops_per_sample: number;
}

export interface Forecast {
	parameters: number; // that are trained
	non_trainable_parameters?: number; // older forecasts lack this and the next
	micro_batch_size?: number;
	flops_per_sample: number;
	bytes: { total: number } & Record<string, number>;
	steps_per_epoch: number;
	last_batch_size: number;
	layers: ForecastLayer[];
}

export interface Job {
	id: string;
	name: string;
	status: Status;
	created_at: string;
	started_at: string | null;
	finished_at: string | null;
	spec: JsonObject;
	progress: Progress;
	metrics: Metrics;
	best: ({ epoch: number } & Metrics) | null;
	forecast: Forecast | null;
	attempts: number;
	error: string | null;
	metadata: Record<string, string>;
}

export interface Epoch extends Metrics {
	epoch: number;
	learning_rate: number;
	seconds: number;
	samples_per_second: number;
	phase_seconds: Record<string, number>;
}

export interface Evaluation {
	epoch: number;
	classes: number;
	samples: number;
	confusion_matrix: number[][]; // [label][predicted]
	per_class: { class: number; support: number; precision: number; recall: number; f1: number }[];
}

// Where a running job stands: the data of a `step` event.
export interface Step {
	job_id: string;
	epoch: number; // under way, counts from 1
	epochs: number;
	step: number; // done in this epoch
	steps_per_epoch: number;
	loss: number | null; // mean of this epoch so far
	accuracy: number | null;
	samples_per_second: number | null;
	eta_seconds: number | null;
}

export interface Checkpoint {
	epoch: number;
	step: number;
	bytes: number;
	sha256: string;
	created_at?: string;
}

export interface JobEvent {
	id: number;
	type: string;
	created_at: string;
	data: JsonObject;
}

export interface Dataset {
	name: string;
	parts: Record<string, DatasetPart | null>;
	classes: number | null;
}

export interface DatasetPart {
	dtype: string;
	shape: number[];
	bytes: number;
}

export interface Server {
	version: string;
	isa: string;
	cores: number;
	memory_bytes: number;
	memory_used_bytes: number;
	started_at: string;
	jobs: Record<Status, number>;
}

export type ArgumentType =
	| "integer"
	| "number"
	| "boolean"
	| "choice"
	| "pair"
	| "margins"
	| "list"
	| "variant"
	| "name";

export interface Argument {
	name: string;
	doc: string;
	type: ArgumentType;
	required: boolean; // it has no default
	nullable: boolean;
	or_number: boolean; // a variant, or a list of one, may be a number
	default: Json;
	minimum: number | null; // null: no limit
	maximum: number | null;
	minimum_count: number | null; // of a list
	maximum_count: number | null;
	element: "integer" | "number" | null;
	choices: string[] | null;
	variants: string | null; // the key of the catalogue's list of what a variant can be
}

export interface CatalogRow {
	name: string;
	doc: string;
	arguments: Argument[];
}

export interface Catalog {
	layers: CatalogRow[];
	losses: CatalogRow[];
	optimizers: CatalogRow[];
	metrics: CatalogRow[];
}

// One thing that is wrong with a request; pointer is an RFC 6901 JSON pointer into it.
export interface Problem {
	pointer: string;
	detail: string;
}

export interface List<T> {
	data: T[];
	has_more?: boolean;
	last_id?: string | null;
}
