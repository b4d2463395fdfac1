// Tests that print TAP (version 13), in the order in which they were declared.
import assert from "node:assert/strict";

const tests = [];

export function equal(seen, wanted, where) {
	if (where === undefined) assert.deepEqual(seen, wanted);
	else assert.deepEqual(seen, wanted, `${where}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
}

export function test(name, run) {
	tests.push({ name, run });
}

// A test that fails does not stop the others, unless they build on it: `chained` stops at the first failure.
export async function runTests({ chained = false } = {}) {
	let failed = 0;
	console.log(`1..${tests.length}`);
	for (const [i, { name, run }] of tests.entries()) {
		if (chained && failed > 0) {
			console.log(`not ok ${i + 1} - ${name}\n# not run: it builds on the one that failed`);
			continue;
		}
		try {
			await run();
			console.log(`ok ${i + 1} - ${name}`);
		} catch (error) {
			failed++;
			console.log(`not ok ${i + 1} - ${name}`);
			console.log(String(error?.stack ?? error).replace(/^/gm, "# "));
		}
	}
	process.exitCode = failed > 0 ? 1 : 0;
}
