// Light or dark: as the system says, until the reader chooses.

import { effect, signal } from "@preact/signals";

export type Theme = "light" | "dark";
const key = "epochd.theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const systemTheme = (): Theme => (system.matches ? "dark" : "light");

export const theme = signal<Theme>(storedTheme() ?? systemTheme());

function storedTheme(): Theme | null {
	try {
		const stored = localStorage.getItem(key);
		return stored === "light" || stored === "dark" ? stored : null;
	} catch {
		return null;
	}
}

export function startTheme(): void {
	system.addEventListener("change", () => {
		theme.value = storedTheme() ?? systemTheme();
	});
	effect(() => {
		document.documentElement.dataset.theme = theme.value;
	});
}

// Choosing what the system says anyway means following it again.
export function toggleTheme(): void {
	theme.value = theme.value === "dark" ? "light" : "dark";
	try {
		if (theme.value === systemTheme()) localStorage.removeItem(key);
		else localStorage.setItem(key, theme.value);
	} catch {
		// Storage is off: the choice lasts as long as the page.
	}
}

// A colour of the style sheet, for the canvas.
export function colour(name: string): string {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
