// What an empty queue says: how to get a first job going.

import { useState } from "preact/hooks";
import { PlayIcon } from "../parts/icons";
import { Shell } from "../parts/small";
import { uniqueKey } from "../platform";
import { curlLine, mnistJob } from "../spec";
import { jobHref, newHref } from "../route";
import { attempt, datasets, submitJob } from "../store";

export function FirstSteps() {
	const known = datasets.value;
	const ready = known?.some((dataset) => dataset.name === mnistJob.dataset) ?? false;
	const [busy, setBusy] = useState(false);
	const train = async () => {
		setBusy(true);
		await attempt(async () => {
			const job = await submitJob(mnistJob, uniqueKey());
			location.hash = jobHref(job.id);
		});
		setBusy(false);
	};
	return (
		<section class="card first" aria-label="First steps">
			<h1>Nothing has been trained here yet</h1>
			<p class="lead">
				A job is a network, a data set, a batch size and a number of epochs. Submit one and
				watch it learn: here, or from anything that speaks HTTP.
			</p>
			<div class="first-actions">
				<button
					type="button"
					class="button primary large"
					disabled={!ready || busy}
					onClick={train}
				>
					<PlayIcon />
					Train the MNIST job
				</button>
				<a class="button large" href={newHref}>
					Design a job
				</a>
			</div>
			{known !== null && !ready && (
				<p class="hint">
					The MNIST job needs a data set of the name <b>mnist</b>: add its four files
					under “Data sets”.
				</p>
			)}
			<h2>The same with curl</h2>
			<Shell text={curlLine(mnistJob)} />
		</section>
	);
}
