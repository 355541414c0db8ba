declare module 'virtual:texts/*.json' {
	const texts: object;
	export default texts;
}

declare module 'virtual:features' {
	const found: import('./feature.ts').Feature[];
	export default found;
}
