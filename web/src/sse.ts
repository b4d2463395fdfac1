// Server-sent events out of a byte stream (WHATWG HTML, section 9.2.6). Pure: pieces of text go in, events come out.

export interface ServerEvent {
	id: string; // the last id seen, "" before the first
	type: string;
	data: string;
}

export class EventParser {
	private rest = "";
	private type = "";
	private data: string[] = [];
	private sawFirst = false;
	lastId = "";

	// Takes the next piece of the stream and returns the events that it completes.
	push(text: string): ServerEvent[] {
		this.rest += text;
		if (!this.sawFirst && this.rest.length > 0) {
			this.sawFirst = true;
			this.rest = this.rest.replace(/^\uFEFF/, "");
		}
		const events: ServerEvent[] = [];
		for (;;) {
			// A CR at the very end may be half of a CRLF: wait for what follows.
			const end = /\r\n|\n|\r(?=[^])/.exec(this.rest);
			if (!end) return events;
			const line = this.rest.slice(0, end.index);
			this.rest = this.rest.slice(end.index + end[0].length);
			const event = this.takeLine(line);
			if (event) events.push(event);
		}
	}

	private takeLine(line: string): ServerEvent | null {
		if (line === "") return this.finish();
		const colon = line.indexOf(":");
		const field = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
		if (field === "event") this.type = value;
		else if (field === "data") this.data.push(value);
		else if (field === "id" && !value.includes("\0")) this.lastId = value;
		return null;
	}

	private finish(): ServerEvent | null {
		const event = { id: this.lastId, type: this.type || "message", data: this.data.join("\n") };
		const empty = this.data.length === 0;
		this.type = "";
		this.data = [];
		return empty ? null : event;
	}
}
