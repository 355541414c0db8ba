/* A mail server's side of a talk: any bytes, in any pieces. What is taken from them lies within them; the talk ends or goes on. */
#include <stdlib.h>
#include <string.h>

#include "core/imap/imap_talk.h"
#include "fuzz.h"

enum { STEPS_MAX = 4000 };

/* Whoever reads a byte past what was given is seen by the sanitizer. */
static void touch(const struct imap_message *message)
{
	unsigned char sum = 0;
	for (size_t i = 0; i < message->n; i++)
		sum ^= (unsigned char)message->body[i];
	if (sum == 0xff && message->n == SIZE_MAX)
		abort();
}

static bool go_on(struct imap_talk *talk, enum imap_event event)
{
	uint32_t uids[2] = {1, 2};
	if (event == IMAP_SECURE)
		imap_talk_secured(talk);
	else if (event == IMAP_OPENED || event == IMAP_NEWS)
		imap_talk_list(talk, 1);
	else if (event == IMAP_LISTED)
		imap_talk_get(talk, uids, 2, false);
	else if (event == IMAP_MESSAGE)
		touch(&talk->message);
	else if (event == IMAP_GOT)
		imap_talk_rest(talk);
	else if (event == IMAP_RESTS)
		imap_talk_ask(talk);
	buf_reset(&talk->out);
	if (talk->n_listed > IMAP_ROUND_MAX || memchr(talk->said, '\0', sizeof(talk->said)) == NULL)
		abort();
	return event != IMAP_FAILED && event != IMAP_NOTHING;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct imap_account account = {.user = "a", .secret = "b", .folder = "INBOX"};
	size_t step = size > 0 ? (size_t)data[0] % 61 + 1 : 1, steps = 0;
	struct imap_talk *talk = malloc(sizeof(*talk));
	if (talk == NULL)
		return 0;
	imap_talk_begin(talk, &account);
	talk->account.starttls = size > 1 && (data[1] & 1) != 0;
	for (size_t at = 2; at < size; at += step) {
		if (!imap_in_add(&talk->in, data + at, size - at < step ? size - at : step))
			break;
		while (steps++ < STEPS_MAX && go_on(talk, imap_talk_step(talk)))
			;
	}
	imap_talk_end(talk);
	free(talk);
	return 0;
}
