// Bundles the dashboard, compresses every file and writes them as one C source: the table of web/assets.h.
//
//     node build.mjs --cache DIR --out FILE.c [--depfile FILE.d] [--folder DIR]
//
// The same sources give the same bytes. --folder also writes the plain files there, for development.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { installPackages } from "./npm.mjs";

const source = dirname(fileURLToPath(import.meta.url));
const contentTypes = {
	".css": "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
};
// Whose code is in the bundle; their licences ask that the notice goes with it.
const bundled = ["preact", "@preact/signals", "@preact/signals-core", "uplot"];

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

async function bundle(modules) {
	const esbuild = createRequire(join(modules, "x"))("esbuild");
	return esbuild.build({
		absWorkingDir: source,
		entryPoints: { app: "src/main.tsx" },
		outdir: "/assets",
		nodePaths: [modules],
		bundle: true,
		write: false,
		metafile: true,
		minify: true,
		format: "esm",
		charset: "utf8",
		legalComments: "none",
		target: ["chrome109", "firefox115", "safari16.4"],
		logLevel: "warning",
	});
}

function licences(modules) {
	return bundled
		.map((name) => `${name}\n\n${readFileSync(join(modules, name, "LICENSE"), "utf8").trim()}\n`)
		.join(`\n${"-".repeat(80)}\n\n`);
}

// Every file under the name it is served by: the page first, the others with a digest in their name.
function collectFiles(result, modules) {
	const files = [];
	const names = new Map();
	const add = (name, bytes) => {
		const stem = name.slice(0, -extname(name).length);
		const path = `/assets/${stem}-${digest(bytes).slice(0, 10)}${extname(name)}`;
		names.set(name, path);
		files.push({ path, bytes, immutable: true });
	};
	for (const output of result.outputFiles) add(relative("/assets", output.path), Buffer.from(output.contents));
	add("favicon.svg", readFileSync(join(source, "src/favicon.svg")));
	add("licences.txt", Buffer.from(licences(modules)));

	const html = readFileSync(join(source, "src/index.html"), "utf8").replace(/\{\{(.+?)\}\}/g, (_, name) => {
		if (!names.has(name)) throw new Error(`index.html names ${name}, which nothing makes`);
		return names.get(name);
	});
	return [{ path: "/", bytes: Buffer.from(html), immutable: false }, ...files];
}

function cSource(files) {
	const arrays = [];
	const rows = [];
	files.forEach((file, i) => {
		const gzip = gzipSync(file.bytes, { level: 9 });
		const lines = [];
		for (let at = 0; at < gzip.length; at += 24)
			lines.push("\t" + [...gzip.subarray(at, at + 24)].join(",") + ",");
		arrays.push(`static const unsigned char file_${i}[] = {\n${lines.join("\n")}\n};`);
		const type = contentTypes[extname(file.path)] ?? contentTypes[".html"];
		rows.push(
			`\t{ "${file.path}", "${type}", file_${i}, sizeof(file_${i}), ` +
				`"\\"${digest(file.bytes).slice(0, 32)}\\"", ${file.immutable} },`,
		);
	});
	return (
		`/* Made by web/build.mjs. */\n#include "web/assets.h"\n\n${arrays.join("\n\n")}\n\n` +
		`const struct web_asset web_assets[] = {\n${rows.join("\n")}\n};\n` +
		`const size_t web_asset_count = sizeof(web_assets) / sizeof(web_assets[0]);\n`
	);
}

// What ninja must watch: our own files. The packages are named by the lock file.
function dependencies(result) {
	const own = Object.keys(result.metafile.inputs)
		.map((path) => resolve(source, path))
		.filter((path) => !path.includes("/node_modules/"));
	const others = [
		"build.mjs",
		"npm.mjs",
		"package.json",
		"package-lock.json",
		"tsconfig.json",
		"src/index.html",
		"src/favicon.svg",
	];
	return [...own, ...others.map((name) => join(source, name))];
}

const { values: options } = parseArgs({
	options: {
		cache: { type: "string" },
		out: { type: "string" },
		depfile: { type: "string" },
		folder: { type: "string" },
	},
});
const modules = installPackages(source, resolve(options.cache));
const result = await bundle(modules);
const files = collectFiles(result, modules);
writeFileSync(options.out, cSource(files));
if (options.depfile)
	writeFileSync(
		options.depfile,
		`${options.out}: ${dependencies(result)
			.map((path) => path.replace(/[ $#]/g, "\\$&"))
			.join(" ")}\n`,
	);
for (const file of options.folder ? files : []) {
	const path = join(options.folder, file.path === "/" ? "index.html" : file.path);
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, file.bytes);
}
