// A new job: a form and the same spec as JSON, with what the server says of it while it is written.

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, errorText, getJson, postJson } from "../api";
import { formFields, groupProblems } from "../form";
import { FormContext } from "../parts/fields";
import { BackIcon, RepeatIcon } from "../parts/icons";
import { printJson } from "../json";
import { setAt } from "../pointer";
import { uniqueKey, useTitle } from "../platform";
import { jobHref, queueHref } from "../route";
import { mnistJob } from "../spec";
import { attempt, catalog, datasets, loadCatalog, loadDatasets, submitJob } from "../store";
import type { Catalog, Forecast, Job, Json, JsonObject, Problem } from "../types";
import { ForecastPanel } from "./new-job-forecast";
import { JobForm } from "./new-job-form";

// What the server says of a spec.
export interface Verdict {
	forecast: Forecast | null; // the last good one stays while the spec is being changed
	problems: Problem[];
	trouble: string | null; // why there is no verdict
	asking: boolean;
}

const debounceMs = 200;
const noCatalog: Catalog = { layers: [], losses: [], optimizers: [], metrics: [] };

// What was written and not yet submitted: it outlives a look at another page.
let draft: JsonObject | null = null;

export function NewJobView({ from }: { from: string | null }) {
	const [spec, setSpec] = useState<JsonObject | null>(null);
	useEffect(() => {
		void attempt(loadCatalog);
		void attempt(async () => setSpec(from === null ? (draft ?? (await firstSpec())) : await specOf(from)));
	}, [from]);
	return spec === null ? (
		<div class="page">
			<div class="skeleton" aria-label="Loading">
				<div class="skeleton-row" />
			</div>
		</div>
	) : (
		<Editor first={spec} />
	);
}

const specOf = async (id: string): Promise<JsonObject> =>
	(await getJson<Job>(`/v1/jobs/${encodeURIComponent(id)}`)).spec;

// The MNIST job, on a data set that is there.
async function firstSpec(): Promise<JsonObject> {
	if (datasets.value === null) await loadDatasets();
	const known = datasets.value ?? [];
	const other = known[0];
	if (other === undefined || known.some((dataset) => dataset.name === mnistJob.dataset)) return mnistJob;
	return { ...mnistJob, name: other.name, dataset: other.name };
}

function Editor({ first }: { first: JsonObject }) {
	const [spec, setSpec] = useState(first);
	const [text, setText] = useState<string | null>(null); // of the JSON tab; null: the form is shown
	const [textProblem, setTextProblem] = useState<string | null>(null);
	const verdict = useVerdict(spec);
	const submit = useSubmit(spec);
	useTitle("New job");
	useEffect(() => {
		draft = spec === first ? draft : spec;
	}, [spec]);

	const write = (next: string) => {
		setText(next);
		try {
			const value = JSON.parse(next) as Json;
			if (typeof value !== "object" || value === null || Array.isArray(value))
				throw new Error("A spec is a JSON object.");
			setSpec(value);
			setTextProblem(null);
		} catch (error) {
			setTextProblem(errorText(error));
		}
	};
	const set = (pointer: string, value: Json | undefined) =>
		setSpec((old) => setAt(old, pointer, value) as JsonObject);
	const startOver = () =>
		void attempt(async () => {
			setSpec(await firstSpec());
			setText(null);
			setTextProblem(null);
		});
	const bad = textProblem !== null || verdict.problems.length > 0 || verdict.trouble !== null;
	const rows = catalog.value ?? noCatalog;
	const problems = groupProblems(verdict.problems, formFields(spec, rows));

	return (
		<FormContext.Provider value={{ spec, set, problems }}>
			<form
				class="page new-page"
				onSubmit={(event) => event.preventDefault()}
				onKeyDown={(event) => {
					// Enter alone, in the middle of writing, must not start a training.
					if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !bad)
						submit.send();
				}}
			>
				<header class="job-head">
					<a class="back" href={queueHref}>
						<BackIcon />
						All jobs
					</a>
					<div class="job-title">
						<h1>New job</h1>
						<div class="segments" role="group" aria-label="How to edit">
							<button
								type="button"
								class="segment"
								aria-pressed={text === null}
								disabled={textProblem !== null}
								onClick={() => setText(null)}
							>
								Form
							</button>
							<button
								type="button"
								class="segment"
								aria-pressed={text !== null}
								onClick={() => setText(printJson(spec))}
							>
								JSON
							</button>
						</div>
						<div class="job-actions">
							<button type="button" class="button" onClick={startOver}>
								<RepeatIcon />
								Start over
							</button>
						</div>
					</div>
				</header>
				<div class="columns">
					<div class="main-column">
						{text === null ? (
							<JobForm catalog={rows} forecast={verdict.forecast} />
						) : (
							<JsonEditor text={text} problem={textProblem} write={write} />
						)}
					</div>
					<div class="side-column sticky">
						<ForecastPanel
							verdict={verdict}
							problems={problems}
							bad={bad}
							busy={submit.busy}
							submit={submit.send}
							asText={text !== null}
						/>
					</div>
				</div>
			</form>
		</FormContext.Provider>
	);
}

function JsonEditor({ text, problem, write }: { text: string; problem: string | null; write: (text: string) => void }) {
	return (
		<section class="card" aria-label="The spec as JSON">
			<textarea
				class="json-editor"
				aria-label="Spec"
				aria-invalid={problem !== null}
				spellcheck={false}
				autocomplete="off"
				rows={Math.min(40, Math.max(16, text.split("\n").length + 1))}
				value={text}
				onInput={(event) => write(event.currentTarget.value)}
			/>
			{problem !== null && (
				<p class="error" role="alert">
					{problem}
				</p>
			)}
		</section>
	);
}

// Asks the server about a spec each time it has rested for a moment.
function useVerdict(spec: JsonObject): Verdict {
	const [verdict, setVerdict] = useState<Verdict>({
		forecast: null,
		problems: [],
		trouble: null,
		asking: true,
	});
	useEffect(() => {
		const abort = new AbortController();
		const timer = setTimeout(async () => {
			try {
				const answer = await postJson<{ forecast: Forecast }>(
					"/v1/jobs?dry_run=true",
					JSON.stringify(spec),
					{ signal: abort.signal },
				);
				setVerdict({ forecast: answer.forecast, problems: [], trouble: null, asking: false });
			} catch (error) {
				if (abort.signal.aborted) return;
				const problems = error instanceof ApiError ? error.problems : [];
				const trouble = problems.length > 0 ? null : errorText(error);
				setVerdict((old) => ({ forecast: old.forecast, problems, trouble, asking: false }));
			}
		}, debounceMs);
		setVerdict((old) => ({ ...old, asking: true }));
		return () => {
			clearTimeout(timer);
			abort.abort();
		};
	}, [spec]);
	return verdict;
}

function useSubmit(spec: JsonObject): { send: () => void; busy: boolean } {
	const [busy, setBusy] = useState(false);
	const last = useRef({ body: "", key: "" });
	const send = async () => {
		const body = JSON.stringify(spec);
		if (last.current.body !== body) last.current = { body, key: uniqueKey() };
		setBusy(true);
		await attempt(async () => {
			const job = await submitJob(spec, last.current.key);
			draft = null;
			location.hash = jobHref(job.id);
		});
		setBusy(false);
	};
	return { send: () => void send(), busy };
}
