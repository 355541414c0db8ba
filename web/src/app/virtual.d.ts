declare module 'virtual:locale/zh-Hant' {
	const texts: object;
	export default texts;
}
