// The page of one job.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { type Details, useDetails } from "../details";
import { formatAge, formatDuration, formatMetric, formatPercent, formatShort, formatTime } from "../format";
import { isShare, metricFormat, metricLabel, metricNames, metricsOfSpec, rateChanges, validationOf } from "../metrics";
import { Chart, ChartLegend } from "../parts/chart";
import { Confirm } from "../parts/dialog";
import { AlertIcon, BackIcon, PauseIcon, PlayIcon, RepeatIcon, StopIcon, TrashIcon } from "../parts/icons";
import { Card, ProgressBar, StatusChip, Tile } from "../parts/small";
import { useTitle } from "../platform";
import { isFinal, isRunning, standing } from "../progress";
import { againHref, queueHref } from "../route";
import { act, liveOf, now, opened, openJob, removeJob } from "../store";
import type { Measure } from "../series";
import type { Epoch, Job } from "../types";
import { BatchCard, CheckpointsCard, EventsCard, MemoryCard, TimeCard } from "./job-side";
import { EvaluationCard } from "./job-evaluation";
import { EpochsCard, LayersCard, SpecCard } from "./job-tables";

const measureOf = (name: string): Measure => ({ key: name, validation: validationOf(name) });
const lossMeasure = measureOf("loss");
const logScale = signal(false);

export function JobView({ id }: { id: string }) {
	const details = useDetails(id);
	useEffect(() => {
		openJob(id).catch(() => undefined);
	}, [id]);
	const job = opened.value;
	if (job === "loading" || (job !== "gone" && job.id !== id))
		return (
			<div class="page">
				<div class="skeleton" aria-label="Loading">
					<div class="skeleton-row" />
				</div>
			</div>
		);
	if (job === "gone")
		return (
			<div class="page gone">
				<h1>There is no such job</h1>
				<p>It may have been deleted.</p>
				<a class="button" href={queueHref}>
					<BackIcon />
					All jobs
				</a>
			</div>
		);
	return <JobPage job={job} details={details} />;
}

function JobPage({ job, details }: { job: Job; details: Details | null }) {
	return (
		<div class="page job-page">
			<JobHead job={job} />
			{job.error !== null && job.error !== "" && (
				<div class="failure" role="alert">
					<AlertIcon />
					<div>
						<strong>The job failed.</strong> {job.error}
					</div>
				</div>
			)}
			<Standing job={job} last={details?.epochs.at(-1) ?? null} />
			<Curves job={job} details={details} />
			<div class="columns">
				<div class="main-column">
					<LayersCard job={job} />
					<EpochsCard job={job} epochs={details?.epochs ?? []} />
					<EvaluationCard job={job} epochs={details?.epochs ?? []} />
					<SpecCard job={job} />
				</div>
				<div class="side-column">
					<TimeCard epochs={details?.epochs ?? []} />
					<BatchCard job={job} />
					<MemoryCard job={job} />
					<CheckpointsCard job={job} checkpoints={details?.checkpoints ?? []} />
					<EventsCard events={details?.events ?? []} />
				</div>
			</div>
		</div>
	);
}

function JobHead({ job }: { job: Job }) {
	return (
		<header class="job-head">
			<a class="back" href={queueHref}>
				<BackIcon />
				All jobs
			</a>
			<div class="job-title">
				<h1>{job.name}</h1>
				<StatusChip status={job.status} />
				<span class="job-facts">
					<span title={formatTime(job.created_at)}>submitted {ago(job.created_at)}</span>
					<span>{String(job.spec.dataset ?? "")}</span>
					<code title="The job's id">{job.id}</code>
				</span>
				<JobActions job={job} />
			</div>
		</header>
	);
}

function ago(time: string): string {
	const age = formatAge(time, now.value);
	return age === "now" ? "just now" : `${age} ago`;
}

function JobActions({ job }: { job: Job }) {
	const [asking, setAsking] = useState(false);
	const [busy, setBusy] = useState(false);
	const run = async (action: Promise<boolean>) => {
		setBusy(true);
		await action;
		setBusy(false);
	};
	const remove = async () => {
		setBusy(true);
		if (await removeJob(job)) location.hash = queueHref;
		setBusy(false);
	};
	const { status } = job;
	return (
		<div class="job-actions">
			{(status === "running" || status === "queued") && (
				<button
					type="button"
					class="button"
					disabled={busy}
					onClick={() => run(act(job, "pause"))}
				>
					<PauseIcon />
					Pause
				</button>
			)}
			{status === "paused" && (
				<button
					type="button"
					class="button"
					disabled={busy}
					onClick={() => run(act(job, "resume"))}
				>
					<PlayIcon />
					Resume
				</button>
			)}
			{!isFinal(status) && (
				<button
					type="button"
					class="button"
					disabled={busy || status === "cancelling"}
					onClick={() => run(act(job, "cancel"))}
				>
					<StopIcon />
					Cancel
				</button>
			)}
			<a class="button" href={againHref(job.id)}>
				<RepeatIcon />
				Train again…
			</a>
			{!isRunning(status) && (
				<button
					type="button"
					class="button danger-quiet icon-only"
					disabled={busy}
					aria-label="Delete the job"
					onClick={() => setAsking(true)}
				>
					<TrashIcon />
				</button>
			)}
			{asking && (
				<Confirm
					title={`Delete ${job.name}?`}
					text="Its metrics, checkpoints and weights are removed for good."
					action="Delete"
					act={remove}
					close={() => setAsking(false)}
				/>
			)}
		</div>
	);
}

function Standing({ job, last }: { job: Job; last: Epoch | null }) {
	const at = standing(job, liveOf(job.id).step.value);
	useTitle(job.status === "running" ? `${Math.floor(at.fraction * 100)} % · ${job.name}` : job.name);
	const started = job.started_at === null ? NaN : Date.parse(job.started_at);
	const ended = job.finished_at === null ? now.value : Date.parse(job.finished_at);
	const running = isRunning(job.status);
	return (
		<section class="standing" aria-label="Progress">
			<div class="standing-line">
				<span>
					{at.step === null ? (
						<>
							<b>{at.epoch}</b> of {at.epochs} epochs
						</>
					) : (
						<>
							Epoch <b>{at.epoch}</b> of {at.epochs}
						</>
					)}
				</span>
				{at.step !== null && (
					<span class="muted">
						step {at.step} of {at.stepsPerEpoch}
					</span>
				)}
				<span class="standing-end muted">{standingText(job, at.etaSeconds)}</span>
			</div>
			<ProgressBar fraction={at.fraction} status={job.status} label="Progress of the job" />
			<div class="tiles">
				<Tile
					name="Loss"
					value={formatMetric(at.loss)}
					note={running ? "this epoch so far" : "training"}
				/>
				<Tile
					name="Accuracy"
					value={formatPercent(at.accuracy)}
					note={running ? "this epoch so far" : "training"}
				/>
				<Tile
					name="Validation loss"
					value={formatMetric(job.metrics.val_loss)}
					note={bestNote(job)}
				/>
				<Tile
					name="Validation accuracy"
					value={formatPercent(job.metrics.val_accuracy)}
					note={bestNote(job)}
				/>
				<Tile
					name="Samples a second"
					value={formatShort(at.samplesPerSecond ?? last?.samples_per_second)}
					note={`batches of ${String(job.spec.batch_size ?? "–")}`}
				/>
				<Tile
					name="Time"
					value={formatDuration((ended - started) / 1000)}
					note={job.attempts > 1 ? `${job.attempts} starts` : "since the start"}
				/>
			</div>
		</section>
	);
}

function bestNote(job: Job): string {
	return job.best ? `best in epoch ${job.best.epoch}` : "after each epoch";
}

function standingText(job: Job, eta: number | null): string {
	switch (job.status) {
		case "queued":
			return "waiting for its turn";
		case "running":
			return eta === null ? "" : `${formatDuration(eta)} to go`;
		case "pausing":
			return "stopping after this step";
		case "paused":
			return "paused: goes on from its last checkpoint";
		case "cancelling":
			return "stopping after this step";
		default:
			return job.finished_at === null ? "" : `${job.status} ${ago(job.finished_at)}`;
	}
}

function Curves({ job, details }: { job: Job; details: Details | null }) {
	const { step, trail } = liveOf(job.id);
	const epochs = details?.epochs ?? [];
	const names = epochs.length > 0 ? metricNames(epochs).slice(1) : metricsOfSpec(job.spec);
	if (epochs.length > 0 && rateChanges(epochs)) names.push("learning_rate");
	const legend = <ChartLegend running={trail.x.length > 0} />;
	const shared = { epochs, wanted: job.progress.epochs, trail, step: step.value };
	return (
		<div class="curves">
			<Card
				title="Loss"
				note={legend}
				actions={
					<button
						type="button"
						class="button small toggle"
						aria-pressed={logScale.value}
						onClick={() => (logScale.value = !logScale.value)}
					>
						log
					</button>
				}
			>
				<Chart
					{...shared}
					title="Loss"
					measure={lossMeasure}
					format={formatMetric}
					logScale={logScale.value}
				/>
			</Card>
			{names.map((name) => (
				<Card
					key={name}
					title={metricLabel(name)}
					note={name === "learning_rate" ? undefined : legend}
				>
					<Chart
						{...shared}
						title={metricLabel(name)}
						measure={measureOf(name)}
						format={metricFormat(name)}
						ceiling={isShare(name) ? 1 : undefined}
						logScale={false}
					/>
				</Card>
			))}
		</div>
	);
}
