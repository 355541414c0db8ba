/** Texts of the page. Only the language in use is loaded. */
import dayjs from 'dayjs';
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Locale as AntLocale } from 'antd/es/locale';
import { setApiLanguage } from '@/api/client.ts';
import { intlTag, type Locale, setFormatTag } from '@/lib/format.ts';

export const LOCALES: { value: Locale; label: string; short: string }[] = [
	{ value: 'zh-Hans', label: '简体中文', short: '简' },
	{ value: 'zh-Hant', label: '繁體中文', short: '繁' },
	{ value: 'en', label: 'English', short: 'EN' },
];

interface Pack {
	texts: { default: object };
	ant: { default: AntLocale };
}

const packs: Record<Locale, () => Promise<Pack>> = {
	'zh-Hans': async () => {
		const [texts, ant] = await Promise.all([import('virtual:texts/zh-Hans.json'), import('antd/es/locale/zh_CN'), import('dayjs/locale/zh-cn')]);
		return { texts, ant };
	},
	'zh-Hant': async () => {
		const [texts, ant] = await Promise.all([import('virtual:texts/zh-Hant.json'), import('antd/es/locale/zh_TW'), import('dayjs/locale/zh-tw')]);
		return { texts, ant };
	},
	en: async () => {
		const [texts, ant] = await Promise.all([import('virtual:texts/en.json'), import('antd/es/locale/en_GB'), import('dayjs/locale/en-gb')]);
		return { texts, ant };
	},
};

/** The texts of another language, for what is looked for in all of them. */
export async function textsOf(locale: Locale): Promise<object> {
	return (await packs[locale]()).texts.default;
}

const DAYJS: Record<Locale, string> = { 'zh-Hans': 'zh-cn', 'zh-Hant': 'zh-tw', en: 'en-gb' };

/** From what a server or browser calls a language. */
export function localeOf(tag: string | null | undefined): Locale | null {
	if (!tag) return null;
	if (/^zh[-_](TW|HK|MO|Hant)/i.test(tag)) return 'zh-Hant';
	if (/^zh/i.test(tag)) return 'zh-Hans';
	if (/^en/i.test(tag)) return 'en';
	return null;
}

export function preferredLocale(): Locale {
	const stored = localeOf(localStorage.getItem('guanxi.locale'));
	if (stored) return stored;
	for (const tag of navigator.languages) {
		const found = localeOf(tag);
		if (found) return found;
	}
	return 'en';
}

/** Stands around what is put into a text until the text is finished. */
const EDGE = '\u2063';
const apart = (text: string) => text
	.replace(new RegExp(`(\\p{Script=Han})${EDGE}+(?=[A-Za-z0-9])|([A-Za-z0-9])${EDGE}+(?=\\p{Script=Han})`, 'gu'), '$1$2 ')
	.replaceAll(EDGE, '');

/** Loads and switches; resolves to Ant Design's texts. */
export async function switchLocale(locale: Locale): Promise<AntLocale> {
	const pack = await packs[locale]();
	if (!i18next.isInitialized)
		// Latin letters and numbers stand apart from Chinese ones, also where a value meets a text.
		await i18next.use(initReactI18next).use({ type: 'postProcessor', name: 'apart', process: (text: string) => apart(text) }).init({
			lng: locale,
			resources: {},
			postProcess: ['apart'],
			interpolation: { escapeValue: true, escape: (value: string) => EDGE + value + EDGE },
			returnNull: false,
			react: { useSuspense: false },
		});
	// "New customer", but "New API token": labels come with a capital, sentences do without.
	i18next.services.formatter?.add('lower', (value: unknown, lng) =>
		lng === 'en' ? String(value).replace(/^\p{Lu}(?!\p{Lu})/u, (c) => c.toLowerCase()) : String(value));
	// its own, not a copy: nobody changes them, and copying took 30 ms of each first visit
	i18next.addResourceBundle(locale, 'translation', pack.texts.default, false, true, { silent: false, skipCopy: true });
	dayjs.locale(DAYJS[locale]);
	setApiLanguage(locale);
	await i18next.changeLanguage(locale);
	setFormatTag(intlTag(locale, navigator.languages), i18next.t('word.just_now'));
	document.documentElement.lang = locale;
	localStorage.setItem('guanxi.locale', locale);
	return pack.ant.default;
}
