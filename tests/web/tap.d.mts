export function equal(seen: unknown, wanted: unknown, where?: string): void;
export function test(name: string, run: () => void | Promise<void>): void;
export function runTests(options?: { chained?: boolean }): Promise<void>;
