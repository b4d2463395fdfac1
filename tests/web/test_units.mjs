// Bundles units.ts with the modules it tests and runs it.
//
//     node test_units.mjs CACHE WORK
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { installPackages } from "../../web/npm.mjs";

const [cache, work] = process.argv.slice(2);
const here = fileURLToPath(new URL(".", import.meta.url));
const modules = installPackages(resolve(here, "../../web"), cache);
const esbuild = createRequire(join(modules, "x"))("esbuild");
const bundle = join(work, "units.mjs");
mkdirSync(work, { recursive: true });
await esbuild.build({
	entryPoints: [join(here, "units.ts")],
	outfile: bundle,
	bundle: true,
	format: "esm",
	platform: "node",
	logLevel: "warning",
});
await import(pathToFileURL(bundle).href);
