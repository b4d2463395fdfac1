// The queue: every job, newest first, moving while they train.

import { computed, signal } from "@preact/signals";
import { PlusIcon } from "../parts/icons";
import { ProgressBar, StatusChip } from "../parts/small";
import { formatAge, formatDuration, formatMetric, formatPercent, formatShort, formatTime } from "../format";
import { isFinal, standing } from "../progress";
import { jobHref, newHref } from "../route";
import { attempt, jobs, liveOf, loadMoreJobs, moreJobs, now } from "../store";
import type { Job } from "../types";
import { DatasetsCard } from "./datasets";
import { FirstSteps } from "./first-steps";
import { ServerCard } from "./server";

type Group = "all" | "active" | "finished";
const groups: Group[] = ["all", "active", "finished"];
const group = signal<Group>("all");
const filter = signal("");

function inGroup(job: Job, which: Group): boolean {
	return which === "all" || isFinal(job.status) === (which === "finished");
}

function matches(job: Job, words: string): boolean {
	const text = [
		job.name,
		job.status,
		String(job.spec.dataset ?? ""),
		job.id,
		...Object.entries(job.metadata ?? {}).flat(),
	]
		.join(" ")
		.toLowerCase();
	return words
		.toLowerCase()
		.split(/\s+/)
		.every((word) => text.includes(word));
}

const shown = computed(() =>
	(jobs.value ?? []).filter((job) => inGroup(job, group.value) && matches(job, filter.value)),
);

export function QueueView() {
	const all = jobs.value;
	return (
		<div class="page queue-page">
			<div class="main-column">
				{all !== null && all.length === 0 ? <FirstSteps /> : <QueueCard />}
			</div>
			<aside class="side-column" aria-label="Server and data sets">
				<ServerCard />
				<DatasetsCard />
			</aside>
		</div>
	);
}

function QueueCard() {
	const all = jobs.value;
	return (
		<section class="card queue" aria-label="Jobs">
			<header class="card-head queue-head">
				<h1>Jobs</h1>
				<div class="segments" role="group" aria-label="Which jobs">
					{groups.map((name) => (
						<button
							key={name}
							type="button"
							class="segment"
							aria-pressed={group.value === name}
							onClick={() => (group.value = name)}
						>
							{name}
							<span class="count">
								{all?.filter((job) => inGroup(job, name)).length ?? ""}
								{moreJobs.value && "+"}
							</span>
						</button>
					))}
				</div>
				<div class="card-actions">
					<label class="search">
						<span class="hidden">Filter the jobs</span>
						<input
							id="filter"
							type="search"
							placeholder="Filter"
							value={filter.value}
							autocomplete="off"
							onInput={(event) => (filter.value = event.currentTarget.value)}
						/>
						<kbd aria-hidden="true">/</kbd>
					</label>
				</div>
			</header>
			<div class="queue-columns" aria-hidden="true">
				<span>Job</span>
				<span>Status</span>
				<span>Progress</span>
				<span class="number">Loss</span>
				<span class="number">Accuracy</span>
				<span class="number">Samples/s</span>
				<span class="number">ETA</span>
				<span class="number">Age</span>
			</div>
			{all === null ? (
				<Skeleton />
			) : (
				<ul class="queue-list">
					{shown.value.map((job) => (
						<QueueRow key={job.id} job={job} />
					))}
				</ul>
			)}
			{all !== null && shown.value.length === 0 && <p class="empty">No job matches.</p>}
			{moreJobs.value && (
				<div class="queue-more">
					<button type="button" class="button" onClick={() => attempt(loadMoreJobs)}>
						Show older jobs
					</button>
				</div>
			)}
		</section>
	);
}

const Skeleton = () => (
	<div class="skeleton" aria-label="Loading">
		{[0, 1, 2].map((i) => (
			<div key={i} class="skeleton-row" />
		))}
	</div>
);

function QueueRow({ job }: { job: Job }) {
	const at = standing(job, liveOf(job.id).step.value);
	const running = job.status === "running";
	return (
		<li>
			<a class="queue-row" href={jobHref(job.id)} data-job={job.id}>
				<span class="cell-name">
					<strong>{job.name}</strong>
					<small>{String(job.spec.dataset ?? "")}</small>
				</span>
				<span class="cell-status">
					<StatusChip status={job.status} />
				</span>
				<span class="cell-progress">
					<ProgressBar
						fraction={at.fraction}
						status={job.status}
						label={`Progress of ${job.name}`}
					/>
					<small class="number">
						{at.epoch} / {at.epochs}
					</small>
				</span>
				<span class="number" data-label="loss">
					{formatMetric(at.loss)}
				</span>
				<span class="number" data-label="accuracy">
					{formatPercent(at.accuracy)}
				</span>
				<span class="number muted" data-label="samples/s">
					{formatShort(running ? at.samplesPerSecond : null)}
				</span>
				<span class="number muted" data-label="ETA">
					{formatDuration(running ? at.etaSeconds : null)}
				</span>
				<span class="number muted" data-label="age" title={formatTime(job.created_at)}>
					{formatAge(job.created_at, now.value)}
				</span>
			</a>
		</li>
	);
}

export const NewJobLink = () => (
	<a class="button primary" href={newHref}>
		<PlusIcon />
		New job<kbd aria-hidden="true">n</kbd>
	</a>
);
