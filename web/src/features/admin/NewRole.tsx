import type { Entity } from '@/api/types.ts';
import RolePage from './RolePage.tsx';

/** A role is made where it is changed. */
export default function NewRole({ entity }: { entity: Entity }) {
	return <RolePage entity={entity} id="new" />;
}
