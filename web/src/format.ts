// Numbers and times as people read them. Pure.

const dash = "–";
const missing = (value: number | null | undefined): value is null | undefined =>
	value === null || value === undefined || !Number.isFinite(value);

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

// 1234567 → "1,234,567"
export function formatCount(value: number | null | undefined): string {
	return missing(value) ? dash : grouped.format(value);
}

// The last batch of an epoch is what is left over, or, where that is merged, the batch before with it.
export function lastBatchText(size: number, last: number): string {
	return last < size
		? `each epoch ends with a batch of ${formatCount(last)}`
		: `the last batch of each epoch takes the rest in and has ${formatCount(last)}`;
}

// 347146 → "347 k": three figures and a unit.
export function formatShort(value: number | null | undefined): string {
	if (missing(value)) return dash;
	return scaled(value, 1000, ["", " k", " M", " G", " T", " P"]);
}

// 3670016 → "3.50 MiB"
export function formatBytes(value: number | null | undefined): string {
	if (missing(value)) return dash;
	return scaled(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB", " PiB"]);
}

function scaled(value: number, base: number, units: string[]): string {
	let unit = 0;
	// 999.5 would be rounded to 1000: that is 1.00 of the next unit.
	while (Math.abs(value) >= (unit === 0 ? base : Math.min(base, 999.5)) && unit < units.length - 1) {
		value /= base;
		unit++;
	}
	const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
	return value.toFixed(digits) + units[unit];
}

// A loss or a learning rate: four figures, no noise behind them.
export function formatMetric(value: number | null | undefined): string {
	if (missing(value)) return dash;
	const size = Math.abs(value);
	if (size === 0) return "0";
	if (size < 0.001 || size >= 100000) return value.toExponential(2).replace("e+", "e");
	return value.toPrecision(4);
}

// A learning rate, as short as it is written: 0.001, 1e-7.
export function formatRate(value: number | null | undefined): string {
	return missing(value) ? dash : String(Number(value.toPrecision(4)));
}

// 0.98412 → "98.41 %"
export function formatPercent(value: number | null | undefined): string {
	return missing(value) ? dash : `${(value * 100).toFixed(2)} %`;
}

// 83 → "1m 23s"; 4.23 → "4.2s"
export function formatDuration(seconds: number | null | undefined): string {
	if (missing(seconds) || seconds < 0) return dash;
	if (seconds < 0.9995) return `${Math.round(seconds * 1000)}ms`;
	if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
	const whole = Math.round(seconds);
	if (whole < 60) return `${whole}s`;
	const pad = (n: number) => String(n).padStart(2, "0");
	if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
	if (whole < 86400) return `${Math.floor(whole / 3600)}h ${pad(Math.floor(whole / 60) % 60)}m`;
	return `${Math.floor(whole / 86400)}d ${pad(Math.floor(whole / 3600) % 24)}h`;
}

// How long ago, in one word: "now", "42s", "5m", "3h", "12d".
export function formatAge(time: string | null, now: number): string {
	const then = time === null ? NaN : Date.parse(time);
	if (!Number.isFinite(then)) return dash;
	const seconds = Math.max(0, Math.floor((now - then) / 1000));
	if (seconds < 5) return "now";
	if (seconds < 60) return `${seconds}s`;
	if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
	if (seconds < 86400) return `${Math.floor(seconds / 3600)}h`;
	return `${Math.floor(seconds / 86400)}d`;
}

// An instant in the reader's time zone, for titles and logs.
export function formatTime(time: string | null): string {
	const date = new Date(time ?? NaN);
	return Number.isFinite(date.getTime()) ? date.toLocaleString() : dash;
}

// [28, 28, 1] → "28 × 28 × 1"
export function formatShape(shape: readonly number[]): string {
	return shape.length === 0 ? "scalar" : shape.join(" × ");
}
