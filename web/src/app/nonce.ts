/**
 * The value under which this page may add styles. Ant Design passes it on through its
 * configuration, except for the few style elements its scroll lock and its measuring
 * make by themselves; those get it here. Scripts stay limited to files of this server.
 */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce || undefined;

if (nonce) {
	const create = Document.prototype.createElement;
	document.createElement = function (this: Document, name: string, options?: ElementCreationOptions) {
		const element = create.call(this, name, options);
		if (element instanceof HTMLStyleElement) element.nonce = nonce;
		return element;
	} as typeof document.createElement;
}
