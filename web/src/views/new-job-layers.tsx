// The layers of a new job: add, remove, move, and each one's arguments, as the catalogue describes them.

import type { ComponentChildren } from "preact";
import { useContext, useState } from "preact/hooks";
import { findRow, isTelling, layersOf, layersPointer, moveItem, newLayer } from "../form";
import { formatCount, formatShape } from "../format";
import { ArgumentField, Field, FormContext, NamesControl, Problems, TextControl, fieldId } from "../parts/fields";
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
						forecast={
							forecast?.layers.length === layers.length
								? forecast.layers[i]
								: undefined
						}
						replace={(next) =>
							change(layers.map((old, k) => (k === i ? next : old)))
						}
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

interface LayerRowProps {
	index: number;
	count: number;
	layer: JsonObject;
	catalog: Catalog;
	forecast: ForecastLayer | undefined;
	replace: (layer: JsonObject) => void;
	move: (to: number) => void;
	remove: () => void;
}

function LayerRow(props: LayerRowProps) {
	const { index, layer, catalog, forecast } = props;
	const { problems } = useContext(FormContext);
	const pointer = layersPointer + pointerOf(index);
	const row = findRow(catalog.layers, layer.type);
	const bad = [...problems.keys()].some((key) => key === pointer || key.startsWith(pointer + "/"));
	return (
		<li class={bad ? "layer layer-bad" : "layer"} data-pointer={pointer}>
			<div class="layer-head">
				<span class="layer-number" aria-hidden="true">
					{index + 1}
				</span>
				<LayerType {...props} row={row} id={fieldId(pointer)} />
				<span class="layer-shape numbers">
					{forecast && <LayerShape forecast={forecast} />}
				</span>
				<LayerButtons {...props} />
			</div>
			{row && <LayerArguments pointer={pointer} layer={layer} list={row.arguments} />}
			<Problems pointer={pointer} />
		</li>
	);
}

function LayerType({
	index,
	layer,
	catalog,
	replace,
	row,
	id,
}: LayerRowProps & { row: CatalogRow | undefined; id: string }) {
	const type = String(layer.type);
	const change = (name: string) => {
		const next = findRow(catalog.layers, name);
		if (next) replace(newLayer(next));
	};
	return (
		<select
			class="layer-type"
			id={id}
			value={row?.name ?? type}
			title={row?.doc}
			aria-label={`Type of layer ${index + 1}`}
			onChange={(event) => change(event.currentTarget.value)}
		>
			{!row && <option value={type}>{type}</option>}
			{catalog.layers.map((other) => (
				<option key={other.name} value={other.name}>
					{other.name}
				</option>
			))}
		</select>
	);
}

function LayerShape({ forecast }: { forecast: ForecastLayer }) {
	return (
		<>
			<span>{formatShape(forecast.output_shape)}</span>
			{forecast.parameters > 0 && <small>{formatCount(forecast.parameters)} parameters</small>}
		</>
	);
}

function LayerButtons({ index, count, move, remove }: LayerRowProps) {
	const button = (label: string, icon: ComponentChildren, act: () => void, disabled = false) => (
		<button
			type="button"
			class="button ghost icon-only"
			aria-label={label}
			disabled={disabled}
			onClick={act}
		>
			{icon}
		</button>
	);
	return (
		<span class="layer-actions">
			{button(`Move layer ${index + 1} up`, <UpIcon />, () => move(index - 1), index === 0)}
			{button(
				`Move layer ${index + 1} down`,
				<DownIcon />,
				() => move(index + 1),
				index === count - 1,
			)}
			{button(`Remove layer ${index + 1}`, <CrossIcon />, remove)}
		</span>
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
