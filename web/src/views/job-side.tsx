// The narrow cards of a job's page: where the time goes, the batch, the memory, checkpoints, events.

import { formatBytes, formatCount, formatDuration, formatMetric, formatTime, lastBatchText } from "../format";
import { DownloadIcon } from "../parts/icons";
import { Card, type Share, ShareBar } from "../parts/small";
import { downloadFile } from "../store";
import type { Checkpoint, Epoch, Forecast, Job, JobEvent } from "../types";

const phases = ["data", "forward", "loss", "backward", "update"];

export function TimeCard({ epochs }: { epochs: Epoch[] }) {
	const shares: Share[] = phases.map((name) => {
		const value = epochs.reduce((sum, epoch) => sum + (epoch.phase_seconds?.[name] ?? 0), 0);
		return { name, value, text: formatDuration(value) };
	});
	return (
		<Card title="Where the time goes">
			{epochs.length === 0 ? (
				<p class="empty">Known after the first epoch.</p>
			) : (
				<ShareBar shares={shares} label="Seconds by step" />
			)}
		</Card>
	);
}

export function BatchCard({ job }: { job: Job }) {
	const size = Number(job.spec.batch_size ?? 0);
	const forecast = job.forecast;
	const last = forecast?.last_batch_size ?? null;
	return (
		<Card title="Batch">
			<dl class="facts">
				<div>
					<dt>Batch size</dt>
					<dd>{formatCount(size)}</dd>
				</div>
				<div>
					<dt>Steps an epoch</dt>
					<dd>
						{formatCount(forecast?.steps_per_epoch ?? job.progress.steps_per_epoch)}
					</dd>
				</div>
				<div>
					<dt>Last batch</dt>
					<dd>{formatCount(last)}</dd>
				</div>
				<div>
					<dt>Updates in all</dt>
					<dd>{formatCount(job.progress.epochs * job.progress.steps_per_epoch)}</dd>
				</div>
			</dl>
			{last !== null && last !== size && (
				<p class="hint">The samples do not divide evenly: {lastBatchText(size, last)}.</p>
			)}
		</Card>
	);
}

const memoryKinds = ["weights", "gradients", "optimizer", "activations", "scratch"];

export function MemoryCard({ job }: { job: Job }) {
	return (
		job.forecast && (
			<Card title="Memory" note={formatBytes(job.forecast.bytes.total)}>
				<ShareBar shares={memoryShares(job.forecast)} label="Memory by kind" />
			</Card>
		)
	);
}

export function memoryShares(forecast: Forecast): Share[] {
	return memoryKinds.map((name) => {
		const value = forecast.bytes[name] ?? 0;
		return { name, value, text: formatBytes(value) };
	});
}

export function CheckpointsCard({ job, checkpoints }: { job: Job; checkpoints: Checkpoint[] }) {
	const fetchWeights = (which: string) => {
		const path = `/v1/jobs/${encodeURIComponent(job.id)}/model?format=safetensors&checkpoint=${which}`;
		return downloadFile(path, `${job.name}-${which}.safetensors`);
	};
	const newestFirst = [...checkpoints].reverse();
	const best = (
		<button type="button" class="button small" onClick={() => fetchWeights("best")}>
			<DownloadIcon />
			Best weights
		</button>
	);
	return (
		<Card title="Checkpoints" actions={checkpoints.length > 0 && best}>
			{checkpoints.length === 0 && <p class="empty">One is kept at the end of each epoch.</p>}
			<ul class="checkpoints">
				{newestFirst.map((checkpoint, i) => (
					<CheckpointRow
						key={checkpoint.step}
						checkpoint={checkpoint}
						fetchWeights={() =>
							fetchWeights(i === 0 ? "last" : String(checkpoint.epoch))
						}
					/>
				))}
			</ul>
		</Card>
	);
}

function CheckpointRow({ checkpoint, fetchWeights }: { checkpoint: Checkpoint; fetchWeights: () => void }) {
	const { epoch, step, bytes, sha256 } = checkpoint;
	return (
		<li>
			<span>
				Epoch <b>{epoch}</b>
			</span>
			<small class="numbers muted" title={`after ${formatCount(step)} steps`}>
				{formatBytes(bytes)}
			</small>
			<code class="digest" title={`sha256 ${sha256}`}>
				{sha256.slice(0, 8)}
			</code>
			<button
				type="button"
				class="button ghost icon-only"
				aria-label={`Download the weights of epoch ${epoch}`}
				onClick={fetchWeights}
			>
				<DownloadIcon />
			</button>
		</li>
	);
}

const eventsShown = 200;

export function EventsCard({ events }: { events: JobEvent[] }) {
	return (
		<Card title="Events">
			{events.length === 0 ? (
				<p class="empty">Nothing yet.</p>
			) : (
				<ol class="events" tabIndex={0} aria-label="Events, newest first">
					{events
						.slice(-eventsShown)
						.reverse()
						.map((event) => (
							<li key={event.id} class={`event event-${event.type}`}>
								<time
									dateTime={event.created_at}
									title={formatTime(event.created_at)}
								>
									{clock(event.created_at)}
								</time>
								<span>{eventText(event)}</span>
							</li>
						))}
				</ol>
			)}
		</Card>
	);
}

function clock(time: string): string {
	const date = new Date(time);
	return Number.isFinite(date.getTime()) ? date.toTimeString().slice(0, 8) : "";
}

function eventText(event: JobEvent): string {
	const { data } = event;
	const text = (key: string) => (typeof data[key] === "string" ? data[key] : "");
	const number = (key: string) => (typeof data[key] === "number" ? data[key] : null);
	switch (event.type) {
		case "status":
			return [text("status"), text("reason")].filter(Boolean).join(": ");
		case "epoch":
			return `epoch ${number("epoch") ?? ""}: loss ${formatMetric(number("loss"))}`;
		case "checkpoint":
			return `checkpoint of epoch ${number("epoch") ?? ""}`;
		default:
			return text("text") || event.type;
	}
}
