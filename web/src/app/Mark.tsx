/** Two circles joined: the sign of the program. */
export function Mark({ size = 24 }: { size?: number }) {
	return (
		<svg className="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
			<rect width="32" height="32" rx="7" fill="currentColor" />
			<g fill="none" stroke="var(--mark-ink)" strokeWidth="2.6" strokeLinecap="round">
				<circle cx="11" cy="12" r="4.2" />
				<circle cx="21.5" cy="20.5" r="4.2" />
				<path d="M14.3 14.8l3.9 3.1" />
			</g>
		</svg>
	);
}
