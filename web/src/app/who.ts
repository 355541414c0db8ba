/** Who sits here, as features ask: their roles and rights. */
import { useMemo } from 'react';
import { entityOf, may } from '@/api/records.ts';
import type { Meta } from '@/api/types.ts';
import { useMeta } from './context.tsx';
import type { Who } from './feature.ts';

export function whoOf(meta: Meta): Who {
	return {
		meta,
		me: meta.user,
		roles: (meta.user.roles ?? []).flatMap((r) => r.key ?? []),
		can: (capability) => meta.capabilities.includes(capability),
		may: (entity, action) => may(entityOf(meta, entity), action),
	};
}

export function useWho(): Who {
	const meta = useMeta();
	return useMemo(() => whoOf(meta), [meta]);
}
