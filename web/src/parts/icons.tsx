// Small line drawings, 16 by 16, in the colour of the text around them.

import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
	return (
		<svg
			class="icon"
			viewBox="0 0 16 16"
			width="16"
			height="16"
			fill="none"
			stroke="currentColor"
			stroke-width="1.5"
			stroke-linecap="round"
			stroke-linejoin="round"
			aria-hidden="true"
		>
			{children}
		</svg>
	);
}

export const PlusIcon = () => (
	<Icon>
		<path d="M8 3v10M3 8h10" />
	</Icon>
);
export const PauseIcon = () => (
	<Icon>
		<path d="M5.5 3.5v9M10.5 3.5v9" />
	</Icon>
);
export const PlayIcon = () => (
	<Icon>
		<path d="M5 3.2v9.6L12.5 8z" />
	</Icon>
);
export const StopIcon = () => (
	<Icon>
		<rect x="4" y="4" width="8" height="8" rx="1.5" />
	</Icon>
);
export const TrashIcon = () => (
	<Icon>
		<path d="M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5" />
	</Icon>
);
export const CopyIcon = () => (
	<Icon>
		<rect x="5.5" y="5.5" width="7.5" height="7.5" rx="1.5" />
		<path d="M3 10.5V4.2C3 3.5 3.5 3 4.2 3h6.3" />
	</Icon>
);
export const CheckIcon = () => (
	<Icon>
		<path d="M3.5 8.5l3 3 6-7" />
	</Icon>
);
export const CrossIcon = () => (
	<Icon>
		<path d="M4 4l8 8M12 4l-8 8" />
	</Icon>
);
export const UpIcon = () => (
	<Icon>
		<path d="M8 12.5v-9M4.5 7L8 3.5 11.5 7" />
	</Icon>
);
export const DownIcon = () => (
	<Icon>
		<path d="M8 3.5v9M4.5 9L8 12.5 11.5 9" />
	</Icon>
);
export const BackIcon = () => (
	<Icon>
		<path d="M9.5 3.5L5 8l4.5 4.5" />
	</Icon>
);
export const DownloadIcon = () => (
	<Icon>
		<path d="M8 2.5v7.5M5 7.2l3 3 3-3M3 13h10" />
	</Icon>
);
export const UploadIcon = () => (
	<Icon>
		<path d="M8 10.5V3M5 5.8l3-3 3 3M3 13h10" />
	</Icon>
);
export const RepeatIcon = () => (
	<Icon>
		<path d="M3 7.5A4.8 4.8 0 0 1 12 6M13 3v3h-3M13 8.5A4.8 4.8 0 0 1 4 10M3 13v-3h3" />
	</Icon>
);
export const ChevronIcon = () => (
	<Icon>
		<path d="M6 4l4 4-4 4" />
	</Icon>
);
export const ClockIcon = () => (
	<Icon>
		<circle cx="8" cy="8" r="5.2" />
		<path d="M8 5v3.2l2 1.3" />
	</Icon>
);
export const AlertIcon = () => (
	<Icon>
		<path d="M8 2.8l5.7 10.2H2.3zM8 6.8v2.8M8 11.4v.1" />
	</Icon>
);
export const SunIcon = () => (
	<Icon>
		<circle cx="8" cy="8" r="2.8" />
		<path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3" />
		<path d="M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" />
	</Icon>
);
export const MoonIcon = () => (
	<Icon>
		<path d="M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6z" />
	</Icon>
);
export const KeyIcon = () => (
	<Icon>
		<circle cx="5.5" cy="10.5" r="2.7" />
		<path d="M7.5 8.5L13 3M10.5 5.5L12.5 7.5" />
	</Icon>
);
export const DataIcon = () => (
	<Icon>
		<ellipse cx="8" cy="4" rx="5" ry="1.8" />
		<path d="M3 4v8c0 1 2.2 1.8 5 1.8s5-.8 5-1.8V4M3 8c0 1 2.2 1.8 5 1.8S13 9 13 8" />
	</Icon>
);
export const ChipIcon = () => (
	<Icon>
		<rect x="4" y="4" width="8" height="8" rx="1.5" />
		<path d="M6.5 1.8V4M9.5 1.8V4M6.5 12v2.2M9.5 12v2.2M1.8 6.5H4M1.8 9.5H4M12 6.5h2.2M12 9.5h2.2" />
	</Icon>
);

// The curve of a loss that falls.
export const Logo = () => (
	<svg class="logo" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
		<rect width="24" height="24" rx="6" class="logo-ground" />
		<path d="M5 6.5c1.2 7.5 4 10.6 14 10.8" class="logo-curve" />
		<circle cx="19" cy="17.3" r="1.9" class="logo-dot" />
	</svg>
);
