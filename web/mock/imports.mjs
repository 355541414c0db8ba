// Imports of the mock: CSV only, customers only.

export const runDescriptor = {
	name: 'import_run', plural: 'import_runs', label: ['Import', '导入'], label_many: ['Imports', '导入'], icon: 'import', title: 'name', subtitle: null, sort: 'id.desc', system: false, child: false, closed: true,
	parent: null, owner: 'created_by', team: null, branch: null, groups: [], rank: 0,
	fields: [
		['name', 'text', ['File', '文件']], ['state', 'enum', ['State', '状态'], [['new', 'New', '未开始'], ['running', 'Running', '进行中', 'info'], ['done', 'Done', '完成', 'good'], ['cancelled', 'Stopped', '已停止', 'warn'], ['undone', 'Undone', '已撤销', 'quiet'], ['failed', 'Failed', '失败', 'bad']]],
		['rows_total', 'int', ['Rows', '行数']], ['rows_done', 'int', ['Done', '已处理']], ['created', 'int', ['Created', '新建']], ['updated', 'int', ['Updated', '更新']], ['skipped', 'int', ['Left out', '跳过']], ['failed', 'int', ['Failed', '失败']],
	].map(([name, type, label, options]) => ({ name, type, label, readonly: true, list: true, options: options?.map(([value, en, zh, colour]) => ({ value, label: [en, zh], colour: colour ?? null })) ?? null, sortable: false, filterable: true })),
};

function parse(text) {
	const rows = [];
	let row = [];
	let cell = '';
	let quoted = false;
	for (let i = 0; i < text.length; i++) {
		const c = text[i];
		if (quoted) {
			if (c === '"' && text[i + 1] === '"') cell += text[++i];
			else if (c === '"') quoted = false;
			else cell += c;
		} else if (c === '"') quoted = true;
		else if (c === ',') {
			row.push(cell);
			cell = '';
		} else if (c === '\n') {
			row.push(cell.replace(/\r$/, ''));
			rows.push(row);
			row = [];
			cell = '';
		} else cell += c;
	}
	if (cell || row.length) rows.push([...row, cell]);
	return rows;
}

export function importRoutes({ db, next, log, entityOf, fault }) {
	const files = new Map();
	const plans = new Map();
	const table = (id) => {
		const rows = parse(files.get(id));
		return { head: rows[0] ?? [], rows: rows.slice(1).filter((r) => r.some(Boolean)) };
	};
	const problems = (plan, row) => plan.mapping.flatMap((m) => {
		const value = (row[m.column] ?? '').trim();
		if (m.field === 'name' && !value) return [{ column: m.column, field: m.field, key: 'required', message: '必填' }];
		if (m.field === 'email' && value && !value.includes('@')) return [{ column: m.column, field: m.field, key: 'email', message: '不是邮箱地址' }];
		return [];
	});

	async function work(run) {
		const plan = plans.get(run.id);
		const { rows } = table(run.id);
		while (run.rows_done < rows.length && run.state === 'running') {
			await new Promise((resolve) => setTimeout(resolve, 60));
			for (const row of rows.slice(run.rows_done, run.rows_done + 5)) {
				run.rows_done++;
				if (problems(plan, row).length) {
					run.failed++;
					continue;
				}
				const now = new Date().toISOString();
				const values = Object.fromEntries(plan.mapping.map((m) => [m.field, row[m.column] || null]));
				const made = { id: next(), version: 1, kind: 'person', stage: 'prospect', tags: [], orders_count: 0, orders_total: '0.00', open_work: 0, created_at: now, updated_at: now, import: run.id, ...values };
				db.customer.push(made);
				run.created++;
				log('customer', made.id, 'create', {});
			}
			log('import_run', run.id, 'update', {});
		}
		if (run.state === 'running') run.state = 'done';
		run.finished_at = new Date().toISOString();
		log('import_run', run.id, 'update', { state: [null, run.state] });
	}

	return (req, parts, params, body, raw) => {
		if (parts.length === 0 && req.method === 'POST') {
			const now = new Date().toISOString();
			const run = { id: next(), version: 1, name: params.get('name'), state: 'new', created_at: now, updated_at: now, rows_total: null, rows_done: 0, created: 0, updated: 0, skipped: 0, failed: 0 };
			files.set(run.id, raw.toString('utf8').replace(/^\ufeff/, ''));
			db.import_run.push(run);
			return [run, {}, 201];
		}
		const run = db.import_run.find((r) => r.id === parts[0]);
		if (!run) throw fault(404, 'not_found', '没有找到');
		const { head, rows } = table(run.id);
		run.rows_total = rows.length;
		const customer = entityOf('customer', true);
		const guess = (name) => {
			const f = customer.fields.find((x) => !x.readonly && (x.name === name.toLowerCase().trim() || x.label === name.trim() || (x.name === 'name' && /姓名|名称/.test(name))));
			return f ? { entity: 'customer', field: f.name } : null;
		};
		switch (parts[1]) {
			case 'preview': return [{ format: 'csv', encoding: 'utf-8', delimiter: ',', header_row: true, sheets: null, columns: head.map((name, index) => ({ index, name, samples: rows.slice(0, 3).map((r) => r[index]), guess: guess(name) })), rows: rows.slice(0, 20), presets: [] }, {}];
			case 'plan': plans.set(run.id, body); run.state = 'planned'; return [run, {}];
			case 'check': return [{ checked: Math.min(100, rows.length), rows: rows.slice(0, 100).map((r, i) => {
				const errors = problems(plans.get(run.id), r);
				return { row: i + 1, action: errors.length ? 'fail' : 'create', cells: r, errors };
			}) }, {}];
			case 'start': case 'resume': run.state = 'running'; run.started_at = new Date().toISOString(); void work(run); return [run, {}];
			case 'cancel': run.state = 'cancelled'; return [run, {}];
			case 'undo': db.customer = db.customer.filter((c) => c.import !== run.id); run.state = 'undone'; return [run, {}];
			default: return [run, {}];
		}
	};
}
