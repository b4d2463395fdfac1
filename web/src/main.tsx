// The frame: which view is shown, the bar above it, the keys that work everywhere.

import { signal } from "@preact/signals";
import { render } from "preact";
import { loadToken, locked } from "./api";
import { CrossIcon, Logo, MoonIcon, SunIcon } from "./parts/icons";
import { parseRoute, queueHref } from "./route";
import { dismiss, start, startClocks, toasts } from "./store";
import { connection } from "./stream";
import { startTheme, theme, toggleTheme } from "./theme";
import { JobView } from "./views/job";
import { NewJobView } from "./views/new-job";
import { NewJobLink, QueueView } from "./views/queue";
import { ConnectionMark } from "./views/server";
import { TokenView } from "./views/token";
import "uplot/dist/uPlot.min.css";
import "./styles/index.css";

const route = signal(parseRoute(location.hash));

function App() {
	if (locked.value)
		return (
			<>
				<TokenView />
				<Toasts />
			</>
		);
	return (
		<>
			<TopBar />
			{connection.value === "lost" && (
				<p class="banner" role="alert">
					The connection to the server is lost. Trying again; what you see may be old.
				</p>
			)}
			<main id="main">
				<View />
			</main>
			<Toasts />
		</>
	);
}

function View() {
	const at = route.value;
	switch (at.view) {
		case "job":
			return <JobView key={at.id} id={at.id} />;
		case "new":
			return <NewJobView key={at.from ?? ""} from={at.from} />;
		case "queue":
			return <QueueView />;
	}
}

function TopBar() {
	const dark = theme.value === "dark";
	return (
		<header class="top">
			<div class="top-inner">
				<a class="brand" href={queueHref}>
					<Logo />
					epochd
				</a>
				<nav class="top-actions" aria-label="Main">
					{route.value.view !== "queue" && <ConnectionMark />}
					<button
						type="button"
						class="button ghost icon-only"
						onClick={toggleTheme}
						aria-label={dark ? "Use light colours" : "Use dark colours"}
					>
						{dark ? <SunIcon /> : <MoonIcon />}
					</button>
					{route.value.view !== "new" && <NewJobLink />}
				</nav>
			</div>
		</header>
	);
}

function Toasts() {
	return (
		<div class="toasts" role="status" aria-live="polite">
			{toasts.value.map((toast) => (
				<div key={toast.key} class={`toast ${toast.bad ? "toast-bad" : ""}`}>
					{toast.text}
					<button
						type="button"
						class="button ghost icon-only"
						aria-label="Dismiss"
						onClick={() => dismiss(toast.key)}
					>
						<CrossIcon />
					</button>
				</div>
			))}
		</div>
	);
}

const isTyping = (target: EventTarget | null): boolean =>
	target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;

function onKey(event: KeyboardEvent): void {
	if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || locked.value)
		return;
	if (event.key === "Escape") {
		if (isTyping(event.target)) (event.target as HTMLElement).blur();
		else location.hash = queueHref;
		return;
	}
	if (isTyping(event.target)) return;
	if (event.key === "n") {
		location.hash = "#/new";
	} else if (event.key === "/" && route.value.view === "queue") {
		event.preventDefault();
		document.getElementById("filter")?.focus();
	}
}

window.addEventListener("hashchange", () => {
	// A link with a token may be opened in a tab that shows the dashboard already.
	if (location.hash.startsWith("#token=")) {
		loadToken();
		start();
	}
	route.value = parseRoute(location.hash);
	window.scrollTo(0, 0);
});
document.addEventListener("keydown", onKey);

startTheme();
loadToken();
route.value = parseRoute(location.hash);
startClocks();
start();
render(<App />, document.getElementById("app")!);
