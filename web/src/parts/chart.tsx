// One chart of a metric over the epochs: training and validation, and the running mean of the epoch under way.
// uPlot draws; this keeps it fed, sized, coloured, and tells the values under the pointer.

import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { axisEnd, chartColumns, type Column, type Columns, type Measure, valueRange } from "../series";
import { colour, theme } from "../theme";
import type { Trail } from "../trail";
import type { Epoch, Step } from "../types";

const height = 248;
const snapPx = 8;
const dotsMax = 60; // epochs that are marked one by one
const syncKey = "job"; // the charts of a page share their cross-line

export interface ChartProps {
	title: string;
	measure: Measure;
	epochs: Epoch[];
	wanted: number; // epochs in all
	trail: Trail;
	step: Step | null; // makes the chart look at the trail again
	format: (value: number | null) => string;
	ceiling?: number; // a value that the metric never passes
	logScale: boolean;
}

interface Hover {
	left: number; // px, in the chart
	flip: boolean; // the tip stands left of the cross-line
	low: boolean; // and under the curves
	title: string;
	rows: { name: string; key: string; text: string }[];
}

const seriesNames = ["training", "validation", "running"];
const seriesKeys = ["train", "validation", "running"];

export function Chart(props: ChartProps) {
	const { title, measure, epochs, trail, step, logScale } = props;
	const place = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | null>(null);
	const latest = useRef<Shown>({ props, zoomed: false });
	const [hover, setHover] = useState<Hover | null>(null);
	latest.current.props = props;

	const columns = chartColumns(measure, epochs, trail);
	const empty = columns[0].length === 0;

	useEffect(() => {
		const chart = new uPlot(
			chartOptions(latest.current, place.current!.clientWidth, setHover),
			columns,
			place.current!,
		);
		plot.current = chart;
		const sizes = new ResizeObserver(([entry]) =>
			chart.setSize({ width: Math.floor(entry!.contentRect.width), height }),
		);
		sizes.observe(place.current!);
		return () => {
			sizes.disconnect();
			chart.destroy();
			plot.current = null;
		};
	}, [logScale]);

	useEffect(() => {
		const chart = plot.current;
		if (!chart) return;
		// A reader who zoomed in stays there while the data go on.
		chart.setData(columns, !latest.current.zoomed);
		if (latest.current.zoomed) chart.redraw();
	}, [epochs, step, props.wanted]);

	// The canvas does not know of style sheets: it is told when the colours change.
	useSignalEffect(() => {
		void theme.value;
		queueMicrotask(() => plot.current?.redraw(false, true));
	});

	const lastOf = (column: Column) => column.findLast((value) => typeof value === "number") ?? null;
	return (
		<figure
			class="chart"
			aria-label={`${title}: training ${props.format(lastOf(columns[1]))}, validation ${props.format(
				lastOf(columns[2]),
			)}`}
		>
			<div class="chart-place" ref={place} data-chart={measure.key} />
			{empty && <p class="chart-empty">The curve begins with the training.</p>}
			{hover && <Tip hover={hover} />}
		</figure>
	);
}

function Tip({ hover }: { hover: Hover }) {
	return (
		<div
			class={`tip ${hover.flip ? "tip-left" : ""} ${hover.low ? "tip-low" : ""}`}
			style={{ left: `${hover.left}px` }}
		>
			<strong>{hover.title}</strong>
			{hover.rows.map((row) => (
				<div key={row.key} class="tip-row">
					<i class={`key key-${row.key}`} />
					{row.name}
					<b>{row.text}</b>
				</div>
			))}
		</div>
	);
}

export function ChartLegend({ running }: { running: boolean }) {
	return (
		<div class="legend" aria-hidden="true">
			{seriesNames.slice(0, running ? 3 : 2).map((name, i) => (
				<span key={name}>
					<i class={`key key-${seriesKeys[i]}`} />
					{name}
				</span>
			))}
		</div>
	);
}

// What the chart's own callbacks must know: they outlive a rendering.
interface Shown {
	props: ChartProps;
	zoomed: boolean;
}

function chartOptions(shown: Shown, width: number, setHover: (hover: Hover | null) => void): uPlot.Options {
	const axis = (extra: uPlot.Axis): uPlot.Axis => ({
		stroke: () => colour("--muted"),
		font: `11px ${fontFamily}`,
		ticks: { show: false },
		grid: { stroke: () => colour("--grid"), width: 1 },
		...extra,
	});
	const line = (name: string, widthPx: number, points: boolean): uPlot.Series => ({
		stroke: () => colour(name),
		width: widthPx,
		points: {
			show: () => points && shown.props.epochs.length <= dotsMax,
			size: 6,
			width: 1.5,
			fill: () => colour("--surface"),
		},
	});
	return {
		width,
		height,
		padding: [10, 14, 0, 0],
		legend: { show: false },
		cursor: {
			sync: { key: syncKey, setSeries: false },
			y: false,
			dataIdx: (chart, _, nearest) => snapToEpoch(chart, nearest),
			points: { size: 7, width: 2, fill: () => colour("--surface") },
			drag: { x: true, y: false, setScale: true },
			bind: {
				dblclick: (chart) => () => {
					shown.zoomed = false;
					chart.setData(chart.data, true);
					return null;
				},
			},
		},
		scales: {
			x: { time: false, range: (chart, low, high) => xRange(chart, shown, low, high) },
			y: shown.props.logScale
				? { distr: 3, log: 10 }
				: { range: (chart, low, high) => yRange(chart, shown, low, high) },
		},
		axes: [
			axis({
				incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000],
				space: 44,
				size: 30,
				gap: 6,
			}),
			axis({
				size: 52,
				gap: 6,
				space: 36,
				values: (_, ticks) => ticks.map((tick) => axisText(shown.props, tick)),
			}),
		],
		series: [
			{},
			line("--train", 2, true),
			line("--validation", 2, true),
			{ ...line("--running", 1.25, false), paths: brokenLine },
		],
		hooks: {
			setSelect: [
				(chart) => {
					shown.zoomed = chart.select.width > 0;
				},
			],
			setCursor: [(chart) => setHover(hoverAt(chart, shown.props))],
			draw: [(chart) => drawHead(chart)],
		},
	};
}

const fontFamily = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif";

function axisText(props: ChartProps, tick: number | null): string {
	if (tick === null) return "";
	return props.ceiling === 1 ? `${Number((tick * 100).toPrecision(4))} %` : String(Number(tick.toPrecision(4)));
}

function xRange(chart: uPlot, shown: Shown, low: number, high: number): uPlot.Range.MinMax {
	return shown.zoomed ? [low, high] : [0, axisEnd(shown.props.wanted, chart.data[0].at(-1) ?? 0)];
}

// Zoomed in, what is in sight fills the height.
function yRange(chart: uPlot, shown: Shown, lowSeen: number | null, highSeen: number | null): uPlot.Range.MinMax {
	const range =
		shown.zoomed && lowSeen !== null && highSeen !== null
			? ([lowSeen, highSeen] as const)
			: valueRange(chart.data.slice(1) as Column[]);
	if (!range) return [0, 1];
	const [low, high] = range;
	const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 0.1;
	const ceiling = shown.props.ceiling ?? Infinity;
	return [low >= 0 ? Math.max(0, low - room) : low - room, Math.min(ceiling + room / 4, high + room)];
}

// A line that lifts the pen at null. (uPlot's own blanks out the gap, and one narrower than a pixel stays visible.)
function brokenLine(chart: uPlot, series: number, first: number, last: number): uPlot.Series.Paths {
	const stroke = new Path2D();
	let down = false;
	for (let i = first; i <= last; i++) {
		const value = chart.data[series]?.[i];
		if (typeof value !== "number") {
			down &&= value !== null;
			continue;
		}
		const x = chart.valToPos(chart.data[0][i]!, "x", true);
		const y = chart.valToPos(value, "y", true);
		if (down) stroke.lineTo(x, y);
		else stroke.moveTo(x, y);
		down = true;
	}
	return { stroke, flags: 0 };
}

// A dot where the epoch under way has got to.
function drawHead(chart: uPlot): void {
	const last = chart.data[0].length - 1;
	const value = chart.data[3]?.[last];
	if (typeof value !== "number" || typeof chart.data[1]?.[last] === "number") return;
	const ratio = window.devicePixelRatio;
	const context = chart.ctx;
	context.save();
	context.fillStyle = colour("--train");
	context.beginPath();
	context.arc(
		chart.valToPos(chart.data[0][last]!, "x", true),
		chart.valToPos(value, "y", true),
		3.5 * ratio,
		0,
		2 * Math.PI,
	);
	context.fill();
	context.restore();
}

// The end of an epoch is told from a little way off: between the many steps of its running mean it is hard to hit.
function snapToEpoch(chart: uPlot, nearest: number): number {
	const columns = chart.data as Columns;
	const reach = chart.posToVal(snapPx, "x") - chart.posToVal(0, "x");
	const isEpoch = (index: number) => columns[1][index] !== undefined || columns[2][index] !== undefined;
	for (const direction of [-1, 1]) {
		for (
			let at = nearest;
			Math.abs((columns[0][at] ?? NaN) - columns[0][nearest]!) <= reach;
			at += direction
		) {
			if (isEpoch(at)) return at;
		}
	}
	return nearest;
}

function hoverAt(chart: uPlot, props: ChartProps): Hover | null {
	const columns = chart.data as Columns;
	const index = chart.cursor.idxs?.[1] ?? -1;
	const x = columns[0][index];
	if (x === undefined || (chart.cursor.left ?? -1) < 0) return null;
	// At its end an epoch's running mean is its training value.
	const told = columns[1][index] === undefined ? seriesNames : seriesNames.slice(0, 2);
	const rows = told.flatMap((name, i) => {
		const value = columns[(i + 1) as 1 | 2 | 3][index];
		return typeof value === "number" ? [{ name, key: seriesKeys[i]!, text: props.format(value) }] : [];
	});
	if (rows.length === 0) return null;
	const at = chart.valToPos(x, "x");
	const values = columns.slice(1).map((column) => column[index]);
	const tops = values.flatMap((value) => (typeof value === "number" ? [chart.valToPos(value, "y")] : []));
	return {
		left: at + chart.bbox.left / window.devicePixelRatio,
		flip: at > chart.bbox.width / window.devicePixelRatio / 2,
		low: Math.min(...tops) < chart.bbox.height / window.devicePixelRatio / 2,
		title: Number.isInteger(x)
			? `Epoch ${x}`
			: `Epoch ${Math.floor(x) + 1}, ${Math.round((x % 1) * 100)} %`,
		rows,
	};
}
