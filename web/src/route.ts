// Which view an address names. The address is the fragment, so one page serves them all. Pure.

export type Route = { view: "queue" } | { view: "job"; id: string } | { view: "new"; from: string | null };

export function parseRoute(hash: string): Route {
	const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
	const [first, second] = path.split("/");
	if (first === "jobs" && second) return { view: "job", id: safeDecode(second) };
	if (first === "new") return { view: "new", from: new URLSearchParams(query).get("from") };
	return { view: "queue" };
}

export const queueHref = "#/";
export const newHref = "#/new";
export const jobHref = (id: string): string => `#/jobs/${encodeURIComponent(id)}`;
export const againHref = (id: string): string => `#/new?from=${encodeURIComponent(id)}`;

// The token of a link such as http://host/#token=…, or null.
export function tokenOf(hash: string): string | null {
	const match = /^#token=([^&]+)/.exec(hash);
	return match?.[1] ? safeDecode(match[1]) : null;
}

function safeDecode(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
