// A small invented shop, the same every time.

export function random(seed) {
	let s = seed >>> 0;
	return () => {
		s = (s + 0x6d2b79f5) >>> 0;
		let t = s;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

const SURNAMES = [...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧'];
const GIVEN = ['伟', '芳', '娜', '秀英', '敏', '静', '丽', '强', '磊', '军', '洋', '勇', '艳', '杰', '娟', '涛', '明', '超', '雪梅', '建国', '子涵', '雨桐', '欣怡', '浩然', '梓轩', '诗涵', '宇轩'];
const WESTERN = ['Emma Clarke', 'Liam Novak', 'Olivia Fischer', 'Noah Rossi', 'Ava Dubois', 'James Walker', 'Sofia Jensen', 'Lucas Meyer', 'Mia Andersson', 'Henry Cole'];
const CITIES = [['浙江', '杭州'], ['上海', '上海'], ['广东', '广州'], ['广东', '深圳'], ['北京', '北京'], ['四川', '成都'], ['湖北', '武汉'], ['江苏', '南京'], ['福建', '厦门'], ['陕西', '西安']];
const COMPANIES = ['晨光贸易', '远山科技', '青禾食品', '海桥物流', '云杉家居', '北辰电子', '锦程服饰', '和畅文具'];
const PRODUCTS = ['白瓷茶杯', '竹制餐盘', '亚麻桌布', '香薰蜡烛', '手工肥皂', '铸铁茶壶', '羊毛毯', '玻璃花瓶', '帆布袋', '木质相框', '不锈钢保温杯', '陶瓷碗', '棉麻抱枕', '折叠雨伞', '桌面台灯', '茶叶礼盒'];
const NOTES = ['问了发货时间，已告知三天内送达。', '喜欢素色的款式，不要印花。', '反映上次包装有破损，已补发一只。', '介绍了会员积分，客户表示有兴趣。', 'Asked for an invoice with the company name.', '下个月店庆，可能会追加订购。', '孩子九月上学，留意文具类的新品。'];

export function sample(now = Date.now()) {
	const r = random(20260101);
	const pick = (list) => list[Math.floor(r() * list.length)];
	const day = 86_400_000;
	const iso = (ms) => new Date(ms).toISOString();
	let id = 100000000000;
	const next = () => String((id += 1 + Math.floor(r() * 900)));
	const db = {};
	const add = (entity, row, at = now) => {
		const full = { id: next(), version: 1, created_at: iso(at), created_by: null, updated_at: iso(at), updated_by: null, ...row };
		(db[entity] ??= []).push(full);
		return full;
	};

	const regions = ['华东', '华南', '华北'].map((name) => add('region', { name, code: null, parent_id: null }));
	const branches = [['杭州分公司', '杭州', 0], ['广州分公司', '广州', 1], ['北京分公司', '北京', 2]].map(([name, city, n]) => add('branch', { name, city, region_id: regions[n].id }));
	const sales = add('team', { name: '销售部', parent_id: null, branch_id: branches[0].id, leader_id: null });
	const teams = [sales, add('team', { name: '销售一组', parent_id: sales.id, branch_id: branches[0].id, leader_id: null }), add('team', { name: '销售二组', parent_id: sales.id, branch_id: branches[1].id, leader_id: null }), add('team', { name: '客服部', parent_id: null, branch_id: branches[0].id, leader_id: null })];
	const role = (key, name, name_zh, rights, caps) => add('role', { key, name, name_zh, note: null, rights, caps, is_protected: true });
	const roles = [
		role('admin', 'Administrator', '系统管理员', { '*': { read: 'all', create: 'all', update: 'all', delete: 'all', export: 'all', import: 'all' } }, ['admin', 'users', 'audit', 'bulk', 'assign', 'tokens']),
		role('sales', 'Sales', '销售', { '*': { read: 'team', create: 'own', update: 'own' }, customer: { read: 'team', create: 'own', update: 'own', export: 'own', fields: { phone: 'masked', credit_limit: 'hidden' } } }, ['tokens']),
		role('service', 'Service', '客服', { '*': { read: 'all', create: 'own', update: 'own' } }, []),
		role('auditor', 'Auditor', '审计员', { '*': { read: 'all' } }, ['audit']),
	];
	const users = [['林管理', 'admin@example.com', 0], ['王小红', 'hong@example.com', 1], ['李建国', 'li@example.com', 1], ['Anna Becker', 'anna@example.com', 2], ['陈静', 'chen@example.com', 2], ['赵审', 'zhao@example.com', 3]].map(([name, email, n], i) =>
		add('user', { name, email, phone: null, team_id: teams[i % teams.length].id, branch_id: branches[i % 3].id, region_id: null, roles: [{ id: roles[n].id, name: roles[n].name }], active: i !== 4, totp_enabled: false, password_changed_at: i === 3 ? null : iso(now - 40 * day), last_seen_at: iso(now - i * day), locale: null, must_change_password: false, is_protected: i === 0 }));
	teams.forEach((t, i) => { t.leader_id = users[i].id; });
	const tags = ['老客户', '送礼', '批发', '海外', '高投诉', '新品试用'].map((name, i) => add('tag', { name, colour: ['info', 'good', 'quiet', 'info', 'bad', 'warn'][i], note: null }));
	const channels = ['官方商城', '天猫旗舰店', '京东店', '杭州门店'].map((name, i) => add('channel', { name, code: `ch${i}`, kind: 'web', platform: null, country: 'CN', currency: 'CNY', active: true }));
	const categories = ['餐具', '家纺', '香氛', '礼品'].map((name, i) => add('category', { name, parent_id: null, code: `C${i}` }));
	const products = Array.from({ length: 60 }, (_, i) => {
		const price = (9 + Math.floor(r() * 290) + 0.9).toFixed(2);
		return add('product', { name: `${PRODUCTS[i % PRODUCTS.length]}${i >= PRODUCTS.length ? ` ${'ABCD'[Math.floor(i / PRODUCTS.length) - 1]}款` : ''}`, sku: `GX${String(10001 + i)}`, category_id: pick(categories).id, brand: pick(['和光', '竹里', 'Nordlys']), model: null, state: 'active', price, compare_at_price: null, cost: (price * 0.6).toFixed(2), currency: 'CNY', unit: '件', tags: [] });
	});

	for (let i = 0; i < 2600; i++) {
		const company = r() < 0.12;
		const western = !company && r() < 0.12;
		const name = company ? `${pick(CITIES)[1]}${pick(COMPANIES)}有限公司` : western ? pick(WESTERN) : pick(SURNAMES) + pick(GIVEN);
		const [province, city] = pick(CITIES);
		const made = now - Math.floor(r() ** 1.6 * 700) * day - Math.floor(r() * day);
		const n = r() < 0.18 ? 0 : Math.ceil(r() ** 3 * 16);
		const owner = pick(users.slice(0, 4));
		const c = add('customer', {
			name, number: `K${String(100000 + i)}`, kind: company ? 'company' : 'person', stage: 'prospect', level: pick(['vip', 'prime', 'main', 'ordinary', 'ordinary', 'ordinary', null]), source: pick(['shop', 'marketplace', 'store', 'referral', 'advert', 'social']),
			tags: tags.filter(() => r() < 0.14).map(({ id: t, name: nm, colour }) => ({ id: t, name: nm, colour })), phone: `+8613${String(1000000000 + Math.floor(r() * 899999999)).slice(1)}`, email: r() < 0.5 ? `c${i}@example.com` : null, country: western ? 'GB' : 'CN',
			province: western ? null : province, city: western ? 'London' : city, district: null, language: western ? 'en' : 'zh-Hans', owner_id: owner.id, team_id: owner.team_id, branch_id: owner.branch_id, region_id: null,
			orders_count: 0, orders_total: '0.00', first_order_at: null, last_order_at: null, open_work: 0, contacts_count: 0, last_contact_at: null, gender: company ? null : pick(['female', 'male']),
			birthday: !company && r() < 0.5 ? iso(now - (20 + Math.floor(r() * 45)) * 365 * day - Math.floor(r() * 365) * day).slice(0, 10) : null, industry: company ? pick(['零售', '餐饮', '酒店', '办公']) : null,
			note: r() < 0.1 ? pick(NOTES) : null, sort_name: name,
		}, made);
		let total = 0;
		for (let k = 0; k < n; k++) {
			const at = Math.min(now - 3_600_000, made + Math.floor(r() * (now - made)));
			const lines = Array.from({ length: 1 + Math.floor(r() * 4) }, () => ({ p: pick(products), q: 1 + Math.floor(r() * 3) }));
			const sum = lines.reduce((s, l) => s + Math.round(l.p.price * 100) * l.q, 0);
			const state = r() < 0.06 ? pick(['cancelled', 'returned']) : now - at < 5 * day ? pick(['placed', 'paid', 'shipped']) : 'completed';
			const o = add('order', { number: `SO${iso(at).slice(0, 10).replaceAll('-', '')}${String(1000 + k + i)}`, customer_id: c.id, channel_id: pick(channels).id, kind: 'sale', state, placed_at: iso(at), paid_at: null, original_order_id: null, currency: 'CNY', lines_count: lines.length, lines_total: (sum / 100).toFixed(2), shipping_fee: '0.00', tax: '0.00', discount: '0.00', total: (sum / 100).toFixed(2), fx_rate: '1', total_base: (sum / 100).toFixed(2), country: 'CN', owner_id: owner.id, team_id: owner.team_id, branch_id: owner.branch_id }, at);
			lines.forEach((l, j) => add('order_line', { order_id: o.id, position: j + 1, kind: 'sale', product_id: l.p.id, sku: l.p.sku, name: l.p.name, quantity: `${l.q}.000`, unit_price: `${l.p.price}00`, discount: '0.0000', total: `${((Math.round(l.p.price * 100) * l.q) / 100).toFixed(2)}00` }, at));
			add('payment', { order_id: o.id, kind: 'payment', method: pick(['alipay', 'wechat', 'card']), state: 'paid', amount: o.total, currency: 'CNY', paid_at: iso(at + 60_000) }, at);
			if (state === 'cancelled') continue;
			total += sum;
			c.orders_count++;
			c.first_order_at = !c.first_order_at || o.placed_at < c.first_order_at ? o.placed_at : c.first_order_at;
			c.last_order_at = !c.last_order_at || o.placed_at > c.last_order_at ? o.placed_at : c.last_order_at;
		}
		c.orders_total = (total / 100).toFixed(2);
		const silent = c.last_order_at ? (now - Date.parse(c.last_order_at)) / day : null;
		c.stage = silent === null ? 'prospect' : silent > 250 ? 'lost' : c.orders_count > 5 ? 'loyal' : 'trading';
		for (let k = 0; k < Math.floor(r() * 3); k++) {
			const at = made + Math.floor(r() * (now - made));
			const open = r() < 0.12;
			add('interaction', { customer_id: c.id, kind: open ? 'task' : pick(['note', 'call', 'wechat', 'visit', 'chat']), subject: open ? pick(['回访确认收货', '寄送样品', '报价跟进', '生日问候']) : null, body: pick(NOTES), at: iso(at), direction: pick(['in', 'out', 'internal']), state: open ? 'open' : 'done', due_at: open ? iso(now + Math.floor(r() * 20 - 6) * day) : null, owner_id: owner.id, order_id: null, channel_id: null, minutes: null, outcome: null, pinned: k === 0 && r() < 0.05 }, at);
			if (open) c.open_work++;
			else c.last_contact_at = !c.last_contact_at || iso(at) > c.last_contact_at ? iso(at) : c.last_contact_at;
		}
		if (i % 3 === 0) {
			add('identifier', { customer_id: c.id, kind: 'phone', value: c.phone, channel_id: null, scope: null, evidence: 'stated', verified_at: null, valid_until: null, is_primary: true }, made);
			add('address', { customer_id: c.id, kind: 'shipping', receiver: name, phone: c.phone, country: 'CN', province, city, district: null, street: `示例路 ${1 + Math.floor(r() * 200)} 号`, postcode: null, is_default: true }, made);
			add('consent', { customer_id: c.id, channel: pick(['sms', 'email', 'wechat']), purpose: 'marketing', state: r() < 0.8 ? 'given' : 'withdrawn', basis: 'consent', at: iso(made), source: '注册页面', text_version: '2026-01', evidence: null }, made);
		}
	}
	for (const [i, name] of [['本季大客户', 'orders_total=gte.2000&order=orders_total.desc'], ['杭州客户', 'city=eq.杭州']].entries()) add('saved_view', { name: name[0], entity: 'customer', query: name[1], columns: null, position: i, owner_id: users[0].id, team_id: i ? null : teams[0].id });
	for (const e of ['shipment', 'attachment', 'token', 'party_role', 'import_run']) db[e] ??= [];
	for (const list of Object.values(db)) list.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
	return { db, next, me: users[0] };
}
