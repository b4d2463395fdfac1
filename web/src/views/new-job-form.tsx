// The form of a new job. Which layers, losses and optimizers there are, and their arguments, the catalogue says.

import { useContext } from "preact/hooks";
import { type ClassKey, classOf, findRow } from "../form";
import { formatCount } from "../format";
import { nameOfMetric } from "../metrics";
import {
	ArgumentField,
	Field,
	type Form,
	FormContext,
	NumberControl,
	SelectControl,
	TextControl,
	fieldId,
} from "../parts/fields";
import { Card } from "../parts/small";
import { getAt, pointerOf, setAt } from "../pointer";
import { datasets } from "../store";
import type { Catalog, CatalogRow, Forecast, Json } from "../types";
import { LayersEditor } from "./new-job-layers";

export function JobForm({ catalog, forecast }: { catalog: Catalog; forecast: Forecast | null }) {
	return (
		<>
			<Card title="Job">
				<div class="fields">
					<Field pointer="/name" label="Name">
						<TextControl pointer="/name" />
					</Field>
					<Field pointer="/dataset" label="Data set">
						<SelectControl
							pointer="/dataset"
							choices={datasets.value?.map((dataset) => dataset.name) ?? []}
						/>
					</Field>
					<ValidationField />
				</div>
			</Card>
			<Card title="Batch">
				<BatchSizeField forecast={forecast} />
				<div class="fields">
					<Field pointer="/epochs" label="Epochs">
						<NumberControl pointer="/epochs" whole minimum={1} placeholder="1" />
					</Field>
					<Field pointer="/seed" label="Seed" doc="Same seed, same weights: bit for bit">
						<NumberControl pointer="/seed" whole minimum={0} placeholder="0" />
					</Field>
				</div>
			</Card>
			<LayersEditor catalog={catalog} forecast={forecast} />
			<Card title="Learning">
				<ClassEditor name="optimizer" label="Optimizer" rows={catalog.optimizers} />
				<ClassEditor name="loss" label="Loss" rows={catalog.losses} />
				<MetricsField metrics={catalog.metrics} />
			</Card>
		</>
	);
}

const validations: { name: string; value: Json }[] = [
	{ name: "on the test samples", value: { split: "test" } },
	{ name: "on 30 % of the training samples", value: { fraction: 0.3 } },
	{ name: "none", value: null },
];

function ValidationField() {
	const { spec, set } = useContext(FormContext);
	const value = JSON.stringify(spec.validation === undefined ? { split: "test" } : spec.validation);
	const known = validations.some((choice) => JSON.stringify(choice.value) === value);
	return (
		<Field pointer="/validation" label="Validation">
			<select
				id={fieldId("/validation")}
				value={value}
				onChange={(event) => {
					set("/validation", JSON.parse(event.currentTarget.value) as Json);
				}}
			>
				{!known && <option value={value}>{value}</option>}
				{validations.map((choice) => (
					<option key={choice.name} value={JSON.stringify(choice.value)}>
						{choice.name}
					</option>
				))}
			</select>
		</Field>
	);
}

const powerMax = 12; // the slider ends at 4096; the number beside it goes on

function BatchSizeField({ forecast }: { forecast: Forecast | null }) {
	const { spec, set } = useContext(FormContext);
	const size = typeof spec.batch_size === "number" && spec.batch_size > 0 ? spec.batch_size : 32;
	const steps = forecast && `${formatCount(forecast.steps_per_epoch)} updates an epoch`;
	return (
		<Field pointer="/batch_size" label="Batch size">
			<div class="batch-size">
				<input
					type="range"
					min={0}
					max={powerMax}
					step={1}
					value={Math.min(powerMax, Math.round(Math.log2(size)))}
					aria-label="Batch size, powers of two"
					aria-valuetext={String(size)}
					onInput={(event) => set("/batch_size", 2 ** Number(event.currentTarget.value))}
				/>
				<NumberControl pointer="/batch_size" whole minimum={1} placeholder="32" />
			</div>
			<div class="batch-words" aria-hidden="true">
				<span>small: many noisy updates</span>
				<span>{steps}</span>
				<span>large: few smooth ones</span>
			</div>
		</Field>
	);
}

// A metric with arguments of its own stays as it is; to write one is for the JSON.
function MetricsField({ metrics }: { metrics: CatalogRow[] }) {
	const { spec, set } = useContext(FormContext);
	const chosen = Array.isArray(spec.metrics) ? spec.metrics : [];
	return (
		<Field pointer="/metrics" label="Metrics">
			<span class="checks">
				{metrics.map(({ name, doc }, i) => (
					<label key={name} class="check" title={doc}>
						<input
							type="checkbox"
							id={i === 0 ? fieldId("/metrics") : undefined}
							checked={chosen.some((metric) => nameOfMetric(metric) === name)}
							onChange={(event) =>
								set(
									"/metrics",
									event.currentTarget.checked
										? [...chosen, name]
										: chosen.filter(
												(metric) =>
													nameOfMetric(
														metric,
													) !== name,
											),
								)
							}
						/>
						{name}
					</label>
				))}
			</span>
		</Field>
	);
}

// A loss or an optimizer: which one, and its arguments.
function ClassEditor({ name, label, rows }: { name: ClassKey; label: string; rows: CatalogRow[] }) {
	const form = useContext(FormContext);
	const value = classOf(form.spec, name);
	const row = findRow(rows, value.type);
	const pointer = pointerOf(name);
	// An argument is set in an object, also where the spec has the name alone.
	const inside: Form = {
		...form,
		spec: { ...form.spec, [name]: value },
		set: (place, next) => form.set(pointer, getAt(setAt({ [name]: value }, place, next), pointer)),
	};
	return (
		<div class="class-editor">
			<Field pointer={pointer} label={label}>
				<select
					id={fieldId(pointer)}
					value={row?.name ?? ""}
					title={row?.doc}
					onChange={(event) => form.set(pointer, { type: event.currentTarget.value })}
				>
					{!row && <option value="">{String(value.type ?? "")}</option>}
					{rows.map((other) => (
						<option key={other.name} value={other.name}>
							{other.name}
						</option>
					))}
				</select>
			</Field>
			{row && row.arguments.length > 0 && (
				<FormContext.Provider value={inside}>
					<div class="fields fields-small">
						{row.arguments.map((argument) => (
							<ArgumentField
								key={argument.name}
								pointer={pointer + pointerOf(argument.name)}
								argument={argument}
							/>
						))}
					</div>
				</FormContext.Provider>
			)}
		</div>
	);
}
