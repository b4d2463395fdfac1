// Takes the picture of the README: the MNIST job in mid-training.
//
//     node screenshot.mjs CACHE EPOCHD MNIST OUT.png
//
// MNIST is the folder with the four original IDX files, as ./quickstart leaves it in build/mnist. Prints what the page
// says of the speed, since a picture from a machine that is busy with other things gives a wrong idea.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPackages } from "../../web/npm.mjs";
import { findChromium, launch, openPage } from "./browser.mjs";
import { Server } from "./server.mjs";

const [cache, program, mnist, out] = process.argv.slice(2);
const parts = {
	x_train: "train-images-idx3-ubyte",
	y_train: "train-labels-idx1-ubyte",
	x_test: "t10k-images-idx3-ubyte",
	y_test: "t10k-labels-idx1-ubyte",
};
const epochs = 8;
const enough = 68; // percent
const hovered = 3; // the epoch whose values are shown

const state = mkdtempSync(join(tmpdir(), "epochd-picture-"));
const server = await Server.start(program, state);
for (const [part, file] of Object.entries(parts)) {
	const answer = await server.request("PUT", `/v1/datasets/mnist/${part}`, readFileSync(join(mnist, file)));
	if (!answer.ok) throw new Error(await answer.text());
}

const browser = await launch(installPackages(fileURLToPath(new URL(".", import.meta.url)), cache), findChromium());
const { page } = await openPage(browser, { viewport: { width: 1280, height: 1010 } });
page.setDefaultTimeout(600_000);
await page.goto(`${server.address}/#token=${server.token}`);
await page.goto(`${server.address}/#/new`);
await page.locator('[data-pointer="/epochs"] input').fill(String(epochs));
await page.getByText("will run").waitFor();
await page.getByRole("button", { name: "Submit the job" }).click();
await page.waitForFunction(
	(percent) => Number(document.querySelector(".standing [role=progressbar]")?.ariaValueNow) >= percent,
	enough,
);
const plot = await page.locator("[data-chart=loss] .u-over").boundingBox();
await page.mouse.move(plot.x + (plot.width * hovered) / epochs, plot.y + 60);
await page.locator(".tip").first().waitFor();
console.log(await page.getByText("Samples a second").locator("..").innerText());
await page.screenshot({ path: out });
await browser.close();
await server.stop();
rmSync(state, { recursive: true, force: true });
