// JSON in colours.

import { printJson } from "../json";
import type { Json } from "../types";

const tokens = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function JsonText({ value }: { value: Json }) {
	const text = printJson(value);
	const pieces = [];
	let at = 0;
	for (const match of text.matchAll(tokens)) {
		const [whole, string, colon] = match;
		if (match.index > at) pieces.push(text.slice(at, match.index));
		const token = string ?? whole;
		const kind = string === undefined ? "json-value" : colon === undefined ? "json-string" : "json-key";
		pieces.push(<span class={kind}>{token}</span>);
		at = match.index + token.length;
	}
	pieces.push(text.slice(at));
	return (
		<pre class="json" tabIndex={0}>
			{pieces}
		</pre>
	);
}
