// Job specs: the one the form starts with, and a spec as a line for the terminal. Pure but for the address.

import { printJson } from "./json";
import type { JsonObject } from "./types";

// The model this project grew out of.
export const mnistJob: JsonObject = {
	name: "mnist-cnn",
	dataset: "mnist",
	validation: { split: "test" },
	model: {
		layers: [
			{ type: "Conv2D", filters: 32, kernel_size: 3, activation: "relu" },
			{ type: "MaxPooling2D", pool_size: 2 },
			{ type: "Flatten" },
			{ type: "Dense", units: 64, activation: "relu" },
			{ type: "Dense", units: 10, activation: "softmax" },
		],
	},
	loss: "sparse_categorical_crossentropy",
	optimizer: { type: "Adam", learning_rate: 0.001 },
	metrics: ["accuracy"],
	batch_size: 64,
	epochs: 5,
	seed: 7,
};

// Where the server keeps the token when it was started without --state.
export const tokenPlace = "~/.local/state/epochd/token";

export function curlLine(spec: JsonObject): string {
	const body = printJson(spec).replace(/'/g, "'\\''");
	const header = '-H "Authorization: Bearer $TOKEN"';
	return `TOKEN=$(cat ${tokenPlace})\ncurl ${location.origin}/v1/jobs ${header} --json '${body}'`;
}
