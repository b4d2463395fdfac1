// Form fields that know their place in the spec: each has a pointer, reads and writes there, and shows what the server
// finds wrong there.

import { type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useId, useState } from "preact/hooks";
import { getAt } from "../pointer";
import type { Argument, Json, JsonObject } from "../types";

export interface Form {
	spec: JsonObject;
	set(pointer: string, value: Json | undefined): void; // undefined: back to the default
	problems: Map<string, string[]>;
}

export const FormContext = createContext<Form>({ spec: {}, set: () => undefined, problems: new Map() });

export const fieldId = (pointer: string): string => `field${pointer.replace(/[^A-Za-z0-9_-]/g, "-")}`;

export function Problems({ pointer }: { pointer: string }) {
	const problems = useContext(FormContext).problems.get(pointer);
	return problems ? (
		<span class="field-problem" id={`${fieldId(pointer)}-problem`} role="alert">
			{problems.join(" ")}
		</span>
	) : null;
}

export function Field({
	pointer,
	label,
	doc,
	children,
}: {
	pointer: string;
	label: string;
	doc?: string;
	children: ComponentChildren;
}) {
	const bad = useContext(FormContext).problems.has(pointer);
	return (
		<div class={`field ${bad ? "field-bad" : ""}`} data-pointer={pointer}>
			<label class="field-name" for={fieldId(pointer)} title={doc}>
				{label}
			</label>
			{children}
			<Problems pointer={pointer} />
		</div>
	);
}

// What every control of a pointer carries.
function controlProps(pointer: string, form: Form) {
	const bad = form.problems.has(pointer);
	return {
		id: fieldId(pointer),
		"aria-invalid": bad,
		"aria-describedby": bad ? `${fieldId(pointer)}-problem` : undefined,
	};
}

export function TextControl({ pointer, placeholder }: { pointer: string; placeholder?: string | undefined }) {
	const form = useContext(FormContext);
	return (
		<input
			{...controlProps(pointer, form)}
			value={String(getAt(form.spec, pointer) ?? "")}
			autocomplete="off"
			spellcheck={false}
			placeholder={placeholder}
			onInput={(event) => form.set(pointer, event.currentTarget.value || undefined)}
		/>
	);
}

// A list of names, written with commas.
export function NamesControl({ pointer }: { pointer: string }) {
	const form = useContext(FormContext);
	const value = getAt(form.spec, pointer);
	const shown = Array.isArray(value) ? value.join(", ") : String(value ?? "");
	return (
		<input
			{...controlProps(pointer, form)}
			value={shown}
			autocomplete="off"
			spellcheck={false}
			placeholder="the one before"
			onChange={(event) => {
				const names = event.currentTarget.value.split(/[\s,]+/).filter(Boolean);
				form.set(pointer, names.length > 0 ? names : undefined);
			}}
		/>
	);
}

// Text that is a number most of the time. What is no number goes to the server as it is: it says what is wrong.
function parseNumber(text: string): Json | undefined {
	if (text.trim() === "") return undefined;
	const value = Number(text);
	return Number.isFinite(value) ? value : text;
}

function useNumberText(value: Json | undefined): [string, (text: string) => void] {
	const shown = value === undefined || value === null ? "" : String(value);
	const [text, setText] = useState(shown);
	useEffect(() => {
		// "1e-3" and "0.001" are the same number: what is being typed stays as it is.
		if (parseNumber(text) !== (value ?? undefined)) setText(shown);
	}, [shown]);
	return [text, setText];
}

export function NumberControl({
	pointer,
	whole,
	minimum,
	placeholder,
}: {
	pointer: string;
	whole: boolean;
	minimum?: number | null;
	placeholder?: string | undefined;
}) {
	const form = useContext(FormContext);
	const [text, setText] = useNumberText(getAt(form.spec, pointer));
	const kind = whole
		? ({ type: "number", inputmode: "numeric", min: minimum ?? undefined } as const)
		: ({ type: "text", inputmode: "decimal" } as const);
	return (
		<input
			{...controlProps(pointer, form)}
			{...kind}
			value={text}
			autocomplete="off"
			placeholder={placeholder}
			onInput={(event) => {
				setText(event.currentTarget.value);
				form.set(pointer, parseNumber(event.currentTarget.value));
			}}
		/>
	);
}

export function SelectControl({
	pointer,
	choices,
	placeholder,
}: {
	pointer: string;
	choices: readonly string[];
	placeholder?: string | undefined;
}) {
	const form = useContext(FormContext);
	const value = getAt(form.spec, pointer);
	const text =
		value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
	return (
		<select
			{...controlProps(pointer, form)}
			value={text}
			onChange={(event) =>
				form.set(
					pointer,
					event.currentTarget.value === "" ? undefined : event.currentTarget.value,
				)
			}
		>
			{placeholder !== undefined && <option value="">{placeholder}</option>}
			{text !== "" && !choices.includes(text) && <option value={text}>{text}</option>}
			{choices.map((choice) => (
				<option key={choice} value={choice}>
					{choice}
				</option>
			))}
		</select>
	);
}

function BoolControl({ pointer, fallback }: { pointer: string; fallback: boolean }) {
	const form = useContext(FormContext);
	const value = getAt(form.spec, pointer);
	return (
		<input
			{...controlProps(pointer, form)}
			type="checkbox"
			class="switch"
			role="switch"
			checked={typeof value === "boolean" ? value : fallback}
			onChange={(event) => form.set(pointer, event.currentTarget.checked)}
		/>
	);
}

// Rows and columns; two that are equal are written as one number.
function PairControl({ pointer, argument }: { pointer: string; argument: Argument }) {
	const form = useContext(FormContext);
	const base = useId();
	const value = getAt(form.spec, pointer);
	const pair = Array.isArray(value) ? value : [value, value];
	const usual = Array.isArray(argument.default) ? argument.default : [argument.default, argument.default];
	const change = (index: number, text: string) => {
		const next = pair.map((item, i) => (i === index ? parseNumber(text) : item));
		if (next[0] === undefined && next[1] === undefined) form.set(pointer, undefined);
		else
			form.set(
				pointer,
				next[0] === next[1] ? next[0] : next.map((item, i) => item ?? next[1 - i] ?? null),
			);
	};
	return (
		<span class="pair">
			{["rows", "columns"].map((name, i) => (
				<input
					key={name}
					{...(i === 0 ? controlProps(pointer, form) : { id: base })}
					type="number"
					inputmode="numeric"
					min={argument.minimum ?? undefined}
					aria-label={`${argument.name}, ${name}`}
					placeholder={typeof usual[i] === "number" ? String(usual[i]) : "auto"}
					value={String(pair[i] ?? "")}
					onInput={(event) => change(i, event.currentTarget.value)}
				/>
			))}
		</span>
	);
}

// A value as JSON, where a name needs no quotes: "l2", {"type": "L2", "l2": 0.001}, [1, 2].
function parseValue(text: string): Json | undefined {
	if (text.trim() === "") return undefined;
	try {
		return JSON.parse(text) as Json;
	} catch {
		return text.trim();
	}
}

const valueText = (value: Json | undefined): string =>
	value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

function ValueControl({ pointer, placeholder }: { pointer: string; placeholder: string }) {
	const form = useContext(FormContext);
	return (
		<input
			{...controlProps(pointer, form)}
			value={valueText(getAt(form.spec, pointer))}
			autocomplete="off"
			spellcheck={false}
			placeholder={placeholder}
			onChange={(event) => form.set(pointer, parseValue(event.currentTarget.value))}
		/>
	);
}

// One of several things: by its name, as an object with arguments, or, where it may be one, a number.
function VariantControl({ pointer, argument }: { pointer: string; argument: Argument }) {
	const value = getAt(useContext(FormContext).spec, pointer);
	if (argument.or_number && typeof value !== "object")
		return <NumberControl pointer={pointer} whole={false} placeholder={valueText(argument.default)} />;
	return <ValueControl pointer={pointer} placeholder={valueText(argument.default)} />;
}

// The control that an argument of the catalogue asks for.
export function ArgumentField({ pointer, argument }: { pointer: string; argument: Argument }) {
	return (
		<Field pointer={pointer} label={argument.name} doc={argumentDoc(argument)}>
			<ArgumentControl pointer={pointer} argument={argument} />
		</Field>
	);
}

function ArgumentControl({ pointer, argument }: { pointer: string; argument: Argument }) {
	const usual = argument.default === null ? undefined : String(argument.default);
	switch (argument.type) {
		case "integer":
			return <NumberControl pointer={pointer} whole minimum={argument.minimum} placeholder={usual} />;
		case "number":
			return <NumberControl pointer={pointer} whole={false} placeholder={usual} />;
		case "boolean":
			return <BoolControl pointer={pointer} fallback={argument.default === true} />;
		case "choice":
			return (
				<SelectControl
					pointer={pointer}
					choices={argument.choices ?? []}
					placeholder={argument.required ? undefined : `${usual ?? "none"} (default)`}
				/>
			);
		case "pair":
			return <PairControl pointer={pointer} argument={argument} />;
		case "margins":
		case "list":
			return <ValueControl pointer={pointer} placeholder={valueText(argument.default)} />;
		case "variant":
			return <VariantControl pointer={pointer} argument={argument} />;
		case "name":
			return <TextControl pointer={pointer} placeholder={usual} />;
	}
}

function argumentDoc(argument: Argument): string {
	const { minimum, maximum } = argument;
	const range = minimum !== null || maximum !== null ? ` From ${minimum ?? "−∞"} to ${maximum ?? "∞"}.` : "";
	return `${argument.doc}.${range}`;
}
