// Chromium with a page that remembers everything that went wrong in it.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

const flags = [
	"--headless",
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

export function findChromium() {
	try {
		return execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
	} catch {
		return null;
	}
}

export function launch(modules, executablePath) {
	const { chromium } = createRequire(join(modules, "x"))("playwright-core");
	return chromium.launch({ executablePath, args: flags });
}

// `troubles` takes the lines of the console that are no information, exceptions, and refusals of the content security
// policy. What the server refuses on purpose Chromium also reports: `expected` says which answers those are.
export async function openPage(browser, options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
	const page = await context.newPage();
	const troubles = [];
	const expected = new Set();
	page.on("console", (message) => {
		const status = /the server responded with a status of (\d+)/.exec(message.text())?.[1];
		if (["error", "warning"].includes(message.type()) && !expected.has(status ?? message.text()))
			troubles.push(message.text());
	});
	page.on("pageerror", (error) => troubles.push(error.stack));
	page.on("dialog", (dialog) => {
		troubles.push(`dialog: ${dialog.message()}`);
		void dialog.dismiss();
	});
	await context.addInitScript(() => {
		window.refusals = [];
		document.addEventListener("securitypolicyviolation", (event) =>
			window.refusals.push(`${event.violatedDirective} ${event.blockedURI}`),
		);
	});
	return { context, page, troubles, expected };
}

// How many points of a chart's canvas have the colour of that name in the style sheet; none while it is not drawn yet.
export function countColour(page, chart, name) {
	return page.evaluate(
		([chart, name]) => {
			const canvas = document.querySelector(`[data-chart="${chart}"] canvas`);
			if (!canvas?.width) return 0;
			// A copy is read, so that the page's own canvas stays as it is.
			const copy = new OffscreenCanvas(canvas.width + 1, canvas.height).getContext("2d", {
				willReadFrequently: true,
			});
			copy.drawImage(canvas, 1, 0);
			copy.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
			copy.fillRect(0, 0, 1, 1);
			const wanted = copy.getImageData(0, 0, 1, 1).data;
			const { data } = copy.getImageData(1, 0, canvas.width, canvas.height);
			let count = 0;
			for (let i = 0; i < data.length; i += 4)
				if (data[i + 3] > 200 && [0, 1, 2].every((k) => Math.abs(data[i + k] - wanted[k]) < 24))
					count++;
			return count;
		},
		[chart, name],
	);
}
