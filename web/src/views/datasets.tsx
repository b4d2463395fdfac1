// The data sets the server holds, and how to add one.

import { useState } from "preact/hooks";
import { upload, errorText } from "../api";
import { type PartName, guessPart, missingParts, partNames, sampleShape, splitText } from "../dataset";
import { formatBytes } from "../format";
import { Confirm, Dialog } from "../parts/dialog";
import { TrashIcon, UploadIcon } from "../parts/icons";
import { Card } from "../parts/small";
import { attempt, datasets, loadDatasets, removeDataset, say } from "../store";
import type { Dataset } from "../types";

export function DatasetsCard() {
	const [adding, setAdding] = useState(false);
	const [removing, setRemoving] = useState<string | null>(null);
	const known = datasets.value;
	return (
		<Card
			title="Data sets"
			actions={
				<button type="button" class="button small" onClick={() => setAdding(true)}>
					<UploadIcon />
					Upload
				</button>
			}
		>
			{known === null ? (
				<p class="empty">…</p>
			) : known.length === 0 ? (
				<NoDatasets />
			) : (
				<ul class="datasets">
					{known.map((dataset) => (
						<DatasetRow
							key={dataset.name}
							dataset={dataset}
							remove={() => setRemoving(dataset.name)}
						/>
					))}
				</ul>
			)}
			{adding && <UploadDialog close={() => setAdding(false)} />}
			{removing !== null && (
				<Confirm
					title={`Delete ${removing}?`}
					text="Its files are removed. Jobs that used it keep their results."
					action="Delete"
					act={() => void removeDataset(removing)}
					close={() => setRemoving(null)}
				/>
			)}
		</Card>
	);
}

const NoDatasets = () => <p class="empty">None yet. Upload images and labels as IDX files, packed with gzip or not.</p>;

function DatasetRow({ dataset, remove }: { dataset: Dataset; remove: () => void }) {
	const missing = missingParts(dataset);
	return (
		<li>
			<div class="dataset-name">
				<strong>{dataset.name}</strong>
				<button
					type="button"
					class="button ghost icon-only"
					aria-label={`Delete the data set ${dataset.name}`}
					onClick={remove}
				>
					<TrashIcon />
				</button>
			</div>
			<small>
				{sampleShape(dataset)}
				{dataset.classes ? ` · ${dataset.classes} classes` : ""}
			</small>
			<small>{splitText(dataset)}</small>
			{missing.length > 0 && <small class="warning">without {missing.join(", ")}</small>}
		</li>
	);
}

type Files = Partial<Record<PartName, File>>;

function UploadDialog({ close }: { close: () => void }) {
	const [name, setName] = useState("mnist");
	const [files, setFiles] = useState<Files>({});
	const [sent, setSent] = useState<Partial<Record<PartName, number>>>({});
	const [error, setError] = useState<string | null>(null);
	const [busy, setBusy] = useState(false);
	const chosen = partNames.filter((part) => files[part]);

	const drop = (event: DragEvent) => {
		event.preventDefault();
		const guessed: Files = {};
		for (const file of event.dataTransfer?.files ?? []) {
			const part = guessPart(file.name);
			if (part) guessed[part] = file;
		}
		setFiles({ ...files, ...guessed });
	};
	const send = async (event: Event) => {
		event.preventDefault();
		setBusy(true);
		setError(null);
		try {
			for (const part of chosen)
				await upload(
					`/v1/datasets/${encodeURIComponent(name)}/${part}`,
					files[part]!,
					(fraction) => setSent((old) => ({ ...old, [part]: fraction })),
				);
			say(`Uploaded ${chosen.length === 1 ? chosen[0] : `${chosen.length} parts`} of ${name}.`);
			close();
		} catch (problem) {
			setError(errorText(problem));
		}
		setBusy(false);
		await attempt(loadDatasets);
	};
	return (
		<Dialog title="Upload a data set" close={close}>
			<form onSubmit={send} onDragOver={(event) => event.preventDefault()} onDrop={drop}>
				<label class="field">
					<span class="field-name">Name</span>
					<input
						value={name}
						required
						pattern="[a-z0-9][a-z0-9._\-]{0,63}"
						title="a-z, 0-9 and . _ -; a letter or a digit first"
						autocomplete="off"
						spellcheck={false}
						onInput={(event) => setName(event.currentTarget.value)}
					/>
				</label>
				<p class="hint">
					IDX files, packed with gzip or not. Drop all four files here, or choose them one
					by one.
				</p>
				<div class="upload-parts">
					{partNames.map((part) => (
						<PartField
							key={part}
							part={part}
							file={files[part]}
							sent={sent[part]}
							choose={(file) => {
								setFiles({ ...files, [part]: file });
							}}
						/>
					))}
				</div>
				{error !== null && (
					<p class="error" role="alert">
						{error}
					</p>
				)}
				<div class="dialog-actions">
					<button type="button" class="button" onClick={close}>
						Close
					</button>
					<button
						type="submit"
						class="button primary"
						disabled={busy || chosen.length === 0}
					>
						{busy ? "Uploading…" : "Upload"}
					</button>
				</div>
			</form>
		</Dialog>
	);
}

function PartField({
	part,
	file,
	sent,
	choose,
}: {
	part: PartName;
	file: File | undefined;
	sent: number | undefined;
	choose: (file: File) => void;
}) {
	return (
		<label class={`upload-part ${file ? "chosen" : ""}`}>
			<code>{part}</code>
			<span class="upload-file">
				{file ? `${file.name} · ${formatBytes(file.size)}` : "choose a file"}
			</span>
			<input
				type="file"
				class="hidden"
				data-part={part}
				onChange={(event) => {
					const chosen = event.currentTarget.files?.[0];
					if (chosen) choose(chosen);
				}}
			/>
			{sent !== undefined && <progress max={1} value={sent} aria-label={`Upload of ${part}`} />}
		</label>
	);
}
