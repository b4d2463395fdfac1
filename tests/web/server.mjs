// A daemon of our own on a free port with a state folder of its own, and small data sets to train on.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

export class Server {
	// `listen` names the port when a daemon takes the place of the one before.
	static async start(program, state, listen = "127.0.0.1:0") {
		const child = spawn(program, ["--state", state, "--listen", listen], {
			stdio: ["ignore", "pipe", "ignore"],
		});
		process.once("exit", () => child.kill("SIGKILL"));
		for await (const line of createInterface({ input: child.stdout })) {
			const address = /^epochd \S+ listening on (http:\/\/\S+)$/.exec(line)?.[1];
			assert.ok(address, `unexpected first line: ${line}`);
			child.stdout.resume();
			return new Server(child, address, readFileSync(join(state, "token"), "utf8").trim());
		}
		throw new Error("the daemon ended before it was ready");
	}

	constructor(child, address, token) {
		this.child = child;
		this.address = address;
		this.token = token;
	}

	request(method, path, body, headers = {}) {
		const authorized = { Authorization: `Bearer ${this.token}`, ...headers };
		return fetch(this.address + path, { method, body, headers: authorized });
	}

	async stop() {
		if (this.child.exitCode !== null) return;
		const ended = once(this.child, "exit");
		this.child.kill("SIGTERM");
		await ended;
	}
}

function idx(shape, values) {
	const head = Buffer.alloc(4 + 4 * shape.length);
	head.writeUInt32BE(0x0800 | shape.length);
	shape.forEach((size, axis) => head.writeUInt32BE(size, 4 + 4 * axis));
	return Buffer.concat([head, values]);
}

// `count` images of 28 x 28 in ten classes, as IDX: each class has a bright bar in a row of its own, in noise.
export function bars(count) {
	const images = Buffer.alloc(count * 784);
	const labels = Buffer.alloc(count);
	let random = 1;
	for (let i = 0; i < images.length; i++) {
		random = (random * 1103515245 + 12345) & 0x7fffffff;
		images[i] = (random >> 16) & 0x7f;
	}
	for (let i = 0; i < count; i++) {
		labels[i] = i % 10;
		const row = 3 + 2 * labels[i];
		images.fill(190, i * 784 + row * 28 + 5, i * 784 + row * 28 + 23);
	}
	return { images: idx([count, 28, 28], images), labels: idx([count], labels) };
}
