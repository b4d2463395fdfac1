// What the page of a job shows beside its record: read when it opens, and again when an event says that it changed.

import { useEffect, useRef, useState } from "preact/hooks";
import { getJson } from "./api";
import { connects, onJobEvent } from "./store";
import type { Checkpoint, Epoch, JobEvent, List } from "./types";

export interface Details {
	epochs: Epoch[];
	checkpoints: Checkpoint[];
	events: JobEvent[];
}

const gapMs = 400;
const eventsPage = 500;

export function useDetails(id: string): Details | null {
	const [details, setDetails] = useState<Details | null>(null);
	const loader = useRef<Loader | null>(null);
	useEffect(() => {
		const mine = new Loader(id, setDetails);
		loader.current = mine;
		const stop = onJobEvent(id, () => mine.ask());
		return () => {
			stop();
			mine.stop();
		};
	}, [id]);
	const generation = connects.value;
	useEffect(() => loader.current?.ask(), [id, generation]);
	return details;
}

// One reading at a time, and not more often than the eye can follow.
class Loader {
	private wanted = false;
	private busy = false;
	private stopped = false;
	private details: Details = { epochs: [], checkpoints: [], events: [] };

	constructor(
		private readonly id: string,
		private readonly tell: (details: Details) => void,
	) {}

	ask(): void {
		this.wanted = true;
		if (!this.busy) void this.loop();
	}

	stop(): void {
		this.stopped = true;
	}

	private async loop(): Promise<void> {
		this.busy = true;
		while (this.wanted && !this.stopped) {
			this.wanted = false;
			// A reading that fails is repeated by the next event or connection.
			const details = await this.load().catch(() => null);
			if (details && !this.stopped) this.tell(details);
			await new Promise((resolve) => setTimeout(resolve, gapMs));
		}
		this.busy = false;
	}

	// Epochs and events are only ever added to: those that are known are not read again.
	private async load(): Promise<Details> {
		const path = `/v1/jobs/${encodeURIComponent(this.id)}`;
		const { epochs, events } = this.details;
		const [newEpochs, checkpoints, newEvents] = await Promise.all([
			getJson<List<Epoch>>(`${path}/epochs?after=${epochs.at(-1)?.epoch ?? 0}`),
			getJson<List<Checkpoint>>(`${path}/checkpoints`),
			getJson<List<JobEvent>>(`${path}/events?limit=${eventsPage}&after=${events.at(-1)?.id ?? 0}`),
		]);
		this.wanted ||= newEvents.has_more ?? false;
		this.details = {
			epochs: [...epochs, ...newEpochs.data],
			checkpoints: checkpoints.data,
			events: [...events, ...newEvents.data],
		};
		return this.details;
	}
}
