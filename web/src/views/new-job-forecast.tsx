// What the server expects of a spec: what it costs, and what is wrong with it.

import { formatBytes, formatCount, formatShape, formatShort } from "../format";
import { fieldId } from "../parts/fields";
import { AlertIcon, CheckIcon, PlayIcon } from "../parts/icons";
import { Card, ShareBar } from "../parts/small";
import type { Forecast, ForecastLayer } from "../types";
import { memoryShares } from "./job-side";
import type { Verdict } from "./new-job";

export function ForecastPanel({
	verdict,
	problems,
	bad,
	busy,
	submit,
	asText,
}: {
	verdict: Verdict;
	problems: Map<string, string[]>;
	bad: boolean; // it cannot be submitted as it is
	busy: boolean;
	submit: () => void;
	asText: boolean; // there is no form to show problems at their fields
}) {
	return (
		<Card
			title="Forecast"
			class={`forecast ${bad || verdict.asking ? "forecast-old" : ""}`}
			actions={<State verdict={verdict} bad={bad} />}
		>
			<ProblemList verdict={verdict} problems={problems} asText={asText} />
			{verdict.forecast && <Figures forecast={verdict.forecast} />}
			{asText && verdict.forecast && <LayerList layers={verdict.forecast.layers} />}
			<button type="button" class="button primary large wide" disabled={busy || bad} onClick={submit}>
				<PlayIcon />
				{busy ? "Submitting…" : "Submit the job"}
			</button>
		</Card>
	);
}

function State({ verdict, bad }: { verdict: Verdict; bad: boolean }) {
	if (verdict.asking) return <span class="muted">…</span>;
	return bad ? (
		<span class="state state-bad">
			<AlertIcon />
			not yet
		</span>
	) : (
		<span class="state state-good">
			<CheckIcon />
			will run
		</span>
	);
}

function ProblemList({
	verdict,
	problems,
	asText,
}: {
	verdict: Verdict;
	problems: Map<string, string[]>;
	asText: boolean;
}) {
	if (verdict.trouble !== null)
		return (
			<p class="error" role="alert">
				{verdict.trouble}
			</p>
		);
	if (verdict.problems.length === 0) return null;
	if (asText)
		return (
			<ul class="problem-list" role="alert">
				{verdict.problems.map((problem) => (
					<li key={problem.pointer + problem.detail}>
						<code>{problem.pointer || "/"}</code> {problem.detail}
					</li>
				))}
			</ul>
		);
	return (
		<ul class="problem-list">
			{[...problems].flatMap(([field, texts]) =>
				texts.map((text) => (
					<li key={field + text}>
						{field === "" ? (
							text
						) : (
							<button
								type="button"
								class="link"
								onClick={() =>
									document.getElementById(fieldId(field))?.focus()
								}
							>
								{text}
							</button>
						)}
					</li>
				)),
			)}
		</ul>
	);
}

// The form shows these beside its layers.
function LayerList({ layers }: { layers: ForecastLayer[] }) {
	return (
		<ol class="layer-list">
			{layers.map((layer) => (
				<li key={layer.name}>
					<b>{layer.type}</b>
					<span class="numbers">{formatShape(layer.output_shape)}</span>
					<small class="numbers muted">
						{layer.parameters > 0 && `${formatCount(layer.parameters)} parameters`}
					</small>
				</li>
			))}
		</ol>
	);
}

function Figures({ forecast }: { forecast: Forecast }) {
	return (
		<>
			<dl class="facts">
				<div>
					<dt>Parameters</dt>
					<dd>{formatCount(forecast.parameters)}</dd>
				</div>
				{!!forecast.non_trainable_parameters && (
					<div>
						<dt title="Set by layers: running means">Not trained</dt>
						<dd>{formatCount(forecast.non_trainable_parameters)}</dd>
					</div>
				)}
				<div>
					<dt title="Forward and backward">FLOP a sample</dt>
					<dd>{formatShort(forecast.flops_per_sample)}</dd>
				</div>
				<div>
					<dt>Steps an epoch</dt>
					<dd>{formatCount(forecast.steps_per_epoch)}</dd>
				</div>
				<div>
					<dt>Last batch</dt>
					<dd>{formatCount(forecast.last_batch_size)}</dd>
				</div>
				{forecast.micro_batch_size !== undefined && (
					<div>
						<dt title="Of a batch, as memory allows">Samples at a time</dt>
						<dd>{formatCount(forecast.micro_batch_size)}</dd>
					</div>
				)}
				<div class="fact-wide">
					<dt>Memory</dt>
					<dd>{formatBytes(forecast.bytes.total)}</dd>
				</div>
			</dl>
			<ShareBar shares={memoryShares(forecast)} label="Memory by kind" />
		</>
	);
}
