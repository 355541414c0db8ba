export function traditional(folder: URL): Record<string, unknown>;
