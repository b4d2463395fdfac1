// The wide cards of a job's page: its layers, its epochs, its spec.

import {
	formatCount,
	formatDuration,
	formatRate,
	formatShape,
	formatShort,
} from "../format";
import { metricFormat, metricLabel, metricNames, metricOf, validationOf } from "../metrics";
import { DownloadIcon } from "../parts/icons";
import { printJson } from "../json";
import { JsonText } from "../parts/json";
import { Card, CopyButton, Shell } from "../parts/small";
import { curlLine } from "../spec";
import { downloadFile } from "../store";
import type { Epoch, ForecastLayer, Job } from "../types";

export function LayersCard({ job }: { job: Job }) {
	const forecast = job.forecast;
	if (!forecast) return null;
	const flops = `${formatShort(forecast.flops_per_sample)}FLOP to train a sample`;
	const fixed = forecast.non_trainable_parameters;
	const more = fixed ? ` · ${formatCount(fixed)} not trained` : "";
	const note = `${formatCount(forecast.parameters)} parameters${more} · ${flops}`;
	return (
		<Card title="Layers" note={note}>
			<LayersTable layers={forecast.layers} />
		</Card>
	);
}

function LayersTable({ layers }: { layers: ForecastLayer[] }) {
	const parameters = Math.max(1, ...layers.map((layer) => layer.parameters));
	const flops = Math.max(1, ...layers.map((layer) => layer.flops_per_sample));
	return (
		<div class="table-scroll">
			<table>
				<thead>
					<tr>
						<th>Layer</th>
						<th>Output</th>
						<th class="number">Parameters</th>
						<th class="number">Forward FLOP</th>
					</tr>
				</thead>
				<tbody>
					{layers.map((layer) => (
						<tr key={layer.name}>
							<td>
								<b>{layer.type}</b>{" "}
								<small class="muted">{layer.name}</small>
							</td>
							<td class="numbers nowrap">
								{formatShape(layer.output_shape)}
							</td>
							<BarCell
								value={layer.parameters}
								most={parameters}
								text={formatCount(layer.parameters)}
							/>
							<BarCell
								value={layer.flops_per_sample}
								most={flops}
								text={formatShort(layer.flops_per_sample)}
							/>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

// A number with a thin bar under it: where the weight lies is seen before it is read.
function BarCell({ value, most, text }: { value: number; most: number; text: string }) {
	return (
		<td class="number bar-cell">
			{text}
			<i aria-hidden="true" style={{ width: `${(value / most) * 100}%` }} />
		</td>
	);
}

const epochsShown = 500; // the CSV has them all

export function EpochsCard({ job, epochs }: { job: Job; epochs: Epoch[] }) {
	const path = `/v1/jobs/${encodeURIComponent(job.id)}/epochs`;
	const none = epochs.length === 0;
	const csv = (
		<button
			type="button"
			class="button small"
			disabled={none}
			onClick={() => downloadFile(path, `${job.name}-epochs.csv`, "text/csv")}
		>
			<DownloadIcon />
			CSV
		</button>
	);
	return (
		<Card
			title="Epochs"
			note={none ? undefined : `${epochs.length} of ${job.progress.epochs}`}
			actions={csv}
		>
			{none ? (
				<p class="empty">The first row comes with the end of the first epoch.</p>
			) : (
				<EpochsTable epochs={epochs} best={job.best?.epoch} />
			)}
		</Card>
	);
}

// The columns between the epoch and its rate: all metrics, then those of the validation, if there is any.
interface MetricColumn {
	name: string;
	label: string;
	format: (value: number | null | undefined) => string;
}

function metricColumns(epochs: Epoch[]): MetricColumn[] {
	const names = metricNames(epochs);
	const trained = names.map((name) => ({ name, label: metricLabel(name), format: metricFormat(name) }));
	const validated = names
		.filter((name) => epochs.some((epoch) => typeof metricOf(epoch, validationOf(name)) === "number"))
		.map((name) => ({
			name: validationOf(name),
			label: `Val. ${name === "auc" ? "AUC" : metricLabel(name).toLowerCase()}`,
			format: metricFormat(name),
		}));
	return [...trained, ...validated];
}

function EpochsTable({ epochs, best }: { epochs: Epoch[]; best: number | undefined }) {
	const newestFirst = epochs.slice(-epochsShown).reverse();
	const columns = metricColumns(epochs);
	const heads = ["Epoch", ...columns.map((column) => column.label), "Rate", "Time", "Samples/s"];
	return (
		<div class="table-scroll table-tall" tabIndex={0} role="region" aria-label="Table of epochs">
			<table class="epochs">
				<thead>
					<tr>
						{heads.map((name) => (
							<th key={name} class="number">
								{name}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{newestFirst.map((epoch) => (
						<EpochRow
							key={epoch.epoch}
							epoch={epoch}
							columns={columns}
							best={epoch.epoch === best}
						/>
					))}
				</tbody>
			</table>
		</div>
	);
}

function EpochRow({ epoch, columns, best }: { epoch: Epoch; columns: MetricColumn[]; best: boolean }) {
	return (
		<tr>
			<td class="number">
				{best && <span class="best-mark">best</span>}
				{epoch.epoch}
			</td>
			{columns.map((column) => (
				<td key={column.name} class="number">
					{column.format(metricOf(epoch, column.name))}
				</td>
			))}
			<td class="number muted">{formatRate(epoch.learning_rate)}</td>
			<td class="number muted">{formatDuration(epoch.seconds)}</td>
			<td class="number muted">{formatShort(epoch.samples_per_second)}</td>
		</tr>
	);
}

export function SpecCard({ job }: { job: Job }) {
	return (
		<Card
			title="Spec"
			note="with every default"
			actions={<CopyButton text={printJson(job.spec)} label="Copy the spec" />}
		>
			<JsonText value={job.spec} />
			<details class="fold">
				<summary>Submit it again with curl</summary>
				<Shell text={curlLine(job.spec)} />
			</details>
		</Card>
	);
}
