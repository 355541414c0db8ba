/* vCard 2.1, 3.0 and 4.0: a card is a row. Lines are unfolded and cards put
 * together here; vcard_line.c takes single lines apart. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/files/vcard.h"

const char *const vcard_columns[VC_COUNT + 1] = {
	[VC_KIND] = "kind", [VC_NAME] = "name", [VC_PREFIX] = "prefix", [VC_GIVEN] = "given_name",
	[VC_MIDDLE] = "middle_name", [VC_FAMILY] = "family_name", [VC_SUFFIX] = "suffix", [VC_NICKNAME] = "nickname",
	[VC_ORG] = "organisation", [VC_DEPARTMENT] = "department", [VC_JOB] = "job_title", [VC_PHONE] = "phone",
	[VC_PHONE_TYPE] = "phone_type", [VC_PHONE_2] = "phone_2", [VC_PHONE_2_TYPE] = "phone_2_type",
	[VC_PHONE_3] = "phone_3", [VC_PHONE_3_TYPE] = "phone_3_type", [VC_PHONE_4] = "phone_4", [VC_PHONE_4_TYPE] = "phone_4_type",
	[VC_PHONE_5] = "phone_5", [VC_PHONE_5_TYPE] = "phone_5_type", [VC_FAX] = "fax", [VC_EMAIL] = "email",
	[VC_EMAIL_2] = "email_2", [VC_EMAIL_3] = "email_3", [VC_EMAIL_4] = "email_4", [VC_STREET] = "street", [VC_CITY] = "city",
	[VC_REGION] = "province", [VC_POSTAL_CODE] = "postal_code", [VC_COUNTRY] = "country",
	[VC_ADDRESS_TYPE] = "address_type", [VC_STREET_2] = "street_2", [VC_CITY_2] = "city_2",
	[VC_REGION_2] = "province_2", [VC_POSTAL_CODE_2] = "postal_code_2", [VC_COUNTRY_2] = "country_2",
	[VC_ADDRESS_2_TYPE] = "address_type_2", [VC_WECHAT] = "wechat", [VC_QQ] = "qq",
	[VC_BIRTHDAY] = "birthday", [VC_ANNIVERSARY] = "anniversary", [VC_GENDER] = "gender", [VC_LANGUAGE] = "language",
	[VC_URL] = "url", [VC_NOTE] = "note", [VC_CATEGORIES] = "categories", [VC_UID] = "uid", [VC_REVISED] = "revised",
	[VC_COUNT] = NULL,
};

enum { LINE_MAX_BYTES = 256 * 1024, SLOTS_MAX = 5 };

/* What a card may have several of: so many, of so many parts each, the preferred ones first. */
enum slot_kind { SLOT_PHONE, SLOT_EMAIL, SLOT_ADDRESS, SLOT_KINDS };
static const struct {
	enum vcard_part first;
	int width, max;
} slots[SLOT_KINDS] = {[SLOT_PHONE] = {VC_PHONE, 2, 5}, [SLOT_EMAIL] = {VC_EMAIL, 1, 4}, [SLOT_ADDRESS] = {VC_STREET, 6, 2}};

struct vcard_state {
	struct buf in;   /* decoded text not yet taken */
	size_t at;
	struct buf line; /* the unfolded line */
	struct buf card; /* the parts' texts */
	size_t offsets[VC_COUNT], lengths[VC_COUNT];
	int prefs[SLOT_KINDS][SLOTS_MAX]; /* of what stands in each slot */
	int used[SLOT_KINDS];
	bool raw; /* lines are decoded when they are whole: they may be folded within a character */
	const char *problem;
	int64_t number;
	int depth; /* cards may contain cards (AGENT) */
	bool ended, pending_begin;
};

/* --- lines ------------------------------------------------------------- */

/* The next bytes: decoded where an encoding has no plain line ends, as they stand where it has. */
static enum err more_text(struct ctx *ctx, struct table *table, bool *ret_more)
{
	struct vcard_state *s = table->state;
	char chunk[FILE_CHUNK];
	size_t n = 0;
	if (!s->raw)
		return file_input_text(ctx, &table->in, &s->in, ret_more);
	enum err err = file_input_read(ctx, &table->in, chunk, sizeof(chunk), &n);
	if (err != OK)
		return err;
	*ret_more = n == sizeof(chunk);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (chunk[i] != '\0')
			chunk[kept++] = chunk[i];
	buf_add(&s->in, chunk, kept);
	return buf_failed(&s->in) ? fail(ctx, ERR_LIMIT, "file", "row_too_large") : OK;
}

/* The next physical line, without its end; false at the end of the file. A line
 * over the limit comes in pieces. */
static enum err physical_line(struct ctx *ctx, struct table *table, char **ret, size_t *ret_len, bool *ret_more)
{
	struct vcard_state *s = table->state;
	for (;;) {
		char *start = s->in.data == NULL ? NULL : s->in.data + s->at;
		size_t left = s->in.len - s->at;
		char *end = left > 0 ? memchr(start, '\n', left) : NULL;
		if (end == NULL && left > 0 && (s->ended || left > LINE_MAX_BYTES))
			end = start + left;
		if (end != NULL) {
			*ret = start;
			*ret_len = (size_t)(end - start);
			s->at += *ret_len + (end < start + left);
			while (*ret_len > 0 && start[*ret_len - 1] == '\r')
				--*ret_len;
			*ret_more = true;
			return OK;
		}
		*ret_more = false;
		if (s->ended)
			return OK;
		if (s->at > 0) {
			memmove(s->in.data, s->in.data + s->at, left);
			buf_truncate(&s->in, left);
			s->at = 0;
		}
		bool more = false;
		enum err err = more_text(ctx, table, &more);
		if (err != OK)
			return err;
		s->ended = !more;
	}
}

/* Whether more text is at hand to see if the next line continues this one. */
static enum err fill(struct ctx *ctx, struct table *table)
{
	struct vcard_state *s = table->state;
	while (s->at == s->in.len && !s->ended) {
		bool more = false;
		buf_reset(&s->in);
		s->at = 0;
		enum err err = more_text(ctx, table, &more);
		if (err != OK)
			return err;
		s->ended = !more;
	}
	return OK;
}

static void add_piece(struct vcard_state *s, const char *text, size_t len)
{
	if (s->line.len + len <= LINE_MAX_BYTES)
		buf_add(&s->line, text, len); /* pictures and keys go over it, and are not wanted */
}

static bool quoted_printable(const struct vcard_state *s)
{
	const char *colon = s->line.data == NULL ? NULL : memchr(s->line.data, ':', s->line.len);
	if (colon == NULL)
		return false;
	for (const char *p = s->line.data; p + 16 <= colon; p++)
		if (strncasecmp(p, "QUOTED-PRINTABLE", 16) == 0)
			return true;
	return false;
}

/* How the next physical line continues this one: not, folded, or after a soft break. */
enum continuation { CONTINUES_NOT, CONTINUES_FOLDED, CONTINUES_SOFT };

static enum continuation continuation(const struct vcard_state *s, bool quoted)
{
	if (quoted && s->line.len > 0 && s->line.data[s->line.len - 1] == '=')
		return CONTINUES_SOFT;
	bool blank = s->at < s->in.len && (s->in.data[s->at] == ' ' || s->in.data[s->at] == '\t');
	return blank ? CONTINUES_FOLDED : CONTINUES_NOT;
}

/* The next line with its continuations: lines that begin with a blank, and what
 * follows a '=' at the end of a quoted-printable one. */
static enum err logical_line(struct ctx *ctx, struct table *table, bool *ret_more)
{
	struct vcard_state *s = table->state;
	char *text = NULL;
	size_t len = 0;
	bool more = true;
	buf_reset(&s->line);
	enum err err = physical_line(ctx, table, &text, &len, ret_more);
	if (err != OK || !*ret_more)
		return err;
	add_piece(s, text, len);
	bool quoted = quoted_printable(s);
	while (more) {
		err = fill(ctx, table);
		enum continuation how = err == OK ? continuation(s, quoted) : CONTINUES_NOT;
		if (how == CONTINUES_NOT)
			return err;
		err = physical_line(ctx, table, &text, &len, &more);
		if (err != OK || !more)
			return err;
		if (how == CONTINUES_SOFT)
			buf_truncate(&s->line, s->line.len - 1);
		size_t skip = how == CONTINUES_FOLDED && len > 0 ? 1 : 0;
		add_piece(s, text + skip, len - skip);
	}
	return OK;
}

/* --- properties -------------------------------------------------------- */

static bool empty_part(const struct vcard_state *s, enum vcard_part part)
{
	return s->lengths[part] == 0;
}

static void set_part(struct vcard_state *s, enum vcard_part part, const char *text)
{
	size_t len = 0;
	text = str_trim(text, strlen(text), &len);
	s->offsets[part] = s->card.len;
	s->lengths[part] = len;
	buf_add(&s->card, text, len);
	buf_putc(&s->card, '\0');
}

static void set_first(struct vcard_state *s, enum vcard_part part, char *text)
{
	vcard_unescape(text);
	if (empty_part(s, part))
		set_part(s, part, text);
}

/* A slot for one more, by preference; -1: there are too many. What stands behind it moves down. */
static int take_slot(struct vcard_state *s, enum slot_kind kind, int pref)
{
	int width = slots[kind].width, max = slots[kind].max, at = 0;
	int first = (int)slots[kind].first;
	while (at < s->used[kind] && s->prefs[kind][at] <= pref)
		at++;
	if (at == max)
		return -1;
	if (s->used[kind] < max)
		s->used[kind]++;
	for (int i = s->used[kind] - 1; i > at; i--) {
		s->prefs[kind][i] = s->prefs[kind][i - 1];
		for (int k = 0; k < width; k++) {
			s->offsets[first + i * width + k] = s->offsets[first + (i - 1) * width + k];
			s->lengths[first + i * width + k] = s->lengths[first + (i - 1) * width + k];
		}
	}
	s->prefs[kind][at] = pref;
	for (int k = 0; k < width; k++)
		s->lengths[first + at * width + k] = 0;
	return first + at * width;
}

static void on_name(struct vcard_state *s, const struct vcard_line *line)
{
	static const enum vcard_part parts[] = {VC_FAMILY, VC_GIVEN, VC_MIDDLE, VC_PREFIX, VC_SUFFIX};
	char *rest = line->value;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *text = vcard_component(&rest, ';');
		if (text == NULL)
			return;
		set_first(s, parts[i], text);
	}
}

static void on_org(struct vcard_state *s, const struct vcard_line *line)
{
	char *rest = line->value;
	char *org = vcard_component(&rest, ';');
	char *department = vcard_component(&rest, ';');
	set_first(s, VC_ORG, org);
	if (department != NULL)
		set_first(s, VC_DEPARTMENT, department);
}

static const char *phone_type(const struct vcard_line *line)
{
	static const char *const types[] = {"cell", "iphone", "work", "home", "car", "pager", "main"};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (vcard_has_type(line, types[i]))
			return i == 1 ? "cell" : types[i];
	return "";
}

static bool blank(const char *text)
{
	size_t len = 0;
	(void)str_trim(text, strlen(text), &len);
	return len == 0;
}

static void on_phone(struct vcard_state *s, const struct vcard_line *line)
{
	char *value = line->value;
	if (strncasecmp(value, "tel:", 4) == 0)
		value += 4;
	if (vcard_has_type(line, "fax")) {
		set_first(s, VC_FAX, value);
		return;
	}
	int slot = blank(value) ? -1 : take_slot(s, SLOT_PHONE, line->pref);
	if (slot < 0)
		return;
	set_first(s, (enum vcard_part)slot, value);
	set_part(s, (enum vcard_part)slot + 1, phone_type(line));
}

static void on_email(struct vcard_state *s, const struct vcard_line *line)
{
	char *value = line->value;
	if (strncasecmp(value, "mailto:", 7) == 0)
		value += 7;
	int slot = blank(value) ? -1 : take_slot(s, SLOT_EMAIL, line->pref);
	if (slot >= 0)
		set_first(s, (enum vcard_part)slot, value);
}

/* IMPP:qq:12345, IMPP;X-SERVICE-TYPE=WeChat:x-apple:name, X-QQ:12345, X-SOCIALPROFILE;TYPE=wechat:… */
static void on_chat(struct vcard_state *s, const struct vcard_line *line)
{
	static const struct {
		const char *word;
		enum vcard_part part;
	} services[] = {{"qq", VC_QQ}, {"wechat", VC_WECHAT}, {"weixin", VC_WECHAT}};
	vcard_unescape(line->value);
	const char *colon = strrchr(line->value, ':'), *plain = colon != NULL ? colon + 1 : line->value;
	const char *slash = strrchr(plain, '/');
	plain = slash != NULL ? slash + 1 : plain;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		size_t n = strlen(services[i].word);
		bool scheme = strncasecmp(line->value, services[i].word, n) == 0 && line->value[n] == ':';
		bool own = line->name[0] == 'X' && strcasecmp(line->name + 2, services[i].word) == 0;
		if ((scheme || own || vcard_has_type(line, services[i].word)) && empty_part(s, services[i].part))
			set_part(s, services[i].part, plain);
	}
}

/* Street, extended address and post box, in this order, those that there are. */
static void set_street(struct vcard_state *s, enum vcard_part base, char *const *parts)
{
	struct buf street;
	buf_init(&street, LINE_MAX_BYTES);
	for (size_t i = 3; i-- > 0;) {
		if (parts[i] == NULL || parts[i][0] == '\0')
			continue;
		if (street.len > 0)
			buf_puts(&street, ", ");
		buf_puts(&street, parts[i]);
	}
	set_part(s, base, buf_text(&street));
	buf_release(&street);
}

static void on_address(struct vcard_state *s, const struct vcard_line *line)
{
	char *parts[7] = {NULL}; /* post box, extended, street, locality, region, code, country */
	char *rest = line->value;
	bool any = false;
	for (size_t i = 0; i < 7 && (parts[i] = vcard_component(&rest, ';')) != NULL; i++) {
		vcard_unescape(parts[i]);
		any |= !blank(parts[i]);
	}
	int slot = any ? take_slot(s, SLOT_ADDRESS, line->pref) : -1;
	if (slot < 0)
		return;
	enum vcard_part base = (enum vcard_part)slot;
	set_street(s, base, parts);
	for (size_t i = 3; i < 7; i++)
		if (parts[i] != NULL)
			set_part(s, base + (enum vcard_part)(i - 2), parts[i]);
	set_part(s, base + 5, vcard_has_type(line, "home") ? "home" : vcard_has_type(line, "work") ? "work" : "");
}

static void on_date(struct vcard_state *s, enum vcard_part part, const struct vcard_line *line)
{
	char room[VCARD_DATE_MAX];
	vcard_unescape(line->value);
	if (empty_part(s, part))
		set_part(s, part, vcard_date(line->value, room));
}

/* How Apple marks a firm's card. */
static void on_shown_as(struct vcard_state *s, const struct vcard_line *line)
{
	if (strncasecmp(line->value, "COMPANY", 7) == 0 && empty_part(s, VC_KIND))
		set_part(s, VC_KIND, "org");
}

/* "M", "F;woman" … */
static void on_gender(struct vcard_state *s, const struct vcard_line *line)
{
	char letter = line->value[0];
	if (empty_part(s, VC_GENDER))
		set_part(s, VC_GENDER, letter == 'M' || letter == 'm' ? "male" : letter == 'F' || letter == 'f' ? "female" : letter == 'O' ? "other" : "");
}

struct property {
	const char *name;
	enum vcard_part part;
	void (*take)(struct vcard_state *s, const struct vcard_line *line); /* NULL: plain text into `part` */
};

static const struct property properties[] = {
	{"FN", VC_NAME, NULL},         {"N", VC_COUNT, on_name},      {"NICKNAME", VC_NICKNAME, NULL},
	{"ORG", VC_COUNT, on_org},     {"TITLE", VC_JOB, NULL},       {"TEL", VC_COUNT, on_phone},
	{"EMAIL", VC_COUNT, on_email}, {"ADR", VC_COUNT, on_address}, {"URL", VC_URL, NULL},
	{"NOTE", VC_NOTE, NULL},       {"KIND", VC_KIND, NULL},       {"CATEGORIES", VC_CATEGORIES, NULL},
	{"UID", VC_UID, NULL},         {"REV", VC_REVISED, NULL},     {"LANG", VC_LANGUAGE, NULL},
	{"IMPP", VC_COUNT, on_chat},   {"X-QQ", VC_COUNT, on_chat},   {"X-WECHAT", VC_COUNT, on_chat}, {"X-WEIXIN", VC_COUNT, on_chat},
	{"X-SOCIALPROFILE", VC_COUNT, on_chat}, {"X-ABSHOWAS", VC_COUNT, on_shown_as},
};

/* Bytes in another encoding, to UTF-8 in the arena: by the line's own name of it, or what the bytes (or the file) look like. */
static enum err decode_value(struct ctx *ctx, struct table *table, struct vcard_line *line)
{
	size_t len = line->encoding == 'q' ? vcard_decode_qp(line->value) : strlen(line->value), bom = 0;
	if (utf8_valid(line->value, len))
		return OK;
	struct text_decoder *decoder = NULL;
	enum err err = line->charset[0] != '\0' ? text_decoder_new(ctx, line->charset, &decoder) : OK;
	if (err != OK) { /* an encoding nobody knows */
		faults_clear(ctx);
		decoder = NULL;
	}
	bool own = decoder != NULL;
	if (!own && line->encoding == 'q')
		err = text_decoder_new(ctx, text_detect_encoding(line->value, len, &bom), &decoder);
	else if (!own)
		decoder = table->in.decoder;
	if (err != OK && decoder == NULL)
		return err;
	struct buf out;
	buf_init(&out, LINE_MAX_BYTES * 4);
	err = text_decode(ctx, decoder, line->value, len, true, &out);
	if (decoder != table->in.decoder)
		text_decoder_free(decoder);
	if (err == OK)
		line->value = arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return err == OK && line->value == NULL ? fail(ctx, ERR_LIMIT, "", "no_memory") : err;
}

static enum err take_property(struct ctx *ctx, struct table *table, struct vcard_line *line)
{
	struct vcard_state *s = table->state;
	if (line->encoding == 'b')
		return OK;
	enum err err = decode_value(ctx, table, line);
	if (err != OK)
		return err;
	if (strcmp(line->name, "BDAY") == 0)
		on_date(s, VC_BIRTHDAY, line);
	else if (strcmp(line->name, "ANNIVERSARY") == 0 || strcmp(line->name, "X-ANNIVERSARY") == 0)
		on_date(s, VC_ANNIVERSARY, line);
	else if (strcmp(line->name, "GENDER") == 0)
		on_gender(s, line);
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		if (strcmp(line->name, properties[i].name) != 0)
			continue;
		if (properties[i].take != NULL)
			properties[i].take(s, line);
		else
			set_first(s, properties[i].part, line->value);
		break;
	}
	return OK;
}

/* --- cards ------------------------------------------------------------- */

static void begin_card(struct vcard_state *s)
{
	buf_reset(&s->card);
	memset(s->lengths, 0, sizeof(s->lengths));
	memset(s->used, 0, sizeof(s->used));
	s->problem = NULL;
	s->depth = 1;
}

static const char *part_text(const struct vcard_state *s, enum vcard_part part)
{
	return s->lengths[part] == 0 || s->card.data == NULL ? "" : s->card.data + s->offsets[part];
}

/* Whether the text is these two, whatever blanks stand between. */
static bool is_pair(const char *text, const char *first, const char *second)
{
	size_t n = strlen(first);
	if (strncmp(text, first, n) != 0)
		return false;
	text += n;
	return strcmp(text + strspn(text, " "), second) == 0;
}

/* A card of nobody, of that name: a firm's. */
static void note_company(struct vcard_state *s)
{
	bool nobody = empty_part(s, VC_FAMILY) && empty_part(s, VC_GIVEN);
	bool same = empty_part(s, VC_NAME) || strcmp(part_text(s, VC_NAME), part_text(s, VC_ORG)) == 0;
	if (nobody && same && empty_part(s, VC_KIND) && !empty_part(s, VC_ORG))
		set_part(s, VC_KIND, "org");
}

/* The name as people of that script write it: where the card has none, or one in the other order. */
static enum err complete_name(struct ctx *ctx, struct vcard_state *s)
{
	const char *family = part_text(s, VC_FAMILY), *given = part_text(s, VC_GIVEN), *name = "";
	enum err err = text_person_name(ctx, given, part_text(s, VC_MIDDLE), family, &name);
	if (err != OK)
		return err;
	bool eastern = family[0] != '\0' && given[0] != '\0' && str_starts(name, family);
	bool turned = eastern && empty_part(s, VC_MIDDLE) && is_pair(part_text(s, VC_NAME), given, family);
	note_company(s);
	if (!empty_part(s, VC_NAME) && !turned)
		return OK;
	const char *before = eastern ? "" : part_text(s, VC_PREFIX), *after = eastern ? "" : part_text(s, VC_SUFFIX);
	name = arena_printf(ctx->arena, "%s%s%s%s%s", before, before[0] != '\0' ? " " : "", name, after[0] != '\0' ? " " : "", after);
	if (name != NULL && name[0] == '\0')
		name = arena_strdup(ctx->arena, part_text(s, VC_ORG)); /* the card's text may move */
	if (name == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	set_part(s, VC_NAME, name);
	return OK;
}

static enum err end_card(struct ctx *ctx, struct table *table, struct table_row *ret)
{
	struct vcard_state *s = table->state;
	s->depth = 0;
	enum err err = complete_name(ctx, s);
	if (err != OK)
		return err;
	struct cell *cells = table_cells(table, VC_COUNT);
	if (cells == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	if (buf_failed(&s->card))
		s->problem = "row_too_large";
	for (size_t i = 0; i < VC_COUNT; i++)
		cells[i] = s->lengths[i] == 0 || buf_failed(&s->card)
		             ? (struct cell){"", 0, CELL_EMPTY}
		             : (struct cell){s->card.data + s->offsets[i], s->lengths[i], CELL_TEXT};
	*ret = (struct table_row){cells, VC_COUNT, s->number++, s->problem};
	return OK;
}

static bool is_mark(const struct vcard_line *line, const char *name)
{
	return strcmp(line->name, name) == 0 && strncasecmp(line->value, "VCARD", 5) == 0;
}

/* One line of the file; *ret_card: a card ended. */
static enum err take_line(struct ctx *ctx, struct table *table, struct vcard_line *line, bool agent, bool *ret_card)
{
	struct vcard_state *s = table->state;
	*ret_card = false;
	if (is_mark(line, "BEGIN")) {
		if (s->depth == 0) {
			begin_card(s);
		} else if (agent || s->depth > 1) {
			s->depth++;
		} else { /* the one before has no end */
			s->problem = "card_not_ended";
			s->pending_begin = *ret_card = true;
		}
		return OK;
	}
	if (is_mark(line, "END")) {
		*ret_card = s->depth == 1;
		if (s->depth > 1)
			s->depth--;
		return OK;
	}
	return s->depth == 1 ? take_property(ctx, table, line) : OK;
}

static enum err vcard_next(struct ctx *ctx, struct table *table, struct table_row *ret, bool *ret_more)
{
	struct vcard_state *s = table->state;
	bool more = true, agent = false;
	struct arena_mark mark = arena_mark(ctx->arena);
	if (s->pending_begin)
		begin_card(s);
	s->pending_begin = false;
	for (;;) {
		enum err err = logical_line(ctx, table, &more);
		if (err != OK)
			return err;
		if (!more)
			break;
		struct vcard_line line;
		if (s->line.data == NULL || !vcard_parse_line(s->line.data, &line))
			continue;
		bool card = false;
		err = take_line(ctx, table, &line, agent, &card);
		if (err != OK)
			return err;
		arena_rewind(ctx->arena, mark);
		agent = strcmp(line.name, "AGENT") == 0;
		*ret_more = true;
		if (card)
			return end_card(ctx, table, ret);
	}
	*ret_more = s->depth > 0;
	if (!*ret_more)
		return OK;
	s->problem = "card_not_ended";
	return end_card(ctx, table, ret);
}

static void vcard_release(struct table *table)
{
	struct vcard_state *s = table->state;
	if (s == NULL)
		return;
	buf_release(&s->in);
	buf_release(&s->line);
	buf_release(&s->card);
	free(s);
	table->state = NULL;
}

static const struct table_reader vcard_reader = {.next = vcard_next, .free = vcard_release};

/* What the head looks like once its lines are put together again. */
static enum err detect(struct ctx *ctx, struct table *table)
{
	struct file_input *in = &table->in;
	char *text = arena_alloc(ctx->arena, in->head_len + 1);
	size_t n = 0, bom = 0;
	if (text == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	for (size_t i = 0; i < in->head_len; i++) {
		bool fold = i + 1 < in->head_len && in->head[i] == '\n' && (in->head[i + 1] == ' ' || in->head[i + 1] == '\t');
		if (!fold) {
			text[n++] = (char)in->head[i];
			continue;
		}
		n -= n > 0 && text[n - 1] == '\r';
		i++;
	}
	const char *name = text_detect_encoding(text, n, &bom);
	if (str_equal(name, table->info.encoding))
		return OK;
	text_decoder_free(in->decoder);
	in->decoder = NULL;
	table->info.encoding = arena_strdup(&table->memory, name);
	return text_decoder_new(ctx, name, &in->decoder);
}

enum err vcard_open(struct ctx *ctx, struct table *table, const struct table_options *options)
{
	bool wide = str_starts(table->info.encoding, "UTF-16") || str_starts(table->info.encoding, "UTF-32");
	if (!wide && table->in.head_at == 0 && str_empty(options->encoding)) {
		enum err err = detect(ctx, table);
		if (err != OK)
			return err;
	}
	struct vcard_state *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	buf_init(&s->in, LINE_MAX_BYTES + FILE_CHUNK * 4);
	buf_init(&s->line, LINE_MAX_BYTES + 1);
	buf_init(&s->card, TABLE_ROW_MAX);
	s->number = 1;
	s->raw = !wide;
	table->state = s;
	table->reader = &vcard_reader;
	table->own_header = true;
	table->info.columns = vcard_columns;
	table->info.n_columns = VC_COUNT;
	return OK;
}
