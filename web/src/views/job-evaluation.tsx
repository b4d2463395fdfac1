// The card with the confusion matrix of an epoch's validation data.

import { useEffect, useState } from "preact/hooks";
import { ApiError, getJson } from "../api";
import { formatCount, formatPercent } from "../format";
import { Card } from "../parts/small";
import type { Epoch, Evaluation, Job } from "../types";

export function EvaluationCard({ job, epochs }: { job: Job; epochs: Epoch[] }) {
	const validated = epochs.filter((epoch) => typeof epoch.val_loss === "number").map((epoch) => epoch.epoch);
	const [chosen, choose] = useState<number | null>(null); // null: the best
	const wanted = chosen ?? job.best?.epoch ?? null;
	const evaluation = useEvaluation(job.id, validated.length > 0 ? wanted : null);
	if (!evaluation) return null; // no validation data, or not of classes
	const picker = (
		<select
			aria-label="Epoch"
			value={String(chosen ?? "best")}
			onChange={(event) => {
				const { value } = event.currentTarget;
				choose(value === "best" ? null : Number(value));
			}}
		>
			<option value="best">best epoch</option>
			{validated.map((epoch) => (
				<option key={epoch} value={epoch}>
					epoch {epoch}
				</option>
			))}
		</select>
	);
	return (
		<Card
			title="Confusion matrix"
			note={`epoch ${evaluation.epoch} · ${formatCount(evaluation.samples)} validation samples`}
			actions={picker}
		>
			<ConfusionTable evaluation={evaluation} />
		</Card>
	);
}

function useEvaluation(id: string, epoch: number | null): Evaluation | null {
	const [evaluation, setEvaluation] = useState<Evaluation | null>(null);
	useEffect(() => {
		if (epoch === null) return;
		const stop = new AbortController();
		getJson<Evaluation>(`/v1/jobs/${encodeURIComponent(id)}/evaluation?epoch=${epoch}`, stop.signal)
			.then(setEvaluation)
			.catch((error: unknown) => {
				// Any other failure is mended by the next epoch.
				if (error instanceof ApiError && error.status === 404) setEvaluation(null);
			});
		return () => stop.abort();
	}, [id, epoch]);
	return evaluation;
}

function ConfusionTable({ evaluation }: { evaluation: Evaluation }) {
	const { confusion_matrix: matrix, per_class: classes } = evaluation;
	return (
		<div class="table-scroll table-tall" tabIndex={0} role="region" aria-label="Confusion matrix">
			<table class="confusion">
				<thead>
					<tr>
						<th>label</th>
						{classes.map((column) => (
							<th key={column.class} class="number" title="Predicted class">
								{column.class}
							</th>
						))}
						<th class="number">Precision</th>
						<th class="number">Recall</th>
						<th class="number">F1</th>
					</tr>
				</thead>
				<tbody>
					{classes.map((row) => (
						<tr key={row.class}>
							<th>{row.class}</th>
							{matrix[row.class]!.map((count, predicted) => (
								<HeatCell
									key={predicted}
									count={count}
									of={row.support}
									label={row.class}
									predicted={predicted}
								/>
							))}
							<td class="number">{formatPercent(row.precision)}</td>
							<td class="number">{formatPercent(row.recall)}</td>
							<td class="number">{formatPercent(row.f1)}</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

// The share of the row is seen by the square root: what is rare among mistakes must not vanish.
function HeatCell(props: { count: number; of: number; label: number; predicted: number }) {
	const { count, of, label, predicted } = props;
	const share = of > 0 ? count / of : 0;
	return (
		<td
			class={`number heat ${label === predicted ? "heat-right" : "heat-wrong"}`}
			style={{ "--heat": `${Math.sqrt(share) * 70}%` }}
			title={`label ${label}, predicted ${predicted}`}
		>
			{count === 0 ? <span class="muted">·</span> : formatCount(count)}
		</td>
	);
}
