export interface TreeNode<T> {
	row: T;
	children: TreeNode<T>[];
}

/** A tree from rows that name their parent. Whose parent is unseen stands at the top; circles are cut. */
export function treeOf<T extends { id: string; parent_id?: unknown }>(rows: T[]): TreeNode<T>[] {
	const nodes = new Map(rows.map((row) => [row.id, { row, children: [] as TreeNode<T>[] }]));
	const roots: TreeNode<T>[] = [];
	for (const node of nodes.values()) {
		let up = typeof node.row.parent_id === 'string' ? nodes.get(node.row.parent_id) : undefined;
		const parent = up;
		// Walking up must end; where it comes back to the start, the node is a root.
		for (let steps = 0; up && steps <= rows.length; steps++) {
			if (up === node) break;
			up = typeof up.row.parent_id === 'string' ? nodes.get(up.row.parent_id) : undefined;
		}
		if (parent && !up) parent.children.push(node);
		else roots.push(node);
	}
	return roots;
}
