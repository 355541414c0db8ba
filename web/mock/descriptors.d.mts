/** What of a descriptor tests ask for. */
export interface Descriptor {
	name: string;
	icon: string | null;
	system: boolean;
	child: boolean;
}

export function readDescriptors(root: string): Descriptor[];
