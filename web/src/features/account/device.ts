/** "Chrome, Windows" of a User-Agent; enough to recognise one's own devices. */
export function deviceOf(agent: string | null | undefined): string {
	if (!agent) return '';
	const browser = [['MicroMessenger', 'WeChat'], ['Edg/', 'Edge'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']].find(([mark]) => agent.includes(mark!))?.[1];
	const system = [['Windows', 'Windows'], ['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['HarmonyOS', 'HarmonyOS'], ['Mac OS X', 'macOS'], ['Linux', 'Linux']].find(([mark]) => agent.includes(mark!))?.[1];
	return [browser, system].filter(Boolean).join(', ') || agent.slice(0, 60);
}
