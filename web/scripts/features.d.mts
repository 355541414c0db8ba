export function featureFolders(extra?: string): string[];
export function outside(extra?: string): string[];
export function textFiles(language: string, folders?: string[]): string[];
export function correctionFiles(folders?: string[]): string[];
export function texts(language: string, folders?: string[]): Record<string, unknown>;
