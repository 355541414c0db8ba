/* Who may be contacted: the ledger of consents as it stands now, and the one gate that every sender asks.
 *
 * The ledger itself is the entity `consent` (src/customers): entries are added, never changed. What holds of a person, a channel and
 * a purpose is worked out by the write that adds an entry, so that the gate reads one row. */
#ifndef GUANXI_CONSENT_CONSENT_H
#define GUANXI_CONSENT_CONSENT_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/settings/settings.h"
#include "core/timers/timers.h"

extern const struct entity consent_text_entity, contact_pause_entity;
/* Over the API with rights, and the public door (/u/…): signed links alone, no cookie, no script. Stand before rest_routes. */
extern const struct route consent_routes[], consent_door_routes[];
extern const struct reaction consent_reactions[];
extern const struct schedule consent_schedules[];

enum consent_setting {
	CONSENT_URL, CONSENT_CAP_DAY, CONSENT_CAP_WEEK, CONSENT_CAP_MONTH, CONSENT_QUIET_FROM, CONSENT_QUIET_UNTIL, CONSENT_HOLIDAYS, CONSENT_STOP_AT,
	CONSENT_LINK_DAYS, CONSENT_SETTINGS
};
extern const struct setting consent_settings[CONSENT_SETTINGS + 1];

/* --- the gate ---------------------------------------------------------------------- */

enum consent_verdict { CONSENT_YES, CONSENT_LATER, CONSENT_NO };

/* Why not; their words are options (CONSENT_REASONS). */
enum consent_reason {
	CONSENT_FINE, CONSENT_GONE, CONSENT_NO_ADDRESS, CONSENT_NONE, CONSENT_WITHDRAWN, CONSENT_UNCONFIRMED, CONSENT_COMPLAINT, CONSENT_RETURN,
	CONSENT_CAP, CONSENT_QUIET, CONSENT_PAUSE, CONSENT_HOLIDAY, CONSENT_REASON_COUNT
};
extern const char *const consent_reason_names[CONSENT_REASON_COUNT];
/* Options of a field that keeps one, for other folders' lists. */
#define CONSENT_REASONS                                                                             \
	{"gone", {"The customer is gone or merged", "客户已删除或已合并"}, "quiet"},                      \
	{"no_address", {"No address for this channel", "没有该渠道的联系方式"}, "warn"},                   \
	{"no_consent", {"No consent", "未取得同意"}, "bad"},                                              \
	{"withdrawn", {"Consent was withdrawn", "已撤回同意"}, "bad"},                                    \
	{"unconfirmed", {"Consent not confirmed yet", "同意尚未确认"}, "warn"},                            \
	{"complaint", {"A complaint is open", "投诉处理中"}, "bad"},                                      \
	{"return", {"A return is open", "退换货处理中"}, "bad"},                                          \
	{"cap", {"Contacted often enough", "已达联系次数上限"}, "warn"},                                  \
	{"quiet", {"Quiet hours", "免打扰时段"}, "info"},                                                \
	{"pause", {"Nothing is sent on this day", "当日暂停联系"}, "info"},                               \
	{"holiday", {"Public holiday", "法定节假日"}, "info"}

enum consent_channel { CONSENT_EMAIL, CONSENT_SMS, CONSENT_PHONE, CONSENT_POST, CONSENT_WECHAT, CONSENT_LINE, CONSENT_APP, CONSENT_CHANNELS };
extern const char *const consent_channel_names[CONSENT_CHANNELS];
/* False: no such channel. */
bool consent_channel_find(const char *name, enum consent_channel *ret) MUST_CHECK;

struct consent_question {
	int64_t customer_id;
	enum consent_channel channel;
	const char *purpose; /* "marketing", "service" */
	/* What the contact is for ("campaign_recipient/461…"): its own touch does not count against it; NULL: none yet. */
	const char *cause;
	/* Two questions of one moment about one person wait for each other (before contact_note). In a write job. */
	bool lock;
};

struct consent_answer {
	enum consent_verdict verdict;
	enum consent_reason reason;
	int64_t until_ms;  /* CONSENT_LATER: ask again then */
	int64_t owner_id, team_id, branch_id; /* of the customer */
	const char *email, *phone, *language; /* in ctx's arena; NULL: none */
};

/* What many questions share: settings, pauses, zones. Good for a minute or so, then begin anew. */
struct consent_run;
enum err consent_run_begin(struct ctx *ctx, struct consent_run **ret) MUST_CHECK;
void consent_run_end(struct consent_run *run);
/* Reads at once what will be asked of these people (ids in rising order) over the channel and for the purpose of `as`, so that their
 * questions ask the store nothing; it is as it was at this call. With `lock` (in a write job) all of them are locked before, and their
 * questions need not be. A question with `lock` asks for itself. In ctx's arena: good until it is rewound, or the next call. */
enum err consent_ahead(struct ctx *ctx, struct consent_run *run, const struct consent_question *as, const int64_t *ids, size_t n) MUST_CHECK;
/* Rights are the caller's to ask. */
enum err consent_ask(struct ctx *ctx, struct consent_run *run, const struct consent_question *question, struct consent_answer *ret) MUST_CHECK;

/* In a write job: somebody was contacted, which counts for caps. Once per cause. */
enum err contact_note(struct ctx *ctx, const struct consent_question *question) MUST_CHECK;
/* In a write job: they were not after all. */
enum err contact_forget(struct ctx *ctx, const char *cause) MUST_CHECK;

/* --- links ------------------------------------------------------------------------- */

struct consent_link {
	int64_t customer_id, cause_id; /* cause: of a campaign; 0 none */
	enum consent_channel channel;
	bool confirm; /* confirms a consent; else ends it, and shows the choices */
	int64_t expires_ms; /* to the minute */
};
enum { CONSENT_TOKEN_MAX = 64 };
/* The part of an address that stands for it, signed by this machine. */
enum err consent_link_write(struct ctx *ctx, const struct consent_link *link, char ret[CONSENT_TOKEN_MAX]) MUST_CHECK;
/* ERR_NOT_FOUND "consent_link": not signed by us, or its time is over; the two are told alike. */
enum err consent_link_read(struct ctx *ctx, const char *token, struct consent_link *ret) MUST_CHECK;
/* The whole address as customers reach it, or "/u/…" where the firm has not said its own; in ctx's arena. */
enum err consent_link_url(struct ctx *ctx, const struct consent_link *link, const char **ret) MUST_CHECK;

/* "a:" and an address, of IPv6 its /64, which a household has: who is counted together at public doors. In ctx's arena; NULL: no memory. */
const char *consent_neighbourhood(struct ctx *ctx, const char *address);

/* --- the ledger -------------------------------------------------------------------- */

struct consent_entry {
	int64_t customer_id;
	const char *channel, *purpose, *state; /* as the entity's options */
	const char *source, *text_version, *evidence; /* NULL: none */
	int64_t at_ms; /* when it was said; 0: now */
};
/* In a write job, as the program: adds an entry, unless the newest says the same; *ret_added may be NULL. */
enum err consent_add(struct ctx *ctx, const struct consent_entry *entry, bool *ret_added) MUST_CHECK;
/* In a write job, as the program: double opt-in by mail, whatever the entry's channel and state. Adds "asked" and sends the mail; not
 * where it is given already, was asked within the last day, or the customer has no address. */
enum err consent_ask_by_mail(struct ctx *ctx, const struct consent_entry *entry) MUST_CHECK;

#endif
