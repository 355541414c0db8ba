/** Where the customers of a network stand: the one it is about in the middle, the others on rings, near whom they hang on. */
export interface NetworkNode {
	id: string;
	name: string | null;
	kind: string | null;
	stage: string | null;
	level: string | null;
	depth: number;
	more: boolean;
}

export interface NetworkEdge {
	id: string;
	from: string;
	to: string;
	kind: string;
	word: string;
	inverse: string;
	both_ways: boolean;
	ended: boolean;
}

export interface Network {
	root: string;
	truncated: boolean;
	nodes: NetworkNode[];
	edges: NetworkEdge[];
}

export interface Placed extends NetworkNode {
	x: number;
	y: number;
}

const RING = 150;

/** The customer one step nearer through whom each was found. */
function parents(network: Network): Map<string, string> {
	const depth = new Map(network.nodes.map((n) => [n.id, n.depth]));
	const found = new Map<string, string>();
	for (const e of network.edges)
		for (const [a, b] of [[e.from, e.to], [e.to, e.from]] as const)
			if ((depth.get(b) ?? 0) === (depth.get(a) ?? 0) + 1 && !found.has(b)) found.set(b, a);
	return found;
}

/** Each gets a part of its parent's angle, as wide as the leaves behind it. */
export function place(network: Network): Placed[] {
	const above = parents(network);
	const below = new Map<string, NetworkNode[]>();
	for (const node of network.nodes) {
		const up = above.get(node.id);
		if (up) below.set(up, [...(below.get(up) ?? []), node]);
	}
	const leaves = (id: string): number => Math.max(1, (below.get(id) ?? []).reduce((n, child) => n + leaves(child.id), 0));
	const widest = Math.max(1, ...[1, 2, 3, 4, 5, 6].map((d) => network.nodes.filter((n) => n.depth === d).length / d));
	const ring = Math.max(RING, (widest * 46) / (2 * Math.PI));
	const placed: Placed[] = [];
	const put = (node: NetworkNode, from: number, to: number) => {
		const angle = (from + to) / 2;
		placed.push({ ...node, x: node.depth * ring * Math.cos(angle), y: node.depth * ring * Math.sin(angle) });
		const children = below.get(node.id) ?? [];
		const all = children.reduce((n, child) => n + leaves(child.id), 0);
		let at = from;
		for (const child of children) {
			const part = ((to - from) * leaves(child.id)) / all;
			put(child, at, at + part);
			at += part;
		}
	};
	const root = network.nodes.find((n) => n.id === network.root);
	if (root) put(root, -Math.PI / 2, (3 * Math.PI) / 2);
	return placed;
}
