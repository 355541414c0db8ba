/* What a column holds: by its heading, then by what stands in it; and which columns are no evidence. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "linkage/internal.h"

static const struct {
	const char *name;
	enum linkage_kind kind;
} kind_names[] = {
	{"name", LINKAGE_NAME}, {"company", LINKAGE_COMPANY}, {"phone", LINKAGE_PHONE}, {"email", LINKAGE_EMAIL}, {"date", LINKAGE_DATE},
	{"address", LINKAGE_ADDRESS}, {"text", LINKAGE_TEXT}, {"number", LINKAGE_NUMBER}, {"code", LINKAGE_CODE}, {"category", LINKAGE_CATEGORY},
	{"guess", LINKAGE_GUESS}, {"ignore", LINKAGE_IGNORE},
	/* other words people use */
	{"given_name", LINKAGE_NAME}, {"first_name", LINKAGE_NAME}, {"family_name", LINKAGE_NAME}, {"last_name", LINKAGE_NAME}, {"surname", LINKAGE_NAME},
	{"person", LINKAGE_NAME}, {"city", LINKAGE_NAME}, {"place", LINKAGE_NAME}, {"string", LINKAGE_NAME}, {"organisation", LINKAGE_COMPANY},
	{"organization", LINKAGE_COMPANY}, {"tel", LINKAGE_PHONE}, {"telephone", LINKAGE_PHONE}, {"mobile", LINKAGE_PHONE}, {"mail", LINKAGE_EMAIL},
	{"e-mail", LINKAGE_EMAIL}, {"birthday", LINKAGE_DATE}, {"street", LINKAGE_ADDRESS}, {"title", LINKAGE_TEXT}, {"description", LINKAGE_TEXT},
	{"authors", LINKAGE_TEXT}, {"price", LINKAGE_NUMBER}, {"amount", LINKAGE_NUMBER}, {"numeric", LINKAGE_NUMBER}, {"id", LINKAGE_CODE},
	{"year", LINKAGE_CODE}, {"zip", LINKAGE_CODE}, {"postcode", LINKAGE_CODE}, {"exact", LINKAGE_CATEGORY}, {"type", LINKAGE_CATEGORY},
};

enum linkage_kind linkage_kind_named(const char *name)
{
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (str_equal_nocase(kind_names[i].name, name))
			return kind_names[i].kind;
	}
	return LINKAGE_KIND_COUNT;
}

const char *linkage_kind_name(enum linkage_kind kind)
{
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (kind_names[i].kind == kind)
			return kind_names[i].name;
	}
	return "guess";
}

/* --- dates and numbers --------------------------------------------------- */

static int month_named(const char *text)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	char low[4] = {0};
	for (int i = 0; i < 3 && isalpha((unsigned char)text[i]); i++)
		low[i] = (char)tolower((unsigned char)text[i]);
	const char *at = low[2] != 0 ? strstr(months, low) : NULL;
	return at != NULL && (at - months) % 3 == 0 ? (int)(at - months) / 3 + 1 : 0;
}

/* Up to three groups of figures; a month's name is a group. False: there is something else in it. */
static size_t groups_of(const char *text, int32_t group[3], size_t width[3], int *ret_month)
{
	size_t n = 0;
	*ret_month = -1;
	while (*text != '\0' && n < 3) {
		if (isdigit((unsigned char)*text)) {
			group[n] = 0;
			for (width[n] = 0; isdigit((unsigned char)*text) && width[n] < 9; width[n]++)
				group[n] = group[n] * 10 + (*text++ - '0');
			n++;
		} else if (isalpha((unsigned char)*text)) {
			if (month_named(text) == 0 || *ret_month >= 0)
				return 0;
			*ret_month = (int)n;
			width[n] = 2;
			group[n++] = month_named(text);
			while (isalpha((unsigned char)*text))
				text++;
		} else {
			text++;
		}
	}
	return n;
}

static bool three_groups(const int32_t group[3], const size_t width[3], int month, int order, int32_t ymd[3])
{
	int y = width[0] == 4 ? 0 : 2, m = 1, d = 2 - y;
	if (width[0] != 4 && width[2] != 4 && width[2] != 2)
		return false;
	if (month >= 0 ? month == 0 : y == 2 && order == DATE_OF_MDY) {
		m = 0;
		d = 1;
	}
	ymd[0] = group[y];
	ymd[1] = group[m];
	ymd[2] = group[d];
	return width[m] <= 2 && width[d] <= 2;
}

bool kinds_date(const char *text, int order, int32_t ymd[3])
{
	int32_t group[3];
	size_t width[3];
	int month;
	size_t n = groups_of(text, group, width, &month);
	if (n == 3)
		return three_groups(group, width, month, order, ymd);
	if (n != 1 || width[0] != 8)
		return false;
	ymd[0] = group[0] / 10000;
	ymd[1] = group[0] / 100 % 100;
	ymd[2] = group[0] % 100;
	if (ymd[0] < 1000 || (ymd[1] > 12 && ymd[0] / 100 <= 31 && group[0] % 10000 >= 1000 && group[0] % 10000 < 2999)) {
		ymd[2] = group[0] / 1000000;
		ymd[1] = group[0] / 10000 % 100;
		ymd[0] = group[0] % 10000;
	}
	return true;
}

static bool likely_date(const char *text)
{
	int32_t ymd[3];
	if (!kinds_date(text, DATE_OF_DMY, ymd))
		return false;
	bool year = (ymd[0] >= 1000 && ymd[0] < 2200) || ymd[0] < 100;
	return year && ymd[1] >= 0 && ymd[1] <= 31 && ymd[2] >= 0 && ymd[2] <= 31 && (ymd[1] <= 12 || ymd[2] <= 12);
}

int kinds_date_order(const struct linkage_column *column)
{
	size_t second = 0, first = 0;
	for (size_t i = 0; i < column->n_texts; i++) {
		int32_t group[3];
		size_t width[3];
		int month;
		if (groups_of(column->texts[i], group, width, &month) != 3 || width[0] == 4 || month >= 0)
			continue;
		first += group[0] > 12;
		second += group[1] > 12;
	}
	return second > first ? DATE_OF_MDY : DATE_OF_DMY;
}

/* A currency sign or blank before a number. */
static bool before_number(char c)
{
	return c == ' ' || c == '$' || (unsigned char)c >= 0x80;
}

static bool part_of_number(char c, size_t n)
{
	return isdigit((unsigned char)c) || c == '.' || (n == 0 && (c == '-' || c == '+'));
}

bool kinds_number(const char *text, double *ret)
{
	char plain[48];
	size_t n = 0, figures = 0;
	while (before_number(*text))
		text++;
	for (; *text != '\0' && n + 1 < sizeof(plain); text++) {
		figures += isdigit((unsigned char)*text) != 0;
		if (part_of_number(*text, n))
			plain[n++] = *text;
		else if (*text != ',' && *text != ' ')
			break;
	}
	plain[n] = '\0';
	char *end = plain;
	*ret = strtod(plain, &end);
	/* "12.50 USD" is a number, "12 main street" is none */
	return figures > 0 && *end == '\0' && strlen(text) <= 4 && isfinite(*ret);
}

/* --- what stands in a column --------------------------------------------- */

struct profile {
	size_t rows, filled, different;
	double seen, mails, dates, numbers, whole, fractions, phones, with_figures, blanks, words, signs;
	double least, most;
	bool unique[2], shared; /* no value twice in this table; some in both */
};

/* The signs of a text, counted. */
struct signs_count {
	size_t len, figures, letters, blanks, dots, others;
};

static struct signs_count count_signs(const char *text)
{
	struct signs_count n = {.len = strlen(text)};
	for (size_t i = 0; i < n.len; i++) {
		unsigned char c = (unsigned char)text[i];
		n.figures += isdigit(c) != 0;
		n.letters += isalpha(c) != 0 || c >= 0x80;
		n.blanks += c == ' ';
		n.dots += c == '.';
		n.others += strchr("+-() ./", c) == NULL && !isdigit(c);
	}
	return n;
}

static void look_at_number(struct profile *p, const char *text, const struct signs_count *n)
{
	double number;
	if (!kinds_number(text, &number) || n->letters > 0)
		return;
	p->numbers++;
	p->fractions += n->dots == 1;
	if (n->figures == n->len) {
		p->whole++;
		p->least = number < p->least ? number : p->least;
		p->most = number > p->most ? number : p->most;
	}
}

static void look_at(struct profile *p, const char *text)
{
	struct signs_count n = count_signs(text);
	p->seen++;
	p->mails += strchr(text, '@') != NULL && n.dots > 0 && n.blanks == 0;
	p->dates += n.figures >= 3 && n.len <= 30 && likely_date(text);
	look_at_number(p, text, &n);
	p->phones += n.figures >= 6 && n.figures <= 15 && n.others == 0;
	p->with_figures += n.figures > 0;
	p->blanks += n.blanks > 0;
	p->words += 1 + (double)n.blanks;
	p->signs += (double)n.len;
}

static enum err profile_of(struct linkage *l, const struct linkage_column *c, struct profile *ret)
{
	*ret = (struct profile){.rows = l->n_rows, .least = INFINITY, .most = -INFINITY, .unique = {true, true}};
	uint8_t *seen = calloc(c->n_texts + 1, 1);
	if (seen == NULL)
		return linkage_no_memory(l);
	for (size_t row = 0; row < l->n_rows; row++) {
		int32_t code = c->code[row];
		int table = row >= l->n_first;
		if (code == LINKAGE_MISSING)
			continue;
		ret->filled++;
		ret->different += seen[code] == 0;
		if (seen[code] >> table & 1)
			ret->unique[table] = false;
		ret->shared = ret->shared || (seen[code] >> !table & 1);
		seen[code] |= (uint8_t)(1 << table);
	}
	size_t step = c->n_texts / 20000 + 1;
	for (size_t i = 0; i < c->n_texts; i += step) {
		if (seen[i] != 0)
			look_at(ret, c->texts[i]);
	}
	free(seen);
	return OK;
}

/* --- headings ------------------------------------------------------------ */

/* " given name ", " soc sec id ": small letters, a blank before and after each word; SourceID is " source id ". */
static void words_of(const char *name, char *ret, size_t room)
{
	size_t n = 0;
	ret[n++] = ' ';
	for (size_t i = 0; name[i] != '\0' && n + 3 < room; i++) {
		unsigned char c = (unsigned char)name[i];
		bool border = i > 0 && isupper(c) && islower((unsigned char)name[i - 1]);
		bool figure = isdigit(c) && i > 0 && isalpha((unsigned char)name[i - 1]);
		if ((border || figure) && ret[n - 1] != ' ')
			ret[n++] = ' ';
		if (c >= 0x80 || isalnum(c))
			ret[n++] = (char)tolower(c);
		else if (ret[n - 1] != ' ')
			ret[n++] = ' ';
	}
	if (ret[n - 1] != ' ')
		ret[n++] = ' ';
	ret[n] = '\0';
}

/* Whether a word of the list (words between blanks; Chinese anywhere) stands in the heading. */
static bool has_word(const char *words, const char *list)
{
	char word[32];
	while (*list != '\0') {
		size_t n = strcspn(list, " ");
		bool inside = (unsigned char)list[0] >= 0x80;
		if (n + 3 < sizeof(word)) {
			size_t at = 0;
			if (!inside)
				word[at++] = ' ';
			memcpy(word + at, list, n);
			at += n;
			if (!inside)
				word[at++] = ' ';
			word[at] = '\0';
			if (strstr(words, word) != NULL)
				return true;
		}
		list += n + (list[n] == ' ');
	}
	return false;
}

static const char known_numbers[] = "soc sec social ssn tax national passport vat citizen card licence license medicare nhs nino 身份证 税号 信用代码 护照";
static const char row_words[] = "id ids uid uuid guid oid rid pk tid cid ctid recid recno rowid rownum idx index 序号 编号 主键";
static const char truth_words[] = "cluster clusterid truth gold groundtruth entity entityid matchid dup dups duplicate duplicates ncid 重复";
static const char source_words[] = "source sourceid dataset database provenance";
static const char class_words[] = "class group label identity match family key subject";

/* A numbering of its own: 0, 1, 2 … nearly without gaps, of about as many values as there are rows. */
static bool is_numbering(const struct profile *p)
{
	double span = p->most - p->least + 1;
	return p->seen > 0 && p->whole >= p->seen && p->different > 50 && (double)p->different > 0.2 * (double)p->filled &&
	       span <= 1.5 * (double)p->different + 10 && p->least >= 0 && p->least <= (double)p->filled;
}

static bool is_identifier(const char *words, const struct profile *p)
{
	if (has_word(words, known_numbers))
		return false;
	size_t n = strlen(words);
	bool ends_in_id = n > 4 && memcmp(words + n - 4, " id ", 4) == 0;
	if (ends_in_id || has_word(words, row_words) || has_word(words, truth_words) || has_word(words, source_words))
		return true;
	double numbered = p->seen > 0 ? p->whole / p->seen : 0;
	if (has_word(words, class_words) && numbered > 0.9 && (double)p->different > 0.1 * (double)p->filled)
		return true;
	return is_numbering(p);
}

static const struct {
	const char *list;
	enum linkage_kind kind;
} heading_kinds[] = {
	{"email mail emailaddress 邮箱 邮件", LINKAGE_EMAIL},
	{"phone tel telephone mobile cell cellphone fax phonenumber msisdn 电话 手机 传真", LINKAGE_PHONE},
	{"zip zipcode postcode postalcode plz postal 邮编 邮政编码", LINKAGE_CODE},
	{"company organisation organization firm employer corporation manufacturer brand vendor maker 公司 单位 企业 厂家", LINKAGE_COMPANY},
	{"address addr street road 地址 住址", LINKAGE_ADDRESS},
	{"price amount cost length duration weight height width lat latitude lon lng longitude salary income revenue abv 价格 金额 重量",
	 LINKAGE_NUMBER},
	{"title description desc abstract authors author venue journal booktitle keywords content note notes comment comments song album text "
	 "summary ingredients "
	 "标题 描述 备注 说明 作者", LINKAGE_TEXT},
	{"name given surname forename fname lname firstname lastname middlename city town suburb county artist place 姓名 名字 联系人 名称 城市", LINKAGE_NAME},
};

static enum linkage_kind by_heading(const char *words, const struct profile *p)
{
	for (size_t i = 0; i < sizeof(heading_kinds) / sizeof(heading_kinds[0]); i++) {
		if (has_word(words, heading_kinds[i].list))
			return heading_kinds[i].kind;
	}
	if (has_word(words, "date dob birth birthday birthdate day 日期 生日 出生") && p->dates > 0.5 * p->seen)
		return LINKAGE_DATE;
	return LINKAGE_GUESS;
}

/* Of what are no signs of a special form: words. */
static enum linkage_kind by_words(const struct profile *p, double seen)
{
	double words = p->words / seen;
	bool few = p->different <= 60 && (double)p->different < 0.1 * (double)p->filled;
	if (few && words < 3)
		return LINKAGE_CATEGORY;
	if (words >= 4)
		return LINKAGE_TEXT;
	if (words >= 2.2 && p->with_figures > 0.4 * seen)
		return LINKAGE_ADDRESS;
	return p->with_figures > 0.5 * seen && p->blanks < 0.3 * seen ? LINKAGE_CODE : LINKAGE_NAME;
}

static enum linkage_kind by_content(const struct profile *p)
{
	double seen = p->seen > 0 ? p->seen : 1;
	if (p->mails > 0.6 * seen)
		return LINKAGE_EMAIL;
	if (p->dates > 0.8 * seen && p->most < 1e9)
		return LINKAGE_DATE;
	if (p->numbers > 0.9 * seen)
		return p->fractions > 0.2 * seen ? LINKAGE_NUMBER : LINKAGE_CODE;
	if (p->phones > 0.8 * seen && p->signs / seen >= 7 && p->numbers < 0.5 * seen)
		return LINKAGE_PHONE;
	return by_words(p, seen);
}

/* A heading that promises words: figures alone are a code or a date, one word is no title. */
static enum linkage_kind agreed_words(enum linkage_kind heading, enum linkage_kind content, const struct profile *p, double seen)
{
	double words = p->words / seen;
	if (content == LINKAGE_DATE && (words < 4 || p->numbers > 0.8 * seen))
		return LINKAGE_DATE;
	if (p->numbers > 0.8 * seen)
		return LINKAGE_CODE;
	if (heading == LINKAGE_TEXT && words < 2.5)
		return LINKAGE_NAME;
	return heading == LINKAGE_NAME && words >= 4 ? LINKAGE_TEXT : heading;
}

/* What a heading promises must stand there. */
static enum linkage_kind agreed(enum linkage_kind heading, enum linkage_kind content, const struct profile *p)
{
	double seen = p->seen > 0 ? p->seen : 1, holds = 1;
	if (heading == LINKAGE_GUESS)
		return content;
	if (heading == LINKAGE_NAME || heading == LINKAGE_COMPANY || heading == LINKAGE_ADDRESS || heading == LINKAGE_TEXT)
		return agreed_words(heading, content, p, seen);
	if (heading == LINKAGE_EMAIL)
		holds = p->mails / 0.3;
	else if (heading == LINKAGE_PHONE)
		holds = fmax(p->phones / 0.3, p->with_figures / 0.7);
	else if (heading == LINKAGE_NUMBER)
		holds = fmax(p->numbers / 0.5, p->with_figures / 0.8);
	else
		return heading;
	return holds > seen ? heading : content;
}

bool kinds_is_place(const char *name)
{
	char words[256];
	words_of(name, words, sizeof(words));
	return has_word(words, "city town suburb county place state country region district province village location locality birthplace area "
	                       "城市 国家 省 市 县 区 地区 籍贯");
}

/* No value stands twice, so that it says nothing but which row it is. */
static bool is_lonely(const struct linkage *l, const struct profile *p)
{
	return p->unique[0] && p->unique[1] && (l->n_first == l->n_rows || !p->shared) && p->filled > 20;
}

static bool is_sign(enum linkage_kind kind, const struct profile *p)
{
	return kind == LINKAGE_CODE || (kind == LINKAGE_NAME && p->with_figures > 0.9 * p->seen && p->blanks == 0);
}

static enum err decide(struct linkage *l, size_t i)
{
	const struct linkage_column *c = &l->in->columns[i];
	struct linkage_use *use = &l->uses[i];
	struct profile p;
	char words[256];
	use->kind = c->kind;
	if (c->kind == LINKAGE_IGNORE) {
		use->why = "asked";
		return OK;
	}
	enum err err = profile_of(l, c, &p);
	if (err != OK)
		return err;
	words_of(c->name != NULL ? c->name : "", words, sizeof(words));
	if (p.filled == 0)
		use->why = "empty";
	else if (p.different < 2)
		use->why = "constant";
	if (use->why != NULL || c->kind != LINKAGE_GUESS)
		return OK;
	if (is_identifier(words, &p)) {
		use->kind = LINKAGE_IGNORE;
		use->why = "identifier";
		return OK;
	}
	use->kind = agreed(by_heading(words, &p), by_content(&p), &p);
	if (is_lonely(l, &p) && is_sign(use->kind, &p)) {
		use->kind = LINKAGE_IGNORE;
		use->why = "all_different";
	}
	return OK;
}

enum err kinds_decide(struct linkage *l)
{
	size_t used = 0;
	for (size_t i = 0; i < l->n_columns; i++) {
		enum err err = decide(l, i);
		if (err != OK)
			return err;
		if (l->uses[i].why == NULL && ++used > LINKAGE_FIELDS_MAX - 2)
			l->uses[i].why = "too_many";
	}
	return used > 0 ? OK : fail(l->ctx, ERR_INVALID, "", "linkage_no_columns");
}
