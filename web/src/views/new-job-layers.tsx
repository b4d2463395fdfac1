// The layers of a new job: add, remove, move, and each one's arguments, as the catalogue describes them.

import { useContext, useState } from "preact/hooks";
import { findRow, isTelling, layersOf, layersPointer, moveItem, newLayer } from "../form";
import { formatCount, formatShape } from "../format";
import {
	ArgumentField,
	Field,
	FormContext,
	NamesControl,
	Problems,
	TextControl,
	fieldId,
} from "../parts/fields";
import { CrossIcon, DownIcon, PlusIcon, UpIcon } from "../parts/icons";
import { Card } from "../parts/small";
import { pointerOf } from "../pointer";
import type { Argument, Catalog, CatalogRow, Forecast, ForecastLayer, JsonObject } from "../types";

export function LayersEditor({ catalog, forecast }: { catalog: Catalog; forecast: Forecast | null }) {
	const { spec, set } = useContext(FormContext);
	const layers = layersOf(spec);
	if (layers === null)
		return (
			<Card title="Layers">
				<p class="empty">This model is not a plain list of layers: edit it as JSON.</p>
				<Problems pointer={layersPointer} />
			</Card>
		);
	const change = (next: JsonObject[]) => set(layersPointer, next);
	return (
		<Card title="Layers" note={forecast ? `${formatCount(forecast.parameters)} parameters` : undefined}>
			<ol class="layers">
				{layers.map((layer, i) => (
					<LayerRow
						key={i}
						index={i}
						count={layers.length}
						layer={layer}
						catalog={catalog}
						forecast={forecast?.layers.length === layers.length ? forecast.layers[i] : undefined}
						replace={(next) => change(layers.map((old, k) => (k === i ? next : old)))}
						move={(to) => change(moveItem(layers, i, to))}
						remove={() => change(layers.filter((_, k) => k !== i))}
					/>
				))}
			</ol>
			<Problems pointer={layersPointer} />
			<AddLayer rows={catalog.layers} add={(row) => change([...layers, newLayer(row)])} />
		</Card>
	);
}

function AddLayer({ rows, add }: { rows: CatalogRow[]; add: (row: CatalogRow) => void }) {
	return (
		<div class="add-layer">
			<PlusIcon />
			<select
				value=""
				aria-label="Add a layer"
				onChange={(event) => {
					const row = findRow(rows, event.currentTarget.value);
					event.currentTarget.value = "";
					if (row) add(row);
				}}
			>
				<option value="">Add a layer…</option>
				{rows.map((row) => (
					<option key={row.name} value={row.name}>
						{row.name}: {row.doc}
					</option>
				))}
			</select>
		</div>
	);
}

function LayerRow({
	index,
	count,
	layer,
	catalog,
	forecast,
	replace,
	move,
	remove,
}: {
	index: number;
	count: number;
	layer: JsonObject;
	catalog: Catalog;
	forecast: ForecastLayer | undefined;
	replace: (layer: JsonObject) => void;
	move: (to: number) => void;
	remove: () => void;
}) {
	const { problems } = useContext(FormContext);
	const pointer = pointerOf("model", "layers", index);
	const row = findRow(catalog.layers, layer.type);
	const type = String(layer.type);
	const bad = [...problems.keys()].some((key) => key === pointer || key.startsWith(pointer + "/"));
	return (
		<li class={bad ? "layer layer-bad" : "layer"} data-pointer={pointer}>
			<div class="layer-head">
				<span class="layer-number" aria-hidden="true">
					{index + 1}
				</span>
				<select
					class="layer-type"
					id={fieldId(pointer)}
					value={row?.name ?? type}
					title={row?.doc}
					aria-label={`Type of layer ${index + 1}`}
					onChange={(event) => {
						const next = findRow(catalog.layers, event.currentTarget.value);
						if (next) replace(newLayer(next));
					}}
				>
					{!row && <option value={type}>{type}</option>}
					{catalog.layers.map((other) => (
						<option key={other.name} value={other.name}>
							{other.name}
						</option>
					))}
				</select>
				<span class="layer-shape numbers">
					{forecast && (
						<>
							<span>{formatShape(forecast.output_shape)}</span>
							<small>
								{forecast.parameters > 0
									? `${formatCount(forecast.parameters)} parameters`
									: ""}
							</small>
						</>
					)}
				</span>
				<span class="layer-actions">
					<button
						type="button"
						class="button ghost icon-only"
						aria-label={`Move layer ${index + 1} up`}
						disabled={index === 0}
						onClick={() => move(index - 1)}
					>
						<UpIcon />
					</button>
					<button
						type="button"
						class="button ghost icon-only"
						aria-label={`Move layer ${index + 1} down`}
						disabled={index === count - 1}
						onClick={() => move(index + 1)}
					>
						<DownIcon />
					</button>
					<button
						type="button"
						class="button ghost icon-only"
						aria-label={`Remove layer ${index + 1}`}
						onClick={remove}
					>
						<CrossIcon />
					</button>
				</span>
			</div>
			{row && <LayerArguments pointer={pointer} layer={layer} list={row.arguments} />}
			<Problems pointer={pointer} />
		</li>
	);
}

function LayerArguments({ pointer, layer, list }: { pointer: string; layer: JsonObject; list: Argument[] }) {
	const { problems } = useContext(FormContext);
	const [open, setOpen] = useState(false);
	const place = (argument: { name: string }) => pointer + pointerOf(argument.name);
	const wiring = ["name", "inputs"].filter(
		(name) => open || problems.has(place({ name })) || (name === "inputs" && layer.inputs),
	);
	const telling = list.filter(
		(argument, i) => isTelling(argument, i, layer[argument.name]) || problems.has(place(argument)),
	);
	const shown = open ? list : telling;
	const rest = list.length + 2 - telling.length; // name and inputs are arguments of every layer
	return (
		<div class="fields fields-small">
			{shown.map((argument) => (
				<ArgumentField key={argument.name} pointer={place(argument)} argument={argument} />
			))}
			{wiring.includes("name") && (
				<Field pointer={pointer + "/name"} label="name" doc="What other layers call it">
					<TextControl pointer={pointer + "/name"} />
				</Field>
			)}
			{wiring.includes("inputs") && (
				<Field
					pointer={pointer + "/inputs"}
					label="inputs"
					doc="Names of layers above it; without it, the one before"
				>
					<NamesControl pointer={pointer + "/inputs"} />
				</Field>
			)}
			<button type="button" class="link more" aria-expanded={open} onClick={() => setOpen(!open)}>
				{open ? "fewer" : `${rest} more`}
			</button>
		</div>
	);
}
