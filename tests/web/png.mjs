// The colour of a screenshot of one pixel (PNG, ISO/IEC 15948). With one pixel there is nothing for the row filter to
// refer to, so the bytes are the colour.
import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";

export function pixelOf(png) {
	const pieces = [];
	for (let at = 8; at < png.length; ) {
		const size = png.readUInt32BE(at);
		if (png.toString("latin1", at + 4, at + 8) === "IDAT") pieces.push(png.subarray(at + 8, at + 8 + size));
		at += 12 + size;
	}
	assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20), png[24]], [1, 1, 8]);
	const row = inflateSync(Buffer.concat(pieces));
	return [...row.subarray(1, 4)];
}
