// Rows of every kind of record with every field filled, as a person could have typed them.

// what others link to comes first
export const order = ['region', 'branch', 'team', 'role', 'user', 'tag', 'category', 'channel', 'tax', 'product', 'product_unit', 'pool', 'pool_rule', 'stage_rule', 'customer', 'pool_exempt', 'relation_kind', 'relation',
  'price_book', 'price_rule', 'exchange_rate', 'promotion', 'quote', 'quote_line', 'identifier', 'party_role', 'address', 'consent', 'consent_text', 'contact_pause',
  'order', 'order_line', 'payment', 'shipment', 'interaction', 'calendar', 'calendar_day', 'case_topic', 'sla_policy', 'macro', 'complaint_grade', 'compensation_item', 'compensation_limit',
  'case', 'article',
  'return_reason', 'return_policy', 'goods_return', 'return_line', 'warranty_term', 'equipment', 'warranty_extension', 'warranty_claim', 'recall', 'recall_unit',
  'pipeline', 'stage', 'lost_reason', 'competitor', 'opportunity', 'opportunity_line', 'opportunity_person', 'opportunity_competitor',
  'lead_assignment', 'lead_point', 'lead', 'duplicate_rule', 'contract', 'contract_party', 'contract_line', 'receivable', 'receipt', 'allocation', 'write_off', 'target', 'commission_adjustment',
  'campaign', 'campaign_variant', 'campaign_content', 'web_form'];
// a file's record is made by uploading it, a view belongs to the page, what is said in a case has its number there, a segment fills itself,
// an automation acts, a webhook calls, a mail account is called by the program, a key makes its own values,
// a pivot table, the brackets of a plan and the steps of an approval rule are arranged on their pages, a mailbox is read by the program, which alone makes what was received
export const never = ['attachment', 'saved_view', 'case_message', 'compensation', 'segment', 'automation', 'webhook', 'mail_account', 'mail_key', 'mailbox', 'mail_message', 'pivot_table', 'commission_plan', 'approval_rule'];

const texts = ['=1+1', '-12', '+8613800138000', '@cmd', "'quoted", '"said"', 'a,b;c|d', 'two\nlines', ' 龍門客棧 ', '赵伟', 'O’Brien & Söhne', '00042', '1e5', 'true', '=HYPERLINK("x")', '\t tab',
  "'0077", '="00123"', '#N/A', '葛\u{E0100}城', "''7", '[1]', '0.10', 'a\\nb'];
// names that hold what separates names in a list
const tagNames = ['a, b', '"said" by', 'one;two', 'x|y', '甲、乙', '[1]', '* own', '无，有'];

/** A value for a field that a person could have typed, different with every row. */
function value(field, i, refs) {
  switch (field.type) {
    case 'text': case 'note': {
      const text = texts[(i + field.name.length) % texts.length];
      return (field.unique || field.name === 'number' ? `${field.name}-${i}` : field.type === 'note' ? text : text.replace(/[\n\t]/g, ' ')).slice(0, field.max || 200);
    }
    case 'int': return i % 2 ? i : -i;
    case 'decimal': return (i * 1.5 - 3).toFixed(Math.min(field.scale, 2));
    case 'real': return i / 4;
    case 'money': return (i * 10.25).toFixed(2);
    case 'date': return `19${70 + i}-0${1 + (i % 9)}-28`;
    case 'time': return `2026-0${1 + (i % 9)}-15T0${i % 9}:30:00Z`;
    case 'bool': return i % 2 === 0;
    case 'enum': return field.options[i % field.options.length].value;
    case 'email': return `Person.${i}@example.org`;
    case 'phone': return `+86138001380${10 + i}`;
    case 'url': return `https://example.org/a?b=${i}&c=d`;
    case 'code': return { country: 'CN', currency: i % 2 ? 'JPY' : 'CNY', language: 'zh-Hans' }[field.name] ?? `code-${i}`;
    case 'link': return refs[field.link]?.length ? refs[field.link][i % refs[field.link].length] : undefined;
    case 'links': return refs[field.link]?.length ? [0, 1, 2].map((k) => refs[field.link][(i + k) % refs[field.link].length]) : undefined;
    default: return undefined;
  }
}

/** What hooks ask of some kinds of records beyond each field's own type: sets it right in the row, the i-th of its kind. */
export function fit(entity, row, i, refs) {
  // yen have no decimals; a record is not its own parent
  if (row.currency === 'JPY') for (const field of entity.fields) if (field.type === 'money' && field.name in row) row[field.name] = String(i * 10);
  // what is less than nothing is a return
  if (entity.name === 'order_line' && Number(row.quantity) < 0) row.kind = 'return';
  // the first order here was sold and has a line of more than nothing, which goes back
  if (entity.name === 'order' && i === 0) Object.assign(row, { state: 'placed', kind: 'sale' });
  if (entity.name === 'order_line' && i === 0) Object.assign(row, { quantity: '3', unit_price: '5', kind: 'sale' });
  if (entity.name === 'goods_return') Object.assign(row, { order_id: refs.order?.[0], state: 'requested' });
  if (entity.name === 'return_line') Object.assign(row, { return_id: refs.goods_return?.[i % refs.goods_return.length], order_line_id: refs.order_line?.[0], quantity: '0.125' });
  if (entity.name === 'return_policy') Object.assign(row, { days: i, days_fault: i + 1, restocking_percent: `${i}.5`, category_id: refs.category?.[i % refs.category.length] });
  if (entity.name === 'return_reason') row.position = i + 1;
  // things sold: of an order line's product, or of none; a warranty that is not over
  if (entity.name === 'equipment') { Object.assign(row, { sold_on: `2026-0${1 + (i % 9)}-01`, installed_on: `2026-0${1 + (i % 9)}-28`, serial: `serial ${i}`, country: null }); delete row.order_line_id; }
  if (entity.name === 'warranty_term') { Object.assign(row, { months: 24 + i, country: 'CN' }); delete row[i % 2 ? 'product_id' : 'category_id']; }
  if (entity.name === 'warranty_extension') Object.assign(row, { months: i + 1, bought_on: `2026-0${1 + (i % 9)}-28` });
  if (entity.name === 'warranty_claim') { row.fault_on = `2026-0${1 + (i % 9)}-28`; delete row.decision; }
  if (entity.name === 'recall_unit') Object.assign(row, { recall_id: refs.recall?.[i % refs.recall.length], equipment_id: refs.equipment?.[(i + Math.floor(i / 6)) % refs.equipment.length], state: 'open' });
  if ('fx_rate' in row) row.fx_rate = '0.0481';
  if (entity.name === 'tag') row.name = `${tagNames[i % tagNames.length]} ${i}`;
  if (entity.name === 'role') Object.assign(row, { rights: { customer: { read: 'own' } }, caps: [] });
  if (entity.name === 'calendar') Object.assign(row, { time_zone: 'Asia/Tokyo', mon: '09:00-12:00 13:00-18:00', tue: '09:00-24:00', wed: '22:00-06:00', thu: null, fri: null, sat: null, sun: null, teams: i < 3 ? [refs.team?.[i]].filter(Boolean) : [] });
  if (entity.name === 'calendar_day') row.hours = row.kind === 'holiday' ? null : '09:00-12:00';
  for (const f of entity.fields) if (/(^|_)minutes$/.test(f.name) && f.name in row) row[f.name] = 60 + i;
  if ('warn_percent' in row) row.warn_percent = 70 + i;
  if ('when_feeling' in row) row.when_feeling = (-i / 10).toFixed(2);
  if ('follow_up_days' in row) row.follow_up_days = i;
  if (entity.name === 'article') Object.assign(row, { state: i % 2 ? 'review' : 'draft', body: `text ${i}` });
  if ('satisfied' in row) row.satisfied = 1 + (i % 5);
  if (entity.name === 'case') row.state = i % 2 ? 'open' : 'waiting_customer';
  // ids are of a folder, and a series makes records of its own
  if (entity.name === 'interaction') {
    for (const field of ['about', 'repeats', 'repeats_until']) delete row[field];
    row.time_zone = 'Asia/Tokyo';
    // to come: what is due already reminds at once, which is a change of its own
    for (const field of ['due_at', 'ends_at']) if (row[field]) row[field] = row[field].replace('2026', '2031');
  }
  if (/^lead_/.test(entity.name)) row.condition = { field: 'city', op: 'eq', value: `City ${i}` };
  if (entity.name === 'lead') Object.assign(row, { state: ['new', 'working', 'qualified'][i % 3], unfit_reason: null });
  // a deal's stage is of its pipeline, and open; every stage has a pipeline of its own here
  if (entity.name === 'stage') Object.assign(row, { pipeline_id: refs.pipeline?.[i % refs.pipeline.length], category: 'open', probability: i * 10, days_stuck: i + 1, needs: i % 2 ? ['customer_id'] : null });
  if (entity.name === 'opportunity') Object.assign(row, { pipeline_id: refs.pipeline?.[i % refs.pipeline.length], stage_id: refs.stage?.[i % refs.stage.length], probability: i * 9 });
  if (entity.name === 'opportunity') for (const field of ['lost_reason_id', 'competitor_id']) delete row[field]; // of deals that are lost
  // each once in a deal
  for (const field of ['customer_id', 'competitor_id']) if (/^opportunity_(person|competitor)$/.test(entity.name) && field in row) row[field] = refs[field.slice(0, -3)]?.[(i + Math.floor(i / 3)) % refs[field.slice(0, -3)].length];
  if (/^opportunity/.test(entity.name) && 'amount' in row) row.amount = row.currency === 'JPY' ? String(i * 10) : (i * 10.25).toFixed(2);
  if (entity.name === 'opportunity_line') Object.assign(row, { quantity: String(i + 1), unit_price: '20.5', discount: '1' });
  // prices: nothing under zero, no book reckoned from itself, periods that end after they begin
  if (entity.name === 'price_book') Object.assign(row, { starts_on: `202${i}-01-28`, ends_on: `202${i}-12-28` });
  if (entity.name === 'price_rule') Object.assign(row, { quantity_from: String(i + 1), kind: 'fixed', amount: `${i}.25`, round_to: '0.05', starts_on: `202${i}-01-28`, ends_on: `202${i}-12-28` });
  if (entity.name === 'price_rule') for (const field of ['category_id', 'base_book_id']) delete row[field];
  if (entity.name === 'tax' && Number(row.percent) >= 1000) row.percent = '13.42';
  if (entity.name === 'compensation') delete row.item_id;
  if (entity.name === 'duplicate_rule') Object.assign(row, { first: ['email', 'sound', 'name'][i % 3], second: 'employer', third: 'birthday', effect: 'warn', sure: 50 + i });
  if (entity.name === 'segment') Object.assign(row, { entity: 'customer', condition: JSON.stringify({ field: 'city', op: 'eq', value: `City ${i}` }) });
  // nobody is related to themselves; each pair once
  if (entity.name === 'relation_kind') Object.assign(row, { from_kind: 'any', to_kind: 'any', both_ways: false, no_rings: false, position: i + 1 });
  if (entity.name === 'relation') Object.assign(row, { from_id: refs.customer?.[i % refs.customer.length], to_id: refs.customer?.[(i + 1) % refs.customer.length],
    kind_id: refs.relation_kind?.[(i + Math.floor(i / 3)) % refs.relation_kind.length], since: '2020-01-28', until: `202${i}-02-28` });
  // nobody falls, nobody becomes anything
  if (/^(pool|pool_rule|stage_rule)$/.test(entity.name)) Object.assign(row, { active: false, condition: { field: 'city', op: 'eq', value: `Nowhere ${i}` } });
  if (entity.name === 'pool') Object.assign(row, { hidden: i % 2 ? ['phone'] : ['name', 'email'], hold_condition: { field: 'level', op: 'eq', value: 'vip' }, hold_max: i + 1, takes_free: false });
  if (/^(pool|pool_rule)$/.test(entity.name)) for (const f of entity.fields) if (f.type === 'int' && f.name in row) row[f.name] = i + 1;
  if (entity.name === 'stage_rule') row.position = i + 1;
  if (entity.name === 'exchange_rate') Object.assign(row, { currency: i % 2 ? 'JPY' : 'USD', rate: `${i}.5` });
  if (entity.name === 'product_unit') Object.assign(row, { name: `unit ${i}`, factor: `${i + 1}.5` });
  if (entity.name === 'promotion') Object.assign(row, { kind: 'percent', percent: '12.5', min_quantity: String(i), max_uses: i, max_per_customer: i, starts_at: '2026-01-01T00:00:00Z', ends_at: '2027-01-01T00:00:00Z', coupon: `code ${i}` });
  if (entity.name === 'quote') Object.assign(row, { state: 'draft', discount: '0', currency: 'CNY' });
  if (entity.name === 'quote_line') delete row.unit; // the product's own is filled in
  if (entity.name === 'quote_line') Object.assign(row, { position: i + 1, quantity: String(i + 1), price_by_hand: `${i}.5`, discount_percent: String(i), optional: i % 2 === 0, chosen: false });
  if (entity.name === 'campaign') Object.assign(row, { control_share: String(i * 5), window_days: 7 + i, budget: `${i}00.25`, cost_per_contact: `${i}.25`, starts_at: '2026-12-01T08:00:00Z', ends_at: '2027-01-01T08:00:00Z', segments: undefined, minus: undefined });
  if (entity.name === 'web_form') Object.assign(row, { state: 'draft', entity: ['lead', 'customer', 'case'][i % 3], day_limit: i + 1, sites: `https://shop${i}.example.com`, redirect_url: `https://example.org/thanks?n=${i}`,
    open_from: `2026-0${1 + (i % 9)}-15T00:00:00Z`, open_until: '2027-01-15T00:00:00Z', fields: [{ field: ['name', 'name', 'subject'][i % 3], label_en: `Say ${i}` }], consents: null });
  // nothing is held back by it
  if (entity.name === 'approval_rule') Object.assign(row, { entity: 'customer', fields: 'name', direction: 'any', condition: null, before_condition: null, steps: [{ who: 'manager', hours: i + 1, then: 'remind' }], position: i + 1, active: false });
  if (entity.name === 'campaign_variant') row.share = i + 1;
  if (entity.name === 'campaign_content') { Object.assign(row, { subject: `Tea {{name}} ${i}`, text: `text ${i}`, html: '<p>{{name}}</p>' }); delete row.variant_id; }
  if (entity.name === 'contact_pause') Object.assign(row, { from_on: `202${i}-01-28`, until_on: `202${i}-02-28` });
  if (entity.name === 'consent_text') row.text = `text ${i}`;
  // money: over zero, not yet to come, in the currency of what it is allocated to; a plan fits its order, a refund its receipt
  const amount = row.currency === 'JPY' ? `${i + 1}000` : `${i + 1}00.25`;
  if (entity.name === 'receivable') Object.assign(row, { amount, grace_days: i, state: 'open' });
  if (entity.name === 'receipt') Object.assign(row, { amount, kind: 'receipt', state: 'received', received_on: `2026-0${1 + (i % 9)}-28`, reference: `reference ${i}` });
  if (entity.name === 'allocation') row.amount = String(i + 1);
  if (entity.name === 'write_off') Object.assign(row, { amount: String(i + 2), state: 'requested' });
  if (entity.name === 'contract') Object.assign(row, { starts_on: '2026-01-01', ends_on: `2027-0${1 + (i % 9)}-28`, value: amount, renewal_months: i + 1, notice_days: i });
  if (entity.name === 'contract_line') Object.assign(row, { amount: `${i + 1}.5`, first_on: '2026-01-31', until_on: `2026-1${i % 2}-28` });
  // of one, each once
  if (entity.name === 'target') Object.assign(row, { scope: 'person', period: 'month', starts_on: `2026-0${1 + (i % 9)}-01`, goal: `${i + 1}000` });
  for (const field of { target: ['team_id', 'branch_id', 'parent_id'], receivable: ['order_id'], receipt: ['original_id'], allocation: ['currency', 'settles', 'settles_currency'], write_off: ['currency'] }[entity.name] ?? []) delete row[field];
  if (entity.name === 'commission_plan') {
    for (const field of ['people', 'role_id', 'team_id', 'branch_id', 'floor']) delete row[field];
    Object.assign(row, { scope: 'firm', mode: 'whole', brackets: [{ from: '0', rate: '3' }], products: null, customers: null, from_on: '2026-01-01', until_on: `2027-0${1 + (i % 9)}-28` });
  }
  if (entity.name === 'commission_adjustment') Object.assign(row, { amount: `-${i + 1}.25`, happened_on: `2026-0${1 + (i % 9)}-28` });
  if (entity.name === 'pivot_table') Object.assign(row, { entity: 'order', query: { of: 'order', measures: ['orders'], rows: [], columns: [] } });
  if (entity.name === 'user') Object.assign(row, { active: true });
}

/** Rows of one entity with every field filled that may be. */
export function rowsOf(entity, refs, n = 6) {
  return Array.from({ length: n }, (_, i) => {
    const row = {};
    for (const field of entity.fields) {
      const system = ['id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by'].includes(field.name);
      if (system || field.readonly || field.right !== 'write' || (field.link === entity.name && i < 3)) continue;
      const given = value(field, i, refs);
      if (given !== undefined) row[field.name] = given;
    }
    fit(entity, row, i, refs);
    return row;
  });
}
