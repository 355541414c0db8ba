/* Writes vCard 4.0 or 3.0. A column counts if its name is one of vcard_columns. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/files/vcard.h"

enum { FOLD_AT = 75 };

struct vcard_out {
	int columns[VC_COUNT]; /* position of the part's column, -1 none */
	struct buf line;
};

static const struct cell *part_cell(const struct vcard_out *v, const struct cell *cells, enum vcard_part part)
{
	static const struct cell none = {"", 0, CELL_EMPTY};
	return v->columns[part] < 0 ? &none : &cells[v->columns[part]];
}

static void put_escaped(struct buf *buf, const struct cell *cell)
{
	for (size_t i = 0; i < cell->len; i++) {
		char c = cell->text[i];
		if (c == '\r')
			continue;
		if (c == '\n') {
			buf_puts(buf, "\\n");
			continue;
		}
		if (c == ',' || c == ';' || c == '\\')
			buf_putc(buf, '\\');
		buf_putc(buf, c);
	}
}

/* Writes the line in pieces of at most 75 bytes, never within a character. */
static void put_folded(struct buf *out, const struct buf *line)
{
	size_t at = 0, room = FOLD_AT;
	while (line->len - at > room) {
		size_t n = room;
		while (n > 1 && ((unsigned char)line->data[at + n] & 0xc0) == 0x80)
			n--;
		buf_add(out, line->data + at, n);
		buf_puts(out, "\r\n ");
		at += n;
		room = FOLD_AT - 1;
	}
	buf_add(out, buf_text(line) + at, line->len - at);
	buf_puts(out, "\r\n");
}

static void put_line(struct table_out *out, const char *head, const struct cell *cell)
{
	struct vcard_out *v = out->state;
	if (cell->len == 0)
		return;
	buf_reset(&v->line);
	buf_puts(&v->line, head);
	put_escaped(&v->line, cell);
	put_folded(&out->buf, &v->line);
}

/* A structured value: its components in order, VC_COUNT for one that is always empty. */
static void put_parts(struct table_out *out, const char *head, const struct cell *cells, const enum vcard_part *parts,
                      size_t n, bool always)
{
	struct vcard_out *v = out->state;
	bool any = always;
	buf_reset(&v->line);
	buf_puts(&v->line, head);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(&v->line, ';');
		if (parts[i] == VC_COUNT)
			continue;
		const struct cell *cell = part_cell(v, cells, parts[i]);
		any |= cell->len > 0;
		put_escaped(&v->line, cell);
	}
	if (any)
		put_folded(&out->buf, &v->line);
}

static void put_phone(struct table_out *out, const struct cell *cells, enum vcard_part part)
{
	struct vcard_out *v = out->state;
	const struct cell *type = part_cell(v, cells, part + 1);
	char head[64] = "TEL";
	bool plain = type->len > 0 && type->len < 20;
	for (size_t i = 0; plain && i < type->len; i++)
		plain = type->text[i] >= 'a' && type->text[i] <= 'z';
	if (plain) {
		memcpy(head + 3, ";TYPE=", 6);
		memcpy(head + 9, type->text, type->len);
		head[9 + type->len] = '\0';
	}
	memcpy(head + strlen(head), ":", 2);
	put_line(out, head, part_cell(v, cells, part));
}

struct simple_line {
	enum vcard_part part;
	const char *head;
};

static const struct simple_line simple_lines[] = {
	{VC_NICKNAME, "NICKNAME:"}, {VC_JOB, "TITLE:"},       {VC_FAX, "TEL;TYPE=fax:"}, {VC_EMAIL, "EMAIL:"},
	{VC_EMAIL_2, "EMAIL:"},     {VC_EMAIL_3, "EMAIL:"},   {VC_EMAIL_4, "EMAIL:"}, {VC_WECHAT, "IMPP;X-SERVICE-TYPE=WeChat:"}, {VC_QQ, "IMPP;X-SERVICE-TYPE=QQ:"},
	  {VC_BIRTHDAY, "BDAY:"},    {VC_ANNIVERSARY, "X-ANNIVERSARY:"},
	{VC_URL, "URL:"},           {VC_NOTE, "NOTE:"},       {VC_CATEGORIES, "CATEGORIES:"}, {VC_UID, "UID:"},
	{VC_LANGUAGE, "LANG:"},     {VC_REVISED, "REV:"},
};

static enum err vcard_row_out(struct ctx *ctx, struct table_out *out, const struct cell *cells)
{
	static const enum vcard_part name[] = {VC_FAMILY, VC_GIVEN, VC_MIDDLE, VC_PREFIX, VC_SUFFIX};
	static const enum vcard_part only_name[] = {VC_NAME, VC_COUNT, VC_COUNT, VC_COUNT, VC_COUNT};
	static const enum vcard_part org[] = {VC_ORG, VC_DEPARTMENT};
	static const enum vcard_part address[] = {VC_COUNT, VC_COUNT, VC_STREET, VC_CITY, VC_REGION, VC_POSTAL_CODE, VC_COUNTRY};
	static const enum vcard_part second[] = {VC_COUNT,    VC_COUNT,         VC_STREET_2, VC_CITY_2,
	                                         VC_REGION_2, VC_POSTAL_CODE_2, VC_COUNTRY_2};
	struct vcard_out *v = out->state;
	buf_puts(&out->buf, out->options.vcard3 ? "BEGIN:VCARD\r\nVERSION:3.0\r\n" : "BEGIN:VCARD\r\nVERSION:4.0\r\n");
	const struct cell *kind = part_cell(v, cells, VC_KIND);
	if (!out->options.vcard3 && str_equal(kind->text, "company"))
		buf_puts(&out->buf, "KIND:org\r\n");
	const struct cell *full = part_cell(v, cells, VC_NAME);
	put_line(out, "FN:", full->len > 0 ? full : &(struct cell){"-", 1, CELL_TEXT});
	bool split = part_cell(v, cells, VC_FAMILY)->len > 0 || part_cell(v, cells, VC_GIVEN)->len > 0;
	put_parts(out, "N:", cells, split ? name : only_name, 5, true);
	put_parts(out, "ORG:", cells, org, 2, false);
	put_phone(out, cells, VC_PHONE);
	put_phone(out, cells, VC_PHONE_2);
	put_phone(out, cells, VC_PHONE_3);
	put_phone(out, cells, VC_PHONE_4);
	put_phone(out, cells, VC_PHONE_5);
	put_parts(out, "ADR:", cells, address, 7, false);
	put_parts(out, "ADR:", cells, second, 7, false);
	for (size_t i = 0; i < sizeof(simple_lines) / sizeof(simple_lines[0]); i++)
		put_line(out, simple_lines[i].head, part_cell(v, cells, simple_lines[i].part));
	const char *gender = part_cell(v, cells, VC_GENDER)->text;
	if (!out->options.vcard3 && gender[0] != '\0')
		buf_puts(&out->buf, str_equal(gender, "male") ? "GENDER:M\r\n" : str_equal(gender, "female") ? "GENDER:F\r\n" : "GENDER:O\r\n");
	buf_puts(&out->buf, "END:VCARD\r\n");
	return table_flush(ctx, out, false);
}

static enum err vcard_begin(struct ctx *ctx, struct table_out *out)
{
	struct vcard_out *v = calloc(1, sizeof(*v));
	if (v == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	out->options.encoding = NULL; /* vCard is UTF-8 */
	buf_init(&v->line, TABLE_ROW_MAX);
	out->state = v;
	for (size_t part = 0; part < VC_COUNT; part++) {
		v->columns[part] = -1;
		for (size_t i = 0; i < out->n_columns; i++)
			if (str_equal(out->columns[i].name, vcard_columns[part]))
				v->columns[part] = (int)i;
	}
	return OK;
}

static enum err vcard_end(struct ctx *ctx, struct table_out *out)
{
	(void)ctx;
	(void)out;
	return OK;
}

static void vcard_out_free(struct table_out *out)
{
	struct vcard_out *v = out->state;
	if (v != NULL)
		buf_release(&v->line);
	free(v);
	out->state = NULL;
}

const struct table_writer vcard_writer = {vcard_begin, vcard_row_out, vcard_end, vcard_out_free};
