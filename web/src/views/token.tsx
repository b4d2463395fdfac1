// Asks for the token, and says where it is.

import { useState } from "preact/hooks";
import { errorText, tryToken } from "../api";
import { KeyIcon, Logo } from "../parts/icons";
import { Shell } from "../parts/small";
import { tokenPlace } from "../spec";
import { start } from "../store";

export function TokenView() {
	const [text, setText] = useState("");
	const [problem, setProblem] = useState<string | null>(null);
	const enter = async (event: Event) => {
		event.preventDefault();
		try {
			if (await tryToken(text.trim())) start();
			else setProblem("That is not the token of this server.");
		} catch (error) {
			setProblem(errorText(error));
		}
	};
	return (
		<main class="gate">
			<form class="card gate-card" onSubmit={enter}>
				<Logo />
				<h1>This server wants its token</h1>
				<p>
					epochd wrote it into the file <code>token</code> of its state folder when it
					first started. That is the folder given with <code>--state</code>, or{" "}
					<code>/var/lib/epochd</code> for a service, or:
				</p>
				<Shell text={`cat ${tokenPlace}`} />
				<span class="hidden">
					<input
						autocomplete="username"
						value="epochd"
						tabIndex={-1}
						aria-hidden="true"
						readOnly
					/>
				</span>
				<label class="field">
					<span class="field-name">Token</span>
					<input
						type="password"
						value={text}
						required
						autocomplete="current-password"
						autofocus
						onInput={(event) => setText(event.currentTarget.value)}
					/>
				</label>
				{problem !== null && (
					<p class="error" role="alert">
						{problem}
					</p>
				)}
				<button type="submit" class="button primary large">
					<KeyIcon />
					Open the dashboard
				</button>
				<p class="hint">
					It is kept in this browser. A link that ends in <code>#token=…</code> does the
					same.
				</p>
			</form>
		</main>
	);
}
