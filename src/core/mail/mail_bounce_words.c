/* What servers say when they refuse mail, and what it means for the address: the words go before the status code, as servers give
 * codes loosely. First row that fits wins. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "core/mail/mail_internal.h"

struct phrase {
	const char *words; /* lower case; "a*b": a, and b somewhere after it on the same line */
	enum mail_failure failure;
};

#define SOFT MAIL_FAILURE_SOFT
#define HARD MAIL_FAILURE_HARD

static const struct phrase phrases[] = {
	/* gone for good, said so plainly that nothing else in the text can mean another thing */
	{"null mx", HARD}, {"nullmx", HARD}, {"does not accept mail", HARD}, {"does not accept email", HARD}, {"doesn't receive email", HARD},
	{"not accepting network messages", HARD}, {"host does not receive mail", HARD}, {"does not receive mail", HARD},
	{"mailbox has moved", HARD}, {"has been moved to", HARD}, {"user has moved", HARD}, {"recipient has moved", HARD},
	{"address has changed", HARD}, {"is not any more", HARD}, {"has been replaced by", HARD}, {"no longer valid", HARD},
	{"account or domain may not exist", HARD}, {"recipient address rejected: access denied", HARD}, {"domain is not reachable", HARD},
	/* the sender was refused before the recipient was named, or a program failed */
	{"remote mail server after mail from", SOFT}, {"couldn't create", SOFT}, {"recipient preferences", SOFT},
	/* room, size, number */
	{"mailbox full", SOFT}, {"mailbox is full", SOFT}, {"mailbox quota", SOFT}, {"quota exceed", SOFT}, {"exceeded*quota", SOFT}, {"over quota", SOFT},
	{"overquota", SOFT}, {"out of quota", SOFT}, {"quota full", SOFT}, {"quota violation", SOFT}, {"disk quota", SOFT}, {"disk full", SOFT}, {"insufficient disk", SOFT},
	{"not enough storage", SOFT}, {"insufficient*storage", SOFT}, {"full mailbox", SOFT}, {"mail box full", SOFT}, {"mailfolder is full", SOFT},
	{"inbox is full", SOFT}, {"inbox is out of storage", SOFT}, {"exceeds allowed size", SOFT}, {"exceeded its maximum mailbox", SOFT}, {"storage quota", SOFT}, {"mailbox size limit", SOFT},
	{"邮箱已满", SOFT}, {"邮箱空间不足", SOFT}, {"容量已满", SOFT}, {"信箱已滿", SOFT}, {"邮箱容量", SOFT},
	{"too large", SOFT}, {"too big", SOFT}, {"size limit", SOFT}, {"exceeds*limit", SOFT}, {"message length exceeds", SOFT}, {"exceeds size", SOFT},
	{"too many", SOFT}, {"rate limit", SOFT}, {"rate-limit", SOFT}, {"ratelimit", SOFT}, {"too fast", SOFT}, {"throttl", SOFT}, {"try again", SOFT}, {"unusual rate", SOFT},
	{"connection frequency", SOFT}, {"频率", SOFT}, {"发送过于频繁", SOFT},
	/* whom they do not like is the sender, or what was sent */
	{"relay denied", SOFT}, {"relaying denied", SOFT}, {"relay not permitted", SOFT}, {"unable to relay", SOFT}, {"relay access denied", SOFT},
	{"relaying is prohibited", SOFT}, {"not a gateway", SOFT}, {"authentication required", SOFT}, {"spam", SOFT}, {"垃圾", SOFT},
	{"sender address rejected", SOFT}, {"sender rejected", SOFT}, {"sender was rejected", SOFT}, {"sender denied", SOFT}, {"sender verify", SOFT}, {"verify sender", SOFT},
	{"domain of sender", SOFT}, {"sender domain", SOFT}, {"sender's address", SOFT}, {"from: domain", SOFT}, {"invalid sender", SOFT}, {"your domain", SOFT},
	{"domain is invalid", SOFT}, {"bad sender", SOFT}, {"dmarc", SOFT}, {"dkim", SOFT}, {"spf ", SOFT}, {"spf)", SOFT}, {"sender policy", SOFT}, {"unauthenticated", SOFT},
	{"not allowed to send", SOFT}, {"ptr record", SOFT}, {"reverse dns", SOFT}, {"rdns", SOFT}, {"no reverse", SOFT}, {"helo", SOFT}, {"client host rejected", SOFT},
	{"blacklist", SOFT}, {"black list", SOFT}, {"blocklist", SOFT}, {"block list", SOFT}, {"blocked", SOFT}, {"banned", SOFT}, {"listed at", SOFT}, {"reputation", SOFT},
	{"access denied", SOFT}, {"access from ip", SOFT}, {"client*not allowed", SOFT}, {"policy", SOFT}, {"prohibited", SOFT}, {"virus", SOFT}, {"malware", SOFT},
	{"not rfc", SOFT}, {"rfc 5322", SOFT}, {"rfc5322", SOFT}, {"header error", SOFT}, {"content reject", SOFT}, {"message rejected", SOFT}, {"message content", SOFT},
	{"permission to post", SOFT}, {"not a member", SOFT}, {"not member", SOFT}, {"you are not authorized", SOFT}, {"not authorized", SOFT}, {"mail rejected", SOFT}, {"redundant", SOFT},
	{"suspicious", SOFT}, {"unsolicited", SOFT}, {"拒收", SOFT}, {"refused", SOFT}, {"open relay", SOFT}, {"no access from", SOFT},
	/* an address that may come back */
	{"disabled", SOFT}, {"suspend", SOFT}, {"inactive", SOFT}, {"deactivated", SOFT}, {"on hold", SOFT}, {"locked", SOFT}, {"not active", SOFT}, {"temporarily", SOFT},
	{"frozen", SOFT}, {"discontinued", SOFT},
	/* hosts that are not there */
	{"host unknown", HARD}, {"unknown host", HARD}, {"host not found", HARD}, {"host or domain name not found", HARD}, {"name service error*not found", HARD},
	{"domain not found", HARD}, {"domain does not exist", HARD}, {"domain doesn't exist", HARD}, {"domain name not found", HARD}, {"no such domain", HARD},
	{"nxdomain", HARD}, {"unrouteable", HARD}, {"unroutable", HARD}, {"couldn't find any host", HARD}, {"could not find any host", HARD},
	{"couldn't find a mail exchanger", HARD}, {"no mx record", HARD}, {"domain must exist", HARD}, {"bad destination system", HARD}, {"illegal host", HARD}, {"does not exist*host", HARD},
	{"no route to recipient domain", HARD}, {"域名不存在", HARD}, {"dns lookup failure*not found", HARD}, {"host*not found", HARD},
	/* people that are not there */
	{"user unknown", HARD}, {"unknown user", HARD}, {"user not found", HARD}, {"user doesn't exist", HARD}, {"user does not exist", HARD}, {"user not known", HARD},
	{"unknown recipient", HARD}, {"recipient unknown", HARD}, {"recipient not found", HARD}, {"recipnotfound", HARD}, {"recipient does not exist", HARD},
	{"recipient address unknown", HARD}, {"no such user", HARD}, {"no such mailbox", HARD}, {"no such recipient", HARD}, {"no such account", HARD}, {"no such person", HARD},
	{"no such address", HARD}, {"no such email", HARD}, {"no such local user", HARD}, {"no mailbox here", HARD}, {"no mailbox by that name", HARD}, {"no mailbox found", HARD},
	{"mailbox not found", HARD}, {"mailbox does not exist", HARD}, {"mailbox unavailable", HARD}, {"mailbox unknown", HARD}, {"unknown mailbox", HARD}, {"mailbox invalid", HARD},
	{"invalid mailbox", HARD}, {"invalid recipient", HARD}, {"invalid user", HARD}, {"invalid address", HARD}, {"invalid local address", HARD}, {"bad destination mailbox", HARD},
	{"account not found", HARD}, {"account does not exist", HARD}, {"account that you tried to reach does not exist", HARD}, {"that you tried to reach does not exist", HARD},
	{"account is unavailable", HARD}, {"account unknown", HARD}, {"address unknown", HARD}, {"unknown address", HARD}, {"unknown local", HARD}, {"address does not exist", HARD},
	{"address not found", HARD}, {"email address could not be found", HARD}, {"couldn't be found", HARD}, {"wasn't found", HARD}, {"address invalid", HARD},
	{"unknown or illegal", HARD}, {"not a valid", HARD}, {"not a known user", HARD}, {"not our customer", HARD}, {"name is not recognized", HARD},
	{"not listed in", HARD}, {"not known at", HARD}, {"not exist", HARD}, {"doesn't have a*account", HARD}, {"doesn't have an account", HARD}, {"does not have an account", HARD},
	{"unknown in virtual", HARD}, {"destination address", HARD}, {"undeliverable address", HARD}, {"addressee unknown", HARD}, {"there is no one at this address", HARD},
	{"no longer with", HARD}, {"no longer work", HARD}, {"not a registered", HARD}, {"is not a user", HARD}, {"user is unknown", HARD}, {"no user", HARD},
	{"address error", HARD}, {"address rejected", HARD}, {"> rejected", HARD}, {"no valid recipients", HARD}, {"destinataire inconnu", HARD}, {"adresse inconnue", HARD}, {"adresse d au moins un destinataire invalide", HARD},
	{"用户不存在", HARD}, {"用户未找到", HARD}, {"地址不存在", HARD}, {"收件人不存在", HARD}, {"邮箱不存在", HARD}, {"账号不存在", HARD}, {"帐号不存在", HARD},
	{"使用者不存在", HARD}, {"找不到收件人", HARD}, {"查无此人", HARD}, {"收件人地址不存在", HARD}, {"不存在", HARD}, {"見つかりません", HARD},
	{"見つからない", HARD},
};

/* "a*b" fits where b comes at most this many bytes after a. */
enum { APART_MAX = 160, SAID_MAX = 32 << 10 };

static bool fits(const char *said, const char *words)
{
	const char *star = strchr(words, '*');
	if (star == NULL)
		return mail_has(said, words);
	char first[64];
	size_t n = (size_t)(star - words);
	if (n >= sizeof(first))
		return false;
	memcpy(first, words, n);
	first[n] = '\0';
	for (const char *at = mail_find(said, first); at != NULL; at = mail_find(at + 1, first)) {
		const char *found = mail_find(at + n, star + 1);
		if (found == NULL)
			return false;
		if (found - at <= APART_MAX)
			return true;
	}
	return false;
}

/* With single spaces: lines are broken anywhere. Cut at SAID_MAX. */
static void squeeze(const char *said, struct buf *out)
{
	bool space = false;
	for (; *said != '\0' && out->len < SAID_MAX; said++) {
		bool white = isspace((unsigned char)*said) != 0;
		if (white && !space)
			buf_putc(out, ' ');
		else if (!white)
			buf_putc(out, *said);
		space = white;
	}
}

/* RFC 3463, where words say nothing. */
static enum mail_failure by_status(const char *status)
{
	static const char *const hard[] = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.3.2", NULL};
	for (size_t i = 0; status != NULL && hard[i] != NULL; i++) {
		if (str_equal(status, hard[i]))
			return HARD;
	}
	return SOFT;
}

static bool one_of(const char *status, const char *const *list)
{
	for (size_t i = 0; status != NULL && list[i] != NULL; i++) {
		if (str_equal(status, list[i]))
			return true;
	}
	return false;
}

enum mail_failure mail_bounce_judge(const char *said, const char *status)
{
	/* what codes say of room, size and the sender is more than words */
	static const char *const soft[] = {"5.2.2", "4.2.2", "5.2.3", "5.3.4", "5.7.25", "5.7.26", "5.2.1", "4.2.1", "5.7.9", "5.1.8", "5.1.7", "4.4.7", NULL};
	struct buf text;
	if (one_of(status, soft))
		return SOFT;
	buf_init(&text, SAID_MAX + 1);
	squeeze(said, &text);
	const struct phrase *found = NULL;
	for (size_t i = 0; found == NULL && i < sizeof(phrases) / sizeof(phrases[0]); i++)
		found = fits(buf_text(&text), phrases[i].words) ? &phrases[i] : NULL;
	/* an unknown user after the whole message was sent is a filter's way to refuse it */
	bool filtered = strstr(buf_text(&text), "in reply to end of DATA") != NULL || fits(buf_text(&text), ">>> data <<< 550*554 5.0.0 service unavailable");
	buf_release(&text);
	if (found == NULL)
		return by_status(status);
	/* names that were not found this time may be found the next */
	bool passing = status != NULL && *status == '4' && strncmp(status, "4.1.", 4) != 0;
	return found->failure == HARD && (passing || filtered) ? SOFT : found->failure;
}

bool mail_bounce_prose(const char *text)
{
	static const char *const said[] = {"could not be delivered", "couldn't be delivered", "wasn't able to deliver", "was not able to deliver",
		"unable to deliver", "were unable to deliver", "not been delivered", "was not delivered", "delivery to the following", "delivery has failed",
		"delivery failed", "did not reach", "failed permanently", "has been delayed", "following addresses had", "had permanent fatal errors",
		"address(es) failed", "delivery errors", "delivery problems", "fatal errors", "could not deliver", "error delivering your mail",
		"transcript of session follows", "attempting to deliver", "trying to deliver", "rejected by a remote", "exceeds allowed size", "failed with:",
		"trouble delivering", "cannot be delivered", "undeliverable", "failure reasons", "following recipient", "following recipients", "failed addresses follow", "error message below",
		"rcpt to:", "not delivered", "not a member of this", "returned to you", "bounced address", "this is a permanent error",
		"无法投递", "無法投遞", "投递失败", "無法送達", "无法送达", "退信", "未能送达", "无法发送到", "被退回", "送信できません", "配信できません", "送信に失敗", "not yet been delivered",
		"не может быть доставлено", "konnte nicht zugestellt", "n'a pas pu être", "no se pudo entregar", NULL};
	for (size_t i = 0; said[i] != NULL; i++) {
		if (mail_has(text, said[i]))
			return true;
	}
	return false;
}
