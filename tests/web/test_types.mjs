// The dashboard and its unit tests hold to the strict rules of web/tsconfig.json.
//
//     node test_types.mjs CACHE WORK
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { installPackages } from "../../web/npm.mjs";
import { runTests, test } from "./tap.mjs";

const [cache, work] = process.argv.slice(2);
const here = fileURLToPath(new URL(".", import.meta.url));
const web = resolve(here, "../../web");

test("tsc finds nothing wrong", () => {
	const compiler = installPackages(here, cache);
	const modules = installPackages(web, cache);
	const config = join(work, "tsconfig.json");
	mkdirSync(work, { recursive: true });
	writeFileSync(
		config,
		JSON.stringify({
			extends: join(web, "tsconfig.json"),
			compilerOptions: { paths: { "*": [join(modules, "*")] } },
			include: [join(web, "src"), join(here, "units.ts")],
		}),
	);
	const tsc = spawnSync(process.execPath, [join(compiler, "typescript/bin/tsc"), "-p", config], {
		encoding: "utf8",
	});
	assert.equal(tsc.stdout + tsc.stderr, "");
	assert.equal(tsc.status, 0);
});

await runTests();
