// What the server told us, as signals that the views read. All requests that change something go through here.

import { type Signal, signal } from "@preact/signals";
import { ApiError, download, errorText, getJson, locked, postJson, request } from "./api";
import type { ServerEvent } from "./sse";
import { EventStream } from "./stream";
import { appendStep, emptyTrail, type Trail } from "./trail";
import type { Catalog, Dataset, Job, JobEvent, Json, List, Server, Step } from "./types";

const pageSize = 50;
const pageSizeMax = 200;
const refreshGapMs = 250;
const pollMs = 5000; // for what no event tells

export const jobs = signal<Job[] | null>(null); // newest first; null: not known yet
export const moreJobs = signal(false);
export const opened = signal<Job | "loading" | "gone">("loading"); // the job whose page is shown
export const datasets = signal<Dataset[] | null>(null);
export const server = signal<Server | null>(null);
export const catalog = signal<Catalog | null>(null);
export const now = signal(Date.now()); // ticks once a second while the page is seen
export const connects = signal(0); // grows when the stream begins anew: what was read before may be old

// --- what a running job says several times a second --------------------------------------------------------------

interface Live {
	step: Signal<Step | null>;
	trail: Trail; // the steps seen since the page was opened
}
const lives = new Map<string, Live>();

export function liveOf(id: string): Live {
	let live = lives.get(id);
	if (!live) {
		live = { step: signal(null), trail: emptyTrail() };
		lives.set(id, live);
	}
	return live;
}

// --- messages ----------------------------------------------------------------------------------------------------

export interface Toast {
	key: number;
	text: string;
	bad: boolean;
}
export const toasts = signal<Toast[]>([]);
let toastKey = 0;

export function say(text: string, bad = false): void {
	const toast = { key: ++toastKey, text, bad };
	toasts.value = [...toasts.value, toast].slice(-4);
	setTimeout(() => dismiss(toast.key), bad ? 10_000 : 4000);
}

export function dismiss(key: number): void {
	toasts.value = toasts.value.filter((toast) => toast.key !== key);
}

// Runs an action of the user; what goes wrong is said, not thrown. True when it worked.
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
	try {
		await action();
		return true;
	} catch (error) {
		if (!locked.value) say(errorText(error), true);
		return false;
	}
}

// --- reading -----------------------------------------------------------------------------------------------------

export async function loadJobs(): Promise<void> {
	const limit = Math.min(pageSizeMax, Math.max(pageSize, jobs.value?.length ?? 0));
	const list = await getJson<List<Job>>(`/v1/jobs?limit=${limit}`);
	list.data.forEach(settle);
	jobs.value = list.data;
	moreJobs.value = list.has_more ?? false;
}

export async function loadMoreJobs(): Promise<void> {
	const last = jobs.value?.at(-1);
	if (!last) return;
	const list = await getJson<List<Job>>(`/v1/jobs?limit=${pageSize}&after=${encodeURIComponent(last.id)}`);
	const known = new Set(jobs.value?.map((job) => job.id));
	jobs.value = [...(jobs.value ?? []), ...list.data.filter((job) => !known.has(job.id))];
	moreJobs.value = list.has_more ?? false;
}

export async function loadDatasets(): Promise<void> {
	datasets.value = (await getJson<List<Dataset>>("/v1/datasets")).data;
}

async function loadServer(): Promise<void> {
	const info = await getJson<Server>("/v1/server");
	server.value = info;
	// A job that another client deleted is told by no event.
	const count = Object.values(info.jobs).reduce((sum, n) => sum + n, 0);
	if (jobs.value !== null && !moreJobs.value && jobs.value.length !== count) await loadJobs();
}

export async function loadCatalog(): Promise<void> {
	catalog.value ??= await getJson<Catalog>("/v1/catalog");
}

// Reads one job and puts it in its place; forgets it when it is gone.
export async function loadJob(id: string): Promise<Job | null> {
	try {
		const job = await getJson<Job>(`/v1/jobs/${encodeURIComponent(id)}`);
		settle(job);
		placeJob(job);
		return job;
	} catch (error) {
		if (!(error instanceof ApiError) || error.status !== 404) throw error;
		forget(id);
		return null;
	}
}

let openedId = "";

export async function openJob(id: string): Promise<void> {
	openedId = id;
	opened.value = jobs.value?.find((job) => job.id === id) ?? "loading";
	await loadJob(id);
}

// A job that does not run has no live values.
function settle(job: Job): void {
	if (job.id === openedId) opened.value = job;
	if (job.status !== "running" && job.status !== "pausing" && job.status !== "cancelling")
		liveOf(job.id).step.value = null;
}

function placeJob(job: Job): void {
	const list = jobs.value;
	if (list === null) return;
	if (list.some((other) => other.id === job.id)) {
		jobs.value = list.map((other) => (other.id === job.id ? job : other));
		return;
	}
	// Ids sort by time of submission. One that is older than all we hold belongs to a page not loaded yet.
	const at = list.findIndex((other) => other.id < job.id);
	if (at >= 0 || !moreJobs.value)
		jobs.value = at < 0 ? [...list, job] : [...list.slice(0, at), job, ...list.slice(at)];
}

function forget(id: string): void {
	lives.delete(id);
	if (id === openedId) opened.value = "gone";
	if (jobs.value?.some((job) => job.id === id)) jobs.value = jobs.value.filter((job) => job.id !== id);
}

// --- changing ----------------------------------------------------------------------------------------------------

export type Verb = "pause" | "resume" | "cancel";

export const act = (job: Job, verb: Verb): Promise<boolean> =>
	attempt(async () => {
		await request("POST", `/v1/jobs/${encodeURIComponent(job.id)}/${verb}`);
		await loadJob(job.id);
	});

export const removeJob = (job: Job): Promise<boolean> =>
	attempt(async () => {
		await request("DELETE", `/v1/jobs/${encodeURIComponent(job.id)}`);
		forget(job.id);
		say(`Deleted ${job.name}.`);
	});

export const removeDataset = (name: string): Promise<boolean> =>
	attempt(async () => {
		await request("DELETE", `/v1/datasets/${encodeURIComponent(name)}`);
		await loadDatasets();
		say(`Deleted the data set ${name}.`);
	});

// The key makes a submit that is sent twice (a double click, a retry) one job.
export async function submitJob(spec: Json, key: string): Promise<Job> {
	const job = await postJson<Job>("/v1/jobs", JSON.stringify(spec), {
		headers: { "Idempotency-Key": key },
	});
	placeJob(job);
	return job;
}

export const downloadFile = (path: string, name: string, accept = "*/*"): Promise<boolean> =>
	attempt(() => download(path, name, accept));

// --- events ------------------------------------------------------------------------------------------------------

type Listener = (event: JobEvent) => void;
const listeners = new Map<string, Set<Listener>>();

// Tells what happens to one job (steps apart); returns how to stop listening.
export function onJobEvent(id: string, listener: Listener): () => void {
	const set = listeners.get(id) ?? new Set();
	listeners.set(id, set.add(listener));
	return () => {
		set.delete(listener);
		if (set.size === 0) listeners.delete(id);
	};
}

function takeEvent(event: ServerEvent): void {
	let data: Step & { created_at?: string };
	try {
		data = JSON.parse(event.data) as typeof data;
	} catch {
		return;
	}
	const id = data.job_id;
	if (typeof id !== "string") return;
	if (event.type === "step") {
		const live = liveOf(id);
		appendStep(live.trail, data);
		live.step.value = data;
		return;
	}
	refresh(id);
	const told = {
		id: Number(event.id),
		type: event.type,
		created_at: data.created_at ?? new Date().toISOString(),
		data: data as unknown as JobEvent["data"],
	};
	listeners.get(id)?.forEach((listener) => listener(told));
}

// Events may come faster than jobs can be read: each job named in between is read once, and not too often.
const stale = new Set<string>();
let refreshing = false;

function refresh(id: string): void {
	stale.add(id);
	if (!refreshing) void refreshLoop();
}

async function refreshLoop(): Promise<void> {
	refreshing = true;
	while (stale.size > 0) {
		const ids = [...stale];
		stale.clear();
		try {
			if (ids.length > 8) await loadJobs();
			else await Promise.all(ids.map(loadJob));
			await loadServer();
		} catch {
			// The stream notices a lost server, and everything is read afresh when it is back.
		}
		await new Promise((resolve) => setTimeout(resolve, refreshGapMs));
	}
	refreshing = false;
}

let stream: EventStream | null = null;

// Reads everything and follows the events; also after the token was given.
export function start(): void {
	stream?.stop();
	stream = new EventStream("/v1/events", {
		connected: resync,
		event: takeEvent,
	});
	void stream.run();
}

function resync(): void {
	connects.value++;
	Promise.all([loadJobs(), loadDatasets(), loadServer()]).catch(() => {
		// As above: the stream will come back and call again.
	});
}

// Clocks and polls rest while nobody looks.
export function startClocks(): void {
	const seen = () => document.visibilityState === "visible" && !locked.value;
	setInterval(() => {
		if (seen()) now.value = Date.now();
	}, 1000);
	setInterval(() => {
		if (seen()) Promise.all([loadServer(), loadDatasets()]).catch(() => undefined);
	}, pollMs);
	document.addEventListener("visibilitychange", () => {
		if (!seen()) return;
		now.value = Date.now();
		stream?.retryNow();
		resync();
	});
	window.addEventListener("online", () => stream?.retryNow());
}
