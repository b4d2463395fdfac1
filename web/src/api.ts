// Talking to the server: one function a kind of answer, the token on every request, problem+json as ApiError.

import { signal } from "@preact/signals";
import { tokenOf } from "./route";
import type { Problem } from "./types";

export class ApiError extends Error {
	constructor(
		readonly status: number,
		message: string,
		readonly problems: Problem[] = [],
	) {
		super(message);
	}
}

const tokenKey = "epochd.token";
let token: string | null = null;

// True while the server refuses us: the app then asks for the token.
export const locked = signal(false);

function keepToken(value: string): void {
	token = value;
	try {
		localStorage.setItem(tokenKey, value);
	} catch {
		// Storage is off: the token lives as long as the page.
	}
}

// Takes the token out of the address bar (and of the history), or the one kept from before.
export function loadToken(): void {
	const given = tokenOf(location.hash);
	if (given !== null) {
		history.replaceState(null, "", location.pathname + "#/");
		keepToken(given);
		locked.value = false;
		return;
	}
	try {
		token = localStorage.getItem(tokenKey);
	} catch {
		token = null;
	}
}

// Tries a token that was typed in; false: the server does not want it.
export async function tryToken(value: string): Promise<boolean> {
	token = value;
	try {
		await request("GET", "/v1/server");
	} catch (error) {
		if (error instanceof ApiError && error.status === 401) return false;
		throw error;
	}
	keepToken(value);
	locked.value = false;
	return true;
}

export function authorize(headers: Record<string, string> = {}): Record<string, string> {
	return token === null ? headers : { ...headers, Authorization: `Bearer ${token}` };
}

// The answer if it is a good one; otherwise throws ApiError.
export async function request(
	method: string,
	path: string,
	options: {
		body?: BodyInit;
		headers?: Record<string, string>;
		signal?: AbortSignal;
	} = {},
): Promise<Response> {
	const headers = authorize({ Accept: "application/json", ...options.headers });
	let response: Response;
	try {
		response = await fetch(path, { ...options, method, headers, cache: "no-store", credentials: "omit" });
	} catch (error) {
		if (options.signal?.aborted) throw error;
		throw new ApiError(0, "The server does not answer.");
	}
	if (response.ok) return response;
	if (response.status === 401) locked.value = true;
	throw toError(response.status, await response.text());
}

export function toError(status: number, text: string): ApiError {
	try {
		const problem = JSON.parse(text) as { title?: string; detail?: string; errors?: Problem[] };
		const problems = Array.isArray(problem.errors) ? problem.errors : [];
		return new ApiError(
			status,
			problem.detail || problem.title || `The server answered ${status}.`,
			problems,
		);
	} catch {
		return new ApiError(status, `The server answered ${status}.`);
	}
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
	const response = await request("GET", path, signal ? { signal } : {});
	return (await response.json()) as T;
}

export async function postJson<T>(
	path: string,
	body: string,
	options: {
		headers?: Record<string, string>;
		signal?: AbortSignal;
	} = {},
): Promise<T> {
	const headers = { "Content-Type": "application/json", ...options.headers };
	const response = await request("POST", path, { ...options, headers, body });
	return (await response.json()) as T;
}

// Fetches a file with our token and hands it to the browser's downloads.
export async function download(path: string, name: string, accept: string): Promise<void> {
	const response = await request("GET", path, { headers: { Accept: accept } });
	const url = URL.createObjectURL(await response.blob());
	const link = document.createElement("a");
	link.href = url;
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// Sends a file; fetch cannot tell how far an upload is, XMLHttpRequest can.
export function upload(path: string, file: Blob, progress: (fraction: number) => void): Promise<void> {
	return new Promise((resolve, reject) => {
		const xhr = new XMLHttpRequest();
		xhr.open("PUT", path);
		for (const [name, value] of Object.entries(authorize({ "Content-Type": "application/octet-stream" })))
			xhr.setRequestHeader(name, value);
		xhr.upload.onprogress = (event) => progress(event.loaded / Math.max(1, event.total));
		xhr.onload = () => {
			if (xhr.status >= 200 && xhr.status < 300) resolve();
			else reject(toError(xhr.status, xhr.responseText));
		};
		xhr.onerror = () => reject(new ApiError(0, "The connection broke during the upload."));
		xhr.send(file);
	});
}

// A word for any error that reaches a person.
export function errorText(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
