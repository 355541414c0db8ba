type Texts = Record<string, unknown>;
export function traditional(simplified: Texts, terms: Record<string, string>, corrections: Record<string, string>): Texts;
