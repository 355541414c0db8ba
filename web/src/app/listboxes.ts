/**
 * The lists that Ant Design opens below its selects have no name of their own; they take
 * the name of the field that opened them.
 */
export function nameListboxes(): () => void {
	const name = (list: Element) => {
		const field = list.id ? document.querySelector(`[aria-controls="${CSS.escape(list.id)}"]`) : null;
		const label = field?.getAttribute('aria-label') ?? (field?.id ? document.querySelector(`label[for="${CSS.escape(field.id)}"]`)?.textContent : null);
		if (label) list.setAttribute('aria-label', label);
	};
	const observer = new MutationObserver((changes) => {
		for (const change of changes)
			for (const node of change.addedNodes)
				if (node instanceof Element) for (const list of node.matches('[role="listbox"]') ? [node] : node.querySelectorAll('[role="listbox"]:not([aria-label])')) name(list);
	});
	observer.observe(document.body, { childList: true, subtree: true });
	return () => observer.disconnect();
}
