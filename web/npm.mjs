// The packages that a package-lock.json names, installed once per lock file and shared by all build folders.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

// Returns the node_modules folder for the lock file in `source`. Builds side by side are safe without a lock: each
// installs into a folder of its own and the first to rename it wins.
export function installPackages(source, cache) {
	const lock = readFileSync(join(source, "package-lock.json"));
	const home = resolve(cache, "npm-" + createHash("sha256").update(lock).digest("hex").slice(0, 16));
	const modules = join(home, "node_modules");
	if (existsSync(modules)) return modules;

	mkdirSync(cache, { recursive: true });
	const work = mkdtempSync(join(cache, "npm-work-"));
	try {
		for (const file of ["package.json", "package-lock.json"])
			copyFileSync(join(source, file), join(work, file));
		const npm = spawnSync(
			"npm",
			["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"],
			{ cwd: work, encoding: "utf8" },
		);
		if (npm.status !== 0)
			throw new Error(
				`npm ci failed in ${source}: ${npm.error?.message ?? ""}\n${npm.stdout}${npm.stderr}`,
			);
		try {
			renameSync(work, home);
		} catch (error) {
			if (!existsSync(modules)) throw error;
		}
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
	return modules;
}
