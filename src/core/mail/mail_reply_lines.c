/* What each line of a mail's text is, by words that mail programs write in many languages. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/mail/mail_internal.h"
#include "core/mail/mail_reply.h"

enum { SPAN_LINES = 7, SPAN_MAX = 600, SIGNED_MAX = 160, FOOTER_LINES = 8 };

static const char *const verbs[] = {" wrote", "a écrit", "schrieb", "schreef", "geschreven", "skrev", "napisał", "написал", "пишет", "пише", "escribió", "ha scritto",
	"escreveu", "写道", "寫道", "写到", "kirjoitti", "yazdı", "napsal", "のメール", "さんは書きました", "הכתב", "viết", "έγραψε", NULL};

static const char *const starters[] = {"on ", "le ", "am ", "op ", "den ", "el ", "il ", "em ", "在", "于", "於", "på ", "dne ", "w dniu ", "pe ", "el día ", "tarihinde ", "a ", NULL};

static const char *const header_names[] = {"from", "sent", "to", "cc", "subject", "date", "reply-to", "发件人", "发送时间", "发送日期", "收件人", "抄送", "主题", "日期", "寄件者", "寄件人",
	"寄件日期", "收件者", "副本", "主旨", "傳送時間", "da", "risposta", "data", "a", "oggetto", "inviato", "de", "enviado", "enviado el", "para", "asunto", "fecha", "assunto", "von",
	"gesendet", "an", "betreff", "datum", "envoyé", "à", "objet", "van", "verzonden", "aan", "onderwerp", "från", "skickat", "till", "ämne", "fra", "sendt", "til",
	"emne", "od", "do", "temat", "wysłano", "от", "отправлено", "кому", "тема", "дата", "差出人", "送信日時", "宛先", "件名", NULL};

static const char *const signed_starts[] = {"sent from", "sent via", "sent with", "sent by", "(sent from", "<<sent", "envoyé depuis", "envoyé de mon", "envoyé à partir",
	"von meinem", "diese nachricht wurde von meinem", "gesendet von", "from my ", "從我的", "从我的", "发自我的", "发自", "寄自我的", "來自我的", "来自我的", "verzonden met",
	"verzonden vanaf", "verstuurd vanaf", "get outlook for", "get [outlook for", "sendt fra", "skickat från", "enviado desde", "enviado do", "enviado de mi", "inviato da",
	"отправлено с", "надіслано з", "wysłane z", "iphoneから送信", "获取 outlook", "odesláno z", NULL};

static bool starts_any(const char *line, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strncasecmp(line, *list, strlen(*list)) == 0)
			return true;
	}
	return false;
}

static bool has_any(const char *line, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (mail_has(line, *list))
			return true;
	}
	return false;
}

/* "From: x", "*Sent:* x", "主题：x" */
static bool is_header(const char *line)
{
	line += strspn(line, "* ");
	for (size_t i = 0; header_names[i] != NULL; i++) {
		size_t n = strlen(header_names[i]);
		if (strncasecmp(line, header_names[i], n) != 0)
			continue;
		const char *after = line + n + strspn(line + n, "* ");
		if (*after == ':' || strncmp(after, "：", strlen("：")) == 0)
			return true;
	}
	return false;
}

static bool is_signed(const char *line)
{
	if (strlen(line) > SIGNED_MAX)
		return false;
	const char *word = strpbrk(line, " ");
	return starts_any(line, signed_starts) || (word != NULL && strcasecmp(word, " from mobile") == 0);
}

/* "---- words ----", as programs mark what they forward or return. */
static bool is_mark(const char *line)
{
	static const char *const others[] = {"begin forwarded message", "下面是转发的邮件", "开始转发的邮件", "début du message", "anfang der weitergeleiteten", NULL};
	size_t n = strlen(line), dashes = strspn(line, "-");
	if (dashes >= 2 && n > dashes + 4 && n < 200 && line[n - 1] == '-' && line[n - 2] == '-' && strspn(line, "- ") < n)
		return true;
	return starts_any(line, others);
}

static bool is_rule(const char *line)
{
	if (strcmp(line, "—") == 0 || strcmp(line, "ᐧ") == 0)
		return true;
	size_t n = strlen(line);
	return n >= 2 && strspn(line, "-_=*~+#") == n;
}

static size_t joined(const struct mail_line *lines, size_t n, size_t count, char *out)
{
	size_t len = 0;
	for (size_t i = 0; i < count && i < n; i++) {
		const char *text = lines[i].text + (lines[i].text[0] == '>' ? strspn(lines[i].text, "> ") : 0);
		size_t more = strlen(text);
		if (len + more + 2 > SPAN_MAX)
			return 0;
		if (len > 0 && more > 0)
			out[len++] = ' ';
		memcpy(out + len, text, more + 1);
		len += more;
	}
	return len;
}

/* "2016-10-24 15:36 Name <a@b>:" */
static bool date_and_address(const char *text, size_t len)
{
	size_t tail = len > 0 && text[len - 1] == ':' ? 2 : 1;
	return isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[1]) && len > 12 && text[len - tail] == '>' && strchr(text, '@') != NULL && strchr(text, '<') != NULL &&
	       strpbrk(text, "/-:") != NULL;
}

/* How many lines from here say "on that day somebody wrote:"; 0: none. */
static size_t attribution(const struct mail_line *lines, size_t n)
{
	char text[SPAN_MAX];
	const char *first = lines[0].text;
	if (strlen(first) > 400 || strpbrk(first, "0123456789") == NULL)
		return 0;
	if (!starts_any(first, starters) && !isdigit((unsigned char)*first) && !has_any(first, verbs))
		return 0;
	for (size_t count = 1; count <= SPAN_LINES && count <= n; count++) {
		size_t len = joined(lines, n, count, text);
		if (len == 0)
			return 0;
		bool ends = text[len - 1] == ':' || str_ends(text, "：");
		if (lines[count - 1].text[0] != '\0' && ((ends && has_any(text, verbs)) || date_and_address(text, len)))
			return count;
	}
	return 0;
}

/* A rule that a signature or somebody else's mail follows, not one that a person drew through their text. */
static bool rule_ends(const struct mail_line *lines, size_t n)
{
	size_t words = 0, headers = 0;
	if (strcmp(lines[0].text, "--") == 0 || strcmp(lines[0].text, "—") == 0)
		return true;
	for (size_t i = 1; i < n && words <= FOOTER_LINES; i++) {
		words += lines[i].text[0] != '\0' ? 1 : 0;
		headers += words <= 4 && is_header(lines[i].text) ? 1 : 0;
	}
	return headers >= 2 || words <= FOOTER_LINES;
}

static enum mail_line_kind kind_of(const struct mail_line *lines, size_t n)
{
	const char *text = lines[0].text;
	if (*text == '\0')
		return MAIL_LINE_EMPTY;
	if (*text == '>')
		return MAIL_LINE_QUOTE;
	if (is_mark(text) || (is_rule(text) && rule_ends(lines, n)))
		return MAIL_LINE_END;
	if (is_signed(text))
		return MAIL_LINE_SIGNED;
	return is_header(text) ? MAIL_LINE_HEADER : MAIL_LINE_TEXT;
}

/* Marks the lines from here that say who wrote what follows; how many, at least 1: the line itself. */
static size_t mark_attribution(struct mail_line *lines, size_t n)
{
	size_t span = lines[0].kind != MAIL_LINE_QUOTE ? attribution(lines, n) : 0;
	for (size_t i = 0; i < span; i++)
		lines[i].kind = MAIL_LINE_WROTE;
	return span > 0 ? span : 1;
}

void mail_lines_judge(struct mail_line *lines, size_t n)
{
	bool code = false, quoted = false;
	for (size_t i = 0, span; i < n; i += span) {
		bool fence = strncmp(lines[i].text, "```", 3) == 0;
		bool literal = code || fence;
		code = fence ? !code : code;
		lines[i].kind = literal ? MAIL_LINE_TEXT : kind_of(&lines[i], n - i);
		span = literal ? 1 : mark_attribution(&lines[i], n - i);
		/* bars quote as well, behind what says whom */
		if (quoted && lines[i].text[0] == '|')
			lines[i].kind = MAIL_LINE_QUOTE;
		if (lines[i].kind != MAIL_LINE_EMPTY)
			quoted = lines[i].kind == MAIL_LINE_WROTE || (quoted && lines[i].kind == MAIL_LINE_QUOTE);
	}
}
