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
	[VC_PHONE_3] = "phone_3", [VC_PHONE_3_TYPE] = "phone_3_type", [VC_FAX] = "fax", [VC_EMAIL] = "email",
	[VC_EMAIL_2] = "email_2", [VC_EMAIL_3] = "email_3", [VC_STREET] = "street", [VC_CITY] = "city",
	[VC_REGION] = "province", [VC_POSTAL_CODE] = "postal_code", [VC_COUNTRY] = "country",
	[VC_ADDRESS_TYPE] = "address_type", [VC_STREET_2] = "street_2", [VC_CITY_2] = "city_2",
	[VC_REGION_2] = "province_2", [VC_POSTAL_CODE_2] = "postal_code_2", [VC_COUNTRY_2] = "country_2",
	[VC_BIRTHDAY] = "birthday", [VC_ANNIVERSARY] = "anniversary", [VC_GENDER] = "gender", [VC_LANGUAGE] = "language",
	[VC_URL] = "url", [VC_NOTE] = "note", [VC_CATEGORIES] = "categories", [VC_UID] = "uid", [VC_REVISED] = "revised",
	[VC_COUNT] = NULL,
};

enum { LINE_MAX_BYTES = 256 * 1024 };

struct vcard_state {
	struct buf in;   /* decoded text not yet taken */
	size_t at;
	struct buf line; /* the unfolded line */
	struct buf card; /* the parts' texts */
	size_t offsets[VC_COUNT], lengths[VC_COUNT];
	bool preferred_phone, preferred_email;
	const char *problem;
	int64_t number;
	int depth; /* cards may contain cards (AGENT) */
	bool ended, pending_begin;
};

/* --- lines ------------------------------------------------------------- */

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
		enum err err = file_input_text(ctx, &table->in, &s->in, &more);
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
		enum err err = file_input_text(ctx, &table->in, &s->in, &more);
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

static void move_part(struct vcard_state *s, enum vcard_part from, enum vcard_part to)
{
	s->offsets[to] = s->offsets[from];
	s->lengths[to] = s->lengths[from];
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

static void on_phone(struct vcard_state *s, const struct vcard_line *line)
{
	static const enum vcard_part slots[] = {VC_PHONE, VC_PHONE_2, VC_PHONE_3};
	char *value = line->value;
	if (strncasecmp(value, "tel:", 4) == 0)
		value += 4;
	if (vcard_has_type(line, "fax")) {
		set_first(s, VC_FAX, value);
		return;
	}
	/* A preferred number goes first; the one that was there moves down. */
	if (vcard_has_type(line, "pref") && !s->preferred_phone && !empty_part(s, VC_PHONE)) {
		move_part(s, VC_PHONE_2, VC_PHONE_3);
		move_part(s, VC_PHONE_2_TYPE, VC_PHONE_3_TYPE);
		move_part(s, VC_PHONE, VC_PHONE_2);
		move_part(s, VC_PHONE_TYPE, VC_PHONE_2_TYPE);
		s->lengths[VC_PHONE] = 0;
	}
	s->preferred_phone |= vcard_has_type(line, "pref");
	for (size_t i = 0; i < 3; i++)
		if (empty_part(s, slots[i])) {
			set_first(s, slots[i], value);
			set_part(s, slots[i] + 1, phone_type(line));
			return;
		}
}

static void on_email(struct vcard_state *s, const struct vcard_line *line)
{
	char *value = line->value;
	if (strncasecmp(value, "mailto:", 7) == 0)
		value += 7;
	if (vcard_has_type(line, "pref") && !s->preferred_email && !empty_part(s, VC_EMAIL)) {
		move_part(s, VC_EMAIL_2, VC_EMAIL_3);
		move_part(s, VC_EMAIL, VC_EMAIL_2);
		s->lengths[VC_EMAIL] = 0;
	}
	s->preferred_email |= vcard_has_type(line, "pref");
	for (enum vcard_part part = VC_EMAIL; part <= VC_EMAIL_3; part++)
		if (empty_part(s, part)) {
			set_first(s, part, value);
			return;
		}
}

/* Which of the two addresses is free: VC_STREET, VC_STREET_2, or VC_COUNT for none. */
static enum vcard_part free_address(const struct vcard_state *s)
{
	static const enum vcard_part bases[] = {VC_STREET, VC_STREET_2};
	for (size_t i = 0; i < 2; i++) {
		enum vcard_part b = bases[i];
		enum vcard_part city = b + 1, country = b + 4;
		if (empty_part(s, b) && empty_part(s, city) && empty_part(s, country))
			return b;
	}
	return VC_COUNT;
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
	enum vcard_part base = free_address(s);
	char *parts[7] = {NULL}; /* post box, extended, street, locality, region, code, country */
	char *rest = line->value;
	if (base == VC_COUNT)
		return;
	for (size_t i = 0; i < 7 && (parts[i] = vcard_component(&rest, ';')) != NULL; i++)
		vcard_unescape(parts[i]);
	set_street(s, base, parts);
	for (size_t i = 3; i < 7; i++)
		if (parts[i] != NULL)
			set_part(s, base + (enum vcard_part)(i - 2), parts[i]);
	if (base == VC_STREET)
		set_part(s, VC_ADDRESS_TYPE, vcard_has_type(line, "home") ? "home" : vcard_has_type(line, "work") ? "work" : "");
}

static void on_date(struct vcard_state *s, enum vcard_part part, const struct vcard_line *line)
{
	char room[VCARD_DATE_MAX];
	vcard_unescape(line->value);
	if (empty_part(s, part))
		set_part(s, part, vcard_date(line->value, room));
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
};

/* Bytes of a quoted-printable value in another encoding, to UTF-8 in the arena. */
static enum err decode_value(struct ctx *ctx, struct vcard_line *line)
{
	size_t len = vcard_decode_qp(line->value), bom = 0;
	if (utf8_valid(line->value, len))
		return OK;
	const char *encoding = line->charset[0] != '\0' ? line->charset : text_detect_encoding(line->value, len, &bom);
	struct text_decoder *decoder = NULL;
	enum err err = text_decoder_new(ctx, encoding, &decoder);
	if (err != OK) { /* an encoding nobody knows: take it as what it looks like */
		faults_clear(ctx);
		err = text_decoder_new(ctx, text_detect_encoding(line->value, len, &bom), &decoder);
		if (err != OK)
			return err;
	}
	struct buf out;
	buf_init(&out, LINE_MAX_BYTES * 4);
	err = text_decode(ctx, decoder, line->value, len, true, &out);
	text_decoder_free(decoder);
	if (err == OK)
		line->value = arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return err == OK && line->value == NULL ? fail(ctx, ERR_LIMIT, "", "no_memory") : err;
}

static enum err take_property(struct ctx *ctx, struct vcard_state *s, struct vcard_line *line)
{
	if (line->encoding == 'b')
		return OK;
	if (line->encoding == 'q') {
		enum err err = decode_value(ctx, line);
		if (err != OK)
			return err;
	}
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
	s->preferred_phone = s->preferred_email = false;
	s->problem = NULL;
	s->depth = 1;
}

static bool cjk(const char *text, size_t len)
{
	size_t at = 0;
	uint32_t c = utf8_next(text, len, &at);
	return c >= 0x2e80 && c <= 0x9fff;
}

/* A card without FN: the name as people of that script write it. */
static void complete_name(struct vcard_state *s)
{
	static const enum vcard_part western[] = {VC_PREFIX, VC_GIVEN, VC_MIDDLE, VC_FAMILY, VC_SUFFIX};
	static const enum vcard_part eastern[] = {VC_FAMILY, VC_MIDDLE, VC_GIVEN};
	if (!empty_part(s, VC_NAME) || s->card.data == NULL)
		return;
	bool east = !empty_part(s, VC_FAMILY) && cjk(s->card.data + s->offsets[VC_FAMILY], s->lengths[VC_FAMILY]);
	struct buf name;
	buf_init(&name, LINE_MAX_BYTES);
	for (size_t i = 0; i < (east ? 3 : 5); i++) {
		enum vcard_part part = east ? eastern[i] : western[i];
		if (empty_part(s, part))
			continue;
		if (!east && name.len > 0)
			buf_putc(&name, ' ');
		buf_add(&name, s->card.data + s->offsets[part], s->lengths[part]);
	}
	if (name.len == 0 && !empty_part(s, VC_ORG))
		buf_add(&name, s->card.data + s->offsets[VC_ORG], s->lengths[VC_ORG]);
	set_part(s, VC_NAME, buf_text(&name));
	buf_release(&name);
}

static enum err end_card(struct ctx *ctx, struct table *table, struct table_row *ret)
{
	struct vcard_state *s = table->state;
	s->depth = 0;
	complete_name(s);
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
static enum err take_line(struct ctx *ctx, struct vcard_state *s, struct vcard_line *line, bool agent, bool *ret_card)
{
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
	return s->depth == 1 ? take_property(ctx, s, line) : OK;
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
		err = take_line(ctx, s, &line, agent, &card);
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

enum err vcard_open(struct ctx *ctx, struct table *table, const struct table_options *options)
{
	(void)options;
	struct vcard_state *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	buf_init(&s->in, LINE_MAX_BYTES + FILE_CHUNK * 4);
	buf_init(&s->line, LINE_MAX_BYTES + 1);
	buf_init(&s->card, TABLE_ROW_MAX);
	s->number = 1;
	table->state = s;
	table->reader = &vcard_reader;
	table->own_header = true;
	table->info.columns = vcard_columns;
	table->info.n_columns = VC_COUNT;
	return OK;
}
