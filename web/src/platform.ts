// What the browser does for us, and ways around what it does only for pages from https or from this machine.

import { useEffect } from "preact/hooks";

// The title of the tab while a view is shown.
export function useTitle(title: string): void {
	useEffect(() => {
		document.title = `${title} · epochd`;
		return () => {
			document.title = "epochd";
		};
	}, [title]);
}

export async function copyText(text: string): Promise<void> {
	if (navigator.clipboard) return navigator.clipboard.writeText(text);
	const area = document.createElement("textarea");
	area.value = text;
	document.body.append(area);
	area.select();
	const copied = document.execCommand("copy");
	area.remove();
	if (!copied) throw new Error("The browser does not let this page copy.");
}

// A name that nothing else has.
export function uniqueKey(): string {
	return [...crypto.getRandomValues(new Uint8Array(16))]
		.map((byte) => byte.toString(16).padStart(2, "0"))
		.join("");
}
