// The dashboard in Chromium, served by the real daemon, training real jobs.
//
//     node test_dashboard.mjs CACHE WORK EPOCHD
//
// One story from first visit to last: each test goes on where the one before left off. Screenshots are left in WORK.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPackages } from "../../web/npm.mjs";
import { countColour, findChromium, launch, openPage } from "./browser.mjs";
import { pixelOf } from "./png.mjs";
import { Server, bars } from "./server.mjs";
import { equal, runTests, test } from "./tap.mjs";

const [cache, work, program] = process.argv.slice(2);
const here = fileURLToPath(new URL(".", import.meta.url));
const chromium = findChromium();
if (!chromium) {
	console.log("1..0 # SKIP chromium is not installed");
	process.exit(0);
}

const patience = 90_000; // sanitizers and loaded machines are slow
const state = mkdtempSync(join(tmpdir(), "epochd-web-"));
mkdirSync(work, { recursive: true });
let server = await Server.start(program, state);
const browser = await launch(installPackages(here, cache), chromium);
const { context, page, troubles, expected } = await openPage(browser);
page.setDefaultTimeout(patience);

const shot = (name, of = page) => of.screenshot({ path: join(work, `${name}.png`), fullPage: true });
const go = (hash) => page.goto(`${server.address}/${hash}`);
const chip = (status) => page.locator(`.job-title [data-status="${status}"]`).waitFor();
const field = (pointer) => page.locator(`[data-pointer="${pointer}"]`);
const input = (pointer) => field(pointer).locator("input, select").last();
const background = async (of = page) => pixelOf(await of.screenshot({ clip: { x: 3, y: 400, width: 1, height: 1 } }));

// Waits until `read` gives what `good` accepts.
async function until(read, good, what) {
	const end = Date.now() + patience;
	for (;;) {
		const value = await read();
		if (good(value)) return value;
		assert.ok(Date.now() < end, `${what}: still ${JSON.stringify(value)}`);
		await new Promise((resolve) => setTimeout(resolve, 60));
	}
}

// --- coming in ---------------------------------------------------------------------------------------------------

test("without a token the page asks for it and says where it is", async () => {
	expected.add("401");
	await go("");
	await page.getByText("This server wants its token").waitFor();
	assert.match(await page.locator(".shell pre").textContent(), /^cat .*\/token$/);
	await shot("token");
	await page.getByLabel("Token", { exact: true }).fill("wrong");
	await page.getByRole("button", { name: "Open the dashboard" }).click();
	await page.getByText("That is not the token of this server.").waitFor();
	await page.getByLabel("Token", { exact: true }).fill(server.token);
	await page.getByRole("button", { name: "Open the dashboard" }).click();
	await page.getByText("Nothing has been trained here yet").waitFor();
	expected.delete("401");
});

test("a link brings the token, which leaves the address bar and stays in the browser", async () => {
	await page.evaluate(() => localStorage.clear());
	await page.goto("about:blank");
	await go(`#token=${server.token}`);
	await page.getByText("Nothing has been trained here yet").waitFor();
	equal(await page.evaluate(() => location.hash), "#/");
	await page.reload();
	await page.getByText("Nothing has been trained here yet").waitFor();
	await page.locator(".connection-live").waitFor();
});

test("the server card tells version, kernels, cores and memory", async () => {
	const info = await (await server.request("GET", "/v1/server")).json();
	const text = await page.locator("[aria-label=Server]").textContent();
	for (const fact of [info.version, info.isa, `Cores${info.cores}`])
		assert.ok(text.includes(fact), `${fact} in ${text}`);
	assert.match(text, /Memory0 B of [\d.]+ [MG]iB/);
});

// --- a data set --------------------------------------------------------------------------------------------------

test("a data set is uploaded from four files", async () => {
	assert.equal(await page.getByRole("button", { name: "Train the MNIST job" }).isDisabled(), true);
	const train = bars(12000);
	const tests = bars(1000);
	const files = {
		x_train: train.images,
		y_train: train.labels,
		x_test: tests.images,
		y_test: tests.labels,
	};
	await page.getByRole("button", { name: "Upload" }).click();
	for (const [part, bytes] of Object.entries(files)) {
		writeFileSync(join(state, part), bytes);
		await page.locator(`input[data-part=${part}]`).setInputFiles(join(state, part));
	}
	await shot("upload");
	await page.locator("dialog").getByRole("button", { name: "Upload" }).click();
	await page.locator("dialog").waitFor({ state: "detached" });
	const row = page.locator(".datasets li");
	await row.getByText("12,000 train · 1,000 test").waitFor();
	await row.getByText("28 × 28 uint8 · 10 classes").waitFor();
	assert.equal(await page.getByRole("button", { name: "Train the MNIST job" }).isDisabled(), false);
	await shot("first-steps");
});

test("a file that is no tensor is refused in the server's words", async () => {
	writeFileSync(join(state, "broken"), "not a tensor at all");
	expected.add("400").add("422").add("415");
	await page.getByRole("button", { name: "Upload" }).click();
	await page.locator("input[data-part=x_train]").setInputFiles(join(state, "broken"));
	await page.locator("dialog").getByRole("button", { name: "Upload" }).click();
	assert.ok((await page.locator("dialog .error").textContent()).length > 10);
	await page.keyboard.press("Escape");
	await page.locator("dialog").waitFor({ state: "detached" });
	await page.locator(".datasets li").getByText("12,000 train · 1,000 test").waitFor();
});

// --- a job by the form -------------------------------------------------------------------------------------------

test("`n` opens the form, filled with the MNIST job and its forecast", async () => {
	await page.keyboard.press("n");
	await page.getByText("will run").waitFor();
	equal(await input("/batch_size").inputValue(), "64");
	equal(await field("/model/layers/0").locator(".layer-shape").textContent(), "26 × 26 × 32320 parameters");
	const forecast = await page.locator(".forecast").textContent();
	assert.match(forecast, /Parameters347,146/);
	assert.match(forecast, /Steps an epoch188/);
	assert.match(forecast, /Last batch32/);
	assert.match(forecast, /Samples at a time\d+/);
	assert.doesNotMatch(forecast, /Not trained/);
	await shot("new-job");
});

test("what is wrong is shown at its field, and nothing can be submitted", async () => {
	await input("/model/layers/3/units").fill("0");
	await field("/model/layers/3/units").locator(".field-problem").waitFor();
	assert.equal(await page.getByRole("button", { name: "Submit the job" }).isDisabled(), true);
	await shot("problem");
	await page.locator(".problem-list button").click();
	equal(await page.evaluate(() => document.activeElement.id), "field-model-layers-3-units");
	await input("/model/layers/3/units").fill("64");
	await page.getByText("will run").waitFor();
	equal(await page.locator(".field-problem").count(), 0);
});

test("layers are added, moved, changed and removed", async () => {
	const types = () => page.locator(".layer-type").evaluateAll((all) => all.map((select) => select.value));
	await page.getByLabel("Add a layer").selectOption("Dense");
	await page.getByLabel("Move layer 6 up").click();
	await page.getByLabel("Type of layer 5").selectOption("Activation");
	equal(await types(), ["Conv2D", "MaxPooling2D", "Flatten", "Dense", "Activation", "Dense"]);
	await page.getByText("will run").waitFor();
	await page.getByLabel("Remove layer 5").click();
	equal(await types(), ["Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dense"]);
	await page.getByText("will run").waitFor();
});

test("what was written is still there after a look elsewhere, until one starts over", async () => {
	await input("/epochs").fill("17");
	await page.getByRole("link", { name: "All jobs" }).click();
	await page.getByText("Nothing has been trained here yet").waitFor();
	await page.keyboard.press("n");
	equal(await input("/epochs").inputValue(), "17");
	await page.getByRole("button", { name: "Start over" }).click();
	await until(
		() => input("/epochs").inputValue(),
		(value) => value === "5",
		"epochs",
	);
	await page.getByText("will run").waitFor();
});

test("form and JSON are two views of one spec", async () => {
	await page.locator("input[type=range]").fill("4");
	await page.getByRole("button", { name: "JSON" }).click();
	const spec = JSON.parse(await page.locator("textarea").inputValue());
	equal(
		[spec.batch_size, spec.model.layers.length, spec.optimizer],
		[16, 5, { type: "Adam", learning_rate: 0.001 }],
	);
	await page.locator("textarea").fill("{ no json");
	await page.locator(".main-column .error").waitFor();
	assert.equal(await page.getByRole("button", { name: "Form" }).isDisabled(), true);
	await page
		.locator("textarea")
		.fill(JSON.stringify({ ...spec, name: "watched", epochs: 30, metadata: { by: "test" } }));
	await page.getByText("will run").waitFor();
	await page.getByRole("button", { name: "Form" }).click();
	equal([await input("/name").inputValue(), await input("/epochs").inputValue()], ["watched", "30"]);
	await page.keyboard.press("Control+Enter");
	await chip("running");
});

// --- watching it train -------------------------------------------------------------------------------------------

const epochRows = () => page.locator(".epochs tbody tr").count();

test("the curve of the epoch under way grows, then epochs and validation have theirs", async () => {
	const running = () => countColour(page, "loss", "--running");
	const sooner = await until(running, (n) => n > 0, "running curve");
	await until(running, (n) => n > sooner, "longer running curve");
	await until(epochRows, (n) => n >= 1, "one epoch");
	const curves = ["--train", "--validation"];
	const count = () => Promise.all(curves.map((name) => countColour(page, "accuracy", name)));
	const first = await count();
	await until(epochRows, (n) => n >= 3, "three epochs");
	const later = await until(count, (all) => all.every((n, i) => n > first[i]), `longer curves than ${first}`);
	assert.ok(later.every((n) => n > 0));
	await shot("job-running");
});

test("progress, numbers and the tab's title move with it", async () => {
	const percent = async () =>
		Number(await page.locator(".standing [role=progressbar]").getAttribute("aria-valuenow"));
	const before = await percent();
	await until(percent, (value) => value > before, "progress");
	assert.match(await page.title(), /^\d+ % · watched · epochd$/);
	assert.match(await page.locator(".standing").textContent(), /Epoch \d+ of 30/);
});

test("the values under the pointer are told", async () => {
	const box = await page.locator("[data-chart=loss] .u-over").boundingBox();
	await page.mouse.move(box.x + box.width / 30, box.y + box.height / 2);
	assert.match(await page.locator(".tip").first().textContent(), /^Epoch 1training[\d.e-]+validation[\d.e-]+/);
	await page.mouse.move(10, 10);
});

test("it is paused and goes on", async () => {
	await page.getByRole("button", { name: "Pause" }).click();
	await chip("paused");
	await page.getByRole("button", { name: "Resume" }).click();
	await chip("running");
});

test("it is cancelled, and shown so in the queue", async () => {
	await page.getByRole("button", { name: "Cancel" }).click();
	await chip("cancelled");
	await page.getByText("Where the time goes").waitFor();
	await page.keyboard.press("Escape");
	const row = page.locator(".queue-row");
	await row.locator("[data-status=cancelled]").waitFor();
	equal(await row.locator("strong").textContent(), "watched");
});

test("it is deleted, after a question", async () => {
	await page.locator(".queue-row").click();
	const id = (await page.evaluate(() => location.hash)).split("/").at(-1);
	await page.getByRole("button", { name: "Delete the job" }).click();
	await page.getByRole("button", { name: "Keep it" }).click();
	equal((await server.request("GET", `/v1/jobs/${id}`)).status, 200);
	await page.getByRole("button", { name: "Delete the job" }).click();
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await page.getByText("Nothing has been trained here yet").waitFor();
	equal((await server.request("GET", `/v1/jobs/${id}`)).status, 404);
});

// --- a job that another client submits, to its end ---------------------------------------------------------------

const payload = '"><img src=x onerror="window.broken=1">';
let jobId = "";

test("a job from elsewhere appears by itself and is followed to its end", async () => {
	const spec = {
		dataset: "mnist",
		name: "from-curl",
		epochs: 2,
		batch_size: 1000,
		metadata: { note: payload, [payload]: "1" },
		model: { layers: [{ type: "Flatten" }, { type: "Dense", units: 10, activation: "softmax" }] },
		loss: "sparse_categorical_crossentropy",
		optimizer: "adam",
		metrics: ["accuracy"],
	};
	const answer = await server.request("POST", "/v1/jobs", JSON.stringify(spec), {
		"Content-Type": "application/json",
	});
	equal(answer.status, 201);
	jobId = (await answer.json()).id;
	const row = page.locator(`[data-job="${jobId}"]`);
	await row.locator("[data-status=succeeded]").waitFor();
	assert.match(await row.textContent(), /2 \/ 2/);
	await shot("queue");
});

test("its page has its epochs, layers, memory, checkpoints and events", async () => {
	await page.locator(`[data-job="${jobId}"]`).click();
	await chip("succeeded");
	await until(epochRows, (n) => n === 2, "rows of epochs");
	const job = await (await server.request("GET", `/v1/jobs/${jobId}`)).json();
	assert.match(
		await page.getByLabel("Layers", { exact: true }).textContent(),
		/7,850 parameters.*Dense dense.*7,850/,
	);
	assert.match(
		await page.getByLabel("Batch", { exact: true }).textContent(),
		/Batch size1,000.*Steps an epoch12.*Last batch1,000/,
	);
	equal((await page.locator(".checkpoints li").count()) >= 1, true);
	assert.match(await page.locator(".events").textContent(), /succeeded.*epoch 2: loss.*queued/);
	const seen = await (await server.request("GET", `/v1/jobs/${jobId}/evaluation`)).json();
	const cells = page.locator(".confusion .heat");
	await until(() => cells.count(), (n) => n === 100, "confusion matrix of 10 classes");
	equal(await cells.first().textContent(), String(seen.confusion_matrix[0][0] || "·"));
	equal(JSON.parse(await page.locator(".json").textContent()), job.spec);
	await shot("job-done");
});

test("epochs are downloaded as CSV, weights as safetensors", async () => {
	const fetched = async (button) => {
		const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
		return readFileSync(await download.path());
	};
	const csv = await fetched(page.getByRole("button", { name: "CSV" }));
	assert.match(csv.toString(), /^epoch,step,loss,accuracy,val_loss,val_accuracy,.*\r\n1,12,.*\r\n2,24,.*\r\n$/);
	const weights = await fetched(page.getByRole("button", { name: "Best weights" }));
	const header = JSON.parse(weights.toString("utf8", 8, 8 + Number(weights.readBigUInt64LE(0))));
	equal(header["dense/kernel"].shape, [784, 10]);
});

test("it can be trained again from a form with its spec", async () => {
	await page.getByRole("link", { name: "Train again" }).click();
	await page.getByText("will run").waitFor();
	equal([await input("/name").inputValue(), await input("/batch_size").inputValue()], ["from-curl", "1000"]);
});

// --- what must never happen --------------------------------------------------------------------------------------

test("text from specs and answers is never run, with and without the content security policy", async () => {
	for (const bypassCSP of [false, true]) {
		const other = await openPage(browser, { bypassCSP });
		other.expected.add("422");
		await other.page.goto(`${server.address}/#token=${server.token}`);
		await other.page.locator(`[data-job="${jobId}"]`).click();
		await other.page.getByText("onerror").first().waitFor();
		await other.page.goto(`${server.address}/#/new`);
		await other.page.getByText("will run").waitFor();
		await other.page.getByRole("button", { name: "JSON" }).click();
		await other.page
			.locator("textarea")
			.fill(JSON.stringify({ dataset: payload, [payload]: payload, name: payload }));
		await other.page.locator(".problem-list").getByText("onerror").first().waitFor();
		await other.page.getByRole("button", { name: "Form" }).click();
		await other.page.locator(".problem-list").getByText("onerror").first().waitFor();
		equal(await other.page.evaluate(() => window.broken), undefined);
		equal(await other.page.locator("img").count(), 0);
		equal(other.troubles, []);
		await other.context.close();
	}
});

test("nothing is asked of anybody but the server", async () => {
	const other = await openPage(browser);
	const hosts = new Set();
	other.page.on("request", (request) => hosts.add(new URL(request.url()).origin));
	await other.page.goto(`${server.address}/#token=${server.token}`);
	await other.page.locator(`[data-job="${jobId}"]`).click();
	await other.page.locator(".epochs").waitFor();
	equal([...hosts], [server.address]);
	await other.context.close();
});

// --- how it looks ------------------------------------------------------------------------------------------------

test("it is light or dark as the system says, until the reader chooses", async () => {
	const bright = (colour) => colour.every((part) => part > 200);
	const dark = (colour) => colour.every((part) => part < 60);
	await go("#/");
	assert.ok(bright(await background()));
	await page.emulateMedia({ colorScheme: "dark" });
	await until(background, dark, "dark background");
	await shot("queue-dark");
	await page.getByRole("button", { name: "Use light colours" }).click();
	assert.ok(bright(await background()));
	await page.reload();
	await page.locator(".queue-row").waitFor();
	assert.ok(bright(await background()));
	await page.getByRole("button", { name: "Use dark colours" }).click();
	assert.ok(dark(await background()));
	await page.locator(`[data-job="${jobId}"]`).click();
	await until(
		() => countColour(page, "loss", "--train"),
		(n) => n > 0,
		"curve in dark colours",
	);
	await shot("job-dark");
	await page.emulateMedia({ colorScheme: "light" });
	await until(background, bright, "light background");
});

test("it fits a phone", async () => {
	const phone = await openPage(browser, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 });
	await phone.page.goto(`${server.address}/#token=${server.token}`);
	for (const [hash, there] of [
		["#/", ".queue-row"],
		[`#/jobs/${jobId}`, ".epochs"],
		["#/new", ".layer"],
	]) {
		await phone.page.goto(`${server.address}/${hash}`);
		await phone.page.locator(there).first().waitFor();
		equal(await phone.page.evaluate(() => document.documentElement.scrollWidth), 390, hash);
		await shot(`phone-${there.slice(1)}`, phone.page);
	}
	equal(phone.troubles, []);
	await phone.context.close();
});

test("every control has a name that can be read aloud", async () => {
	for (const [hash, there] of [
		["#/", ".queue-row"],
		[`#/jobs/${jobId}`, ".epochs"],
		["#/new", ".layer"],
	]) {
		await go(hash);
		await page.locator(there).first().waitFor();
		const nameless = await page.evaluate(() =>
			[...document.querySelectorAll("button, a, input, select, textarea")]
				.filter(
					(control) =>
						!(
							control.labels?.length ||
							control.ariaLabel ||
							control.textContent.trim()
						),
				)
				.map((control) => control.outerHTML.slice(0, 120)),
		);
		equal(nameless, []);
	}
});

test("keys: `/` filters, Esc leaves the filter and then the view", async () => {
	await go("#/");
	await page.locator(".queue-row").waitFor();
	await page.keyboard.press("/");
	await page.keyboard.type("nothing is called so");
	await page.getByText("No job matches.").waitFor();
	await page.locator("#filter").fill("curl succ");
	equal(await page.locator(".queue-row").count(), 1);
	await page.locator("#filter").fill("");
	await page.keyboard.press("Escape");
	await page.keyboard.press("n");
	await page.getByRole("heading", { name: "New job" }).waitFor();
	await page.keyboard.press("Escape");
	await page.locator(".queue-row").waitFor();
});

// --- a server that comes and goes --------------------------------------------------------------------------------

test("a lost connection is told and found again", async () => {
	const listen = new URL(server.address).host;
	for (const text of [
		"ERR_CONNECTION_REFUSED",
		"ERR_INCOMPLETE_CHUNKED_ENCODING",
		"ERR_CONNECTION_RESET",
		"ERR_EMPTY_RESPONSE",
	])
		expected.add(`Failed to load resource: net::${text}`);
	expected.add("503");
	await server.stop();
	await page.getByText("The connection to the server is lost.").waitFor();
	await shot("lost");
	server = await Server.start(program, state, listen);
	await page.locator(".connection-live").waitFor();
	equal(await page.getByText("The connection to the server is lost.").count(), 0);
	equal(await page.locator(".queue-row").count(), 1);
});

test("all the while nothing went wrong in the page", async () => {
	equal(troubles, []);
	equal(await page.evaluate(() => window.refusals), []);
});

try {
	await runTests({ chained: true });
} finally {
	await context.close();
	await browser.close();
	await server.stop();
	rmSync(state, { recursive: true, force: true });
}
