import { Navigate } from 'react-router';
import type { RecordPageProps } from '@/app/features.ts';

/** A run is shown where it is run. */
export default function RunPage({ id }: RecordPageProps) {
	return <Navigate to={`/import/${id}`} replace />;
}
