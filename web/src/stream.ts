// One event stream of all jobs, kept up: read by fetch, since EventSource cannot send the token, and resumed by
// Last-Event-ID. What the events mean is the store's business.

import { signal } from "@preact/signals";
import { ApiError, request } from "./api";
import { EventParser, type ServerEvent } from "./sse";

export type Connection = "connecting" | "live" | "lost";
export const connection = signal<Connection>("connecting");

const retryMinMs = 400;
const retryMaxMs = 10_000;
// The server sends a comment at least every 15 s; three of them missing means that the line is dead.
const silenceMaxMs = 45_000;

export interface StreamHandlers {
	connected(): void; // what happened before is not told: read the state afresh
	event(event: ServerEvent): void;
}

export class EventStream {
	private lastId = "";
	private failures = 0;
	private abort: AbortController | null = null;
	private wake: (() => void) | null = null;
	private stopped = false;

	constructor(
		private readonly path: string,
		private readonly handlers: StreamHandlers,
	) {}

	async run(): Promise<void> {
		while (!this.stopped) {
			await this.connect().catch((error: unknown) => {
				// A wrong token will not become right by asking again.
				if (error instanceof ApiError && error.status === 401) this.stop();
			});
			if (this.stopped) return;
			connection.value = "lost";
			await this.pause();
		}
	}

	stop(): void {
		this.stopped = true;
		this.abort?.abort();
		this.wake?.();
	}

	// The network came back or the tab is looked at again: do not wait for the pause to end.
	retryNow(): void {
		this.failures = 0;
		this.wake?.();
	}

	private async connect(): Promise<void> {
		const abort = new AbortController();
		this.abort = abort;
		const headers: Record<string, string> = { Accept: "text/event-stream" };
		if (this.lastId !== "") headers["Last-Event-ID"] = this.lastId;
		const response = await request("GET", this.path, { headers, signal: abort.signal });
		if (!response.body) return;
		connection.value = "live";
		this.failures = 0;
		this.handlers.connected();
		await this.read(response.body, abort);
	}

	private async read(body: ReadableStream<Uint8Array>, abort: AbortController): Promise<void> {
		const reader = body.getReader();
		const decoder = new TextDecoder();
		const parser = new EventParser();
		parser.lastId = this.lastId;
		let watchdog = 0;
		try {
			for (;;) {
				clearTimeout(watchdog);
				watchdog = window.setTimeout(() => abort.abort(), silenceMaxMs);
				const { done, value } = await reader.read();
				if (done) return;
				for (const event of parser.push(decoder.decode(value, { stream: true })))
					this.handlers.event(event);
				this.lastId = parser.lastId;
			}
		} finally {
			clearTimeout(watchdog);
		}
	}

	private pause(): Promise<void> {
		const delay = Math.min(retryMaxMs, retryMinMs * 2 ** this.failures++) * (0.75 + Math.random() / 2);
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, delay);
			this.wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}
}
