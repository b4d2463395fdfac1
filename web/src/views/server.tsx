// What the server is and how much of it is in use.

import { formatAge, formatBytes, formatTime } from "../format";
import { Card } from "../parts/small";
import { now, server } from "../store";
import { type Connection, connection } from "../stream";

const words: Record<Connection, string> = { connecting: "connecting", live: "live", lost: "reconnecting" };

export function ConnectionMark() {
	return (
		<span class={`connection connection-${connection.value}`} role="status">
			<i aria-hidden="true" />
			{words[connection.value]}
		</span>
	);
}

export function ServerCard() {
	const info = server.value;
	return (
		<Card title="Server" actions={<ConnectionMark />}>
			{info === null ? (
				<p class="empty">…</p>
			) : (
				<dl class="facts">
					<div>
						<dt>Version</dt>
						<dd>{info.version}</dd>
					</div>
					<div>
						<dt>Kernels</dt>
						<dd>{info.isa}</dd>
					</div>
					<div>
						<dt>Cores</dt>
						<dd>{info.cores}</dd>
					</div>
					<div>
						<dt>Up for</dt>
						<dd title={formatTime(info.started_at)}>
							{formatAge(info.started_at, now.value)}
						</dd>
					</div>
					<div class="fact-wide">
						<dt>Memory</dt>
						<dd>
							{formatBytes(info.memory_used_bytes)}{" "}
							<span class="muted">of {formatBytes(info.memory_bytes)}</span>
						</dd>
						<meter
							class="meter"
							min={0}
							max={info.memory_bytes}
							value={info.memory_used_bytes}
							aria-label="Memory in use"
						/>
					</div>
				</dl>
			)}
		</Card>
	);
}
