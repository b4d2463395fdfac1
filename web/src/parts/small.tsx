// The small things that all views are made of.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { copyText } from "../platform";
import { attempt } from "../store";
import type { Status } from "../types";
import { CheckIcon, CopyIcon } from "./icons";

// A status is told by word and shape; its colour only helps.
export function StatusChip({ status }: { status: Status }) {
	return (
		<span class={`chip chip-${status}`} data-status={status}>
			<svg class="chip-mark" viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
				<StatusMark status={status} />
			</svg>
			{status}
		</span>
	);
}

function StatusMark({ status }: { status: Status }) {
	switch (status) {
		case "queued":
			return <circle cx="5" cy="5" r="3.6" class="mark-line mark-dashed" />;
		case "running":
			return <circle cx="5" cy="5" r="3.4" class="mark-fill" />;
		case "pausing":
		case "paused":
			return <path d="M3.2 1.8v6.4M6.8 1.8v6.4" class="mark-line" />;
		case "succeeded":
			return <path d="M1.6 5.4l2.3 2.3 4.5-5.2" class="mark-line" />;
		case "failed":
			return <path d="M2 2l6 6M8 2L2 8" class="mark-line" />;
		case "cancelling":
		case "cancelled":
			return <path d="M1.6 5h6.8" class="mark-line" />;
	}
}

export function ProgressBar({ fraction, status, label }: { fraction: number; status: Status; label: string }) {
	const percent = Math.floor(fraction * 100);
	return (
		<div
			class={`bar bar-${status}`}
			role="progressbar"
			aria-label={label}
			aria-valuemin={0}
			aria-valuemax={100}
			aria-valuenow={percent}
		>
			<div class="bar-fill" style={{ width: `${(fraction * 100).toFixed(2)}%` }} />
		</div>
	);
}

export interface Share {
	name: string;
	value: number;
	text: string;
}

// Parts of a whole: a bar, and the same in words.
export function ShareBar({ shares, label }: { shares: Share[]; label: string }) {
	const total = shares.reduce((sum, share) => sum + share.value, 0);
	const percent = (value: number) => (total > 0 ? (value / total) * 100 : 0);
	return (
		<div class="shares" role="group" aria-label={label}>
			<div class="shares-bar" aria-hidden="true">
				{shares.map((share, i) => (
					<div
						key={share.name}
						class={`share share-${i + 1}`}
						style={{ width: `${percent(share.value)}%` }}
						title={`${share.name} ${share.text}`}
					/>
				))}
			</div>
			<dl class="shares-list">
				{shares.map((share, i) => (
					<div key={share.name}>
						<dt>
							<i class={`share-key share-${i + 1}`} />
							{share.name}
						</dt>
						<dd class="muted">{share.text}</dd>
						<dd>{percent(share.value).toFixed(1)} %</dd>
					</div>
				))}
			</dl>
		</div>
	);
}

export function Card({
	title,
	note,
	actions,
	class: extra = "",
	children,
}: {
	title: string;
	note?: ComponentChildren;
	actions?: ComponentChildren;
	class?: string;
	children: ComponentChildren;
}) {
	return (
		<section class={`card ${extra}`} aria-label={title}>
			<header class="card-head">
				<h2>{title}</h2>
				{note !== undefined && <span class="card-note">{note}</span>}
				{actions !== undefined && <div class="card-actions">{actions}</div>}
			</header>
			{children}
		</section>
	);
}

export function CopyButton({ text, label }: { text: string; label: string }) {
	const [done, setDone] = useState(false);
	useEffect(() => {
		if (!done) return;
		const timer = setTimeout(() => setDone(false), 1600);
		return () => clearTimeout(timer);
	}, [done]);
	const copy = () =>
		attempt(async () => {
			await copyText(text);
			setDone(true);
		});
	return (
		<button type="button" class="button small" onClick={copy} aria-label={label}>
			{done ? <CheckIcon /> : <CopyIcon />}
			{done ? "Copied" : "Copy"}
		</button>
	);
}

// A line for the terminal, to be copied.
export function Shell({ text }: { text: string }) {
	return (
		<div class="shell">
			<pre tabIndex={0}>{text}</pre>
			<CopyButton text={text} label="Copy the command" />
		</div>
	);
}

export function Tile({ name, value, note }: { name: string; value: string; note?: string }) {
	return (
		<div class="tile">
			<span class="tile-name">{name}</span>
			<span class="tile-value">{value}</span>
			<span class="tile-note">{note ?? "\u00a0"}</span>
		</div>
	);
}
