// Modal dialogs on the platform's own <dialog>: it keeps the focus inside, and Esc closes it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
	const ref = useRef<HTMLDialogElement>(null);
	useEffect(() => {
		ref.current?.showModal();
	}, []);
	return (
		<dialog
			ref={ref}
			class="dialog"
			aria-label={title}
			onClose={close}
			onClick={(event) => event.target === ref.current && close()}
		>
			<div class="dialog-body">
				<h2>{title}</h2>
				{children}
			</div>
		</dialog>
	);
}

export function Confirm({
	title,
	text,
	action,
	act,
	close,
}: {
	title: string;
	text: string;
	action: string;
	act: () => void;
	close: () => void;
}) {
	return (
		<Dialog title={title} close={close}>
			<p>{text}</p>
			<div class="dialog-actions">
				<button type="button" class="button" onClick={close}>
					Keep it
				</button>
				<button
					type="button"
					class="button danger"
					onClick={() => {
						close();
						act();
					}}
				>
					{action}
				</button>
			</div>
		</Dialog>
	);
}
