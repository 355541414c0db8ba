/** Icons by the names descriptors give. */
import {
	ApartmentOutlined,
	AppstoreOutlined,
	AuditOutlined,
	BankOutlined,
	BarChartOutlined,
	CalendarOutlined,
	CarOutlined,
	ContactsOutlined,
	CreditCardOutlined,
	CustomerServiceOutlined,
	EllipsisOutlined,
	EnvironmentOutlined,
	FileOutlined,
	HomeOutlined,
	DeleteOutlined,
	IdcardOutlined,
	ImportOutlined,
	KeyOutlined,
	MessageOutlined,
	NotificationOutlined,
	SafetyOutlined,
	SettingOutlined,
	ShopOutlined,
	ShoppingCartOutlined,
	ShoppingOutlined,
	TagOutlined,
	TeamOutlined,
	UnorderedListOutlined,
	UserOutlined,
	WarningOutlined,
} from '@ant-design/icons';
import type { ComponentType } from 'react';
import { features } from './features.ts';

const ICONS: Record<string, ComponentType> = {
	home: HomeOutlined, customer: ContactsOutlined, order: ShoppingCartOutlined, product: ShoppingOutlined, category: ApartmentOutlined,
	channel: ShopOutlined, shop: ShopOutlined, interaction: MessageOutlined, tag: TagOutlined, file: FileOutlined, attachment: FileOutlined,
	identifier: IdcardOutlined, address: EnvironmentOutlined, payment: CreditCardOutlined, shipment: CarOutlined, user: UserOutlined, team: TeamOutlined,
	branch: BankOutlined, region: EnvironmentOutlined, role: SafetyOutlined, token: KeyOutlined, import: ImportOutlined, audit: AuditOutlined,
	bulk: AppstoreOutlined, setting: SettingOutlined, settings: SettingOutlined, safety: SafetyOutlined, key: KeyOutlined, bank: BankOutlined,
	environment: EnvironmentOutlined, view: AppstoreOutlined, calendar: CalendarOutlined, delete: DeleteOutlined, marketing: NotificationOutlined,
	service: CustomerServiceOutlined, chart: BarChartOutlined, more: EllipsisOutlined, consent: SafetyOutlined, cart: ShoppingCartOutlined,
	upload: ImportOutlined, download: ImportOutlined, line: UnorderedListOutlined, problem: WarningOutlined,
};

/** The icon of this name, of a feature or of the frame. */
export const iconOf = (name: string | null | undefined): ComponentType | undefined => features().icons[name ?? ''] ?? ICONS[name ?? ''];

export function EntityIcon({ name }: { name: string | null | undefined }) {
	const Icon = iconOf(name) ?? AppstoreOutlined;
	return <Icon />;
}
