#include "dict/conversation.h"

#include <stdio.h>
#include <string.h>

#include "dict/words.h"
#include "util/text.h"

enum { CLOCKS_DIFFER = 300 }; /* seconds that machines may be apart */

/* An address of ours, or nothing. */
static void set_address(char to[ADDRESS_MAX + 1], const char *from)
{
	struct err none = {0};
	size_t size = strlen(from);

	to[0] = '\0';
	if (size > ADDRESS_MAX)
		return;
	for (size_t i = 0; i <= size; i++) {
		bool upper = from[i] >= 'A' && from[i] <= 'Z';

		to[i] = (char)(upper ? from[i] - 'A' + 'a' : from[i]);
	}
	if (!address_check(to, ADDRESS_OWN, &none))
		to[0] = '\0';
}

static struct transaction *find(struct conversation *c, int64_t id)
{
	for (size_t i = 0; i < CONVERSATION_AT_ONCE; i++) {
		struct transaction *t = &c->transactions[i];

		if (t->open && t->id == id)
			return t;
	}
	return NULL;
}

/* MAJOR MINOR TYPE USER NAME; newer ones name the user with each transaction */
static bool greet(struct conversation *c, const struct words *w)
{
	int64_t major;

	if (c->greeted || w->count < 2 ||
	    !text_number(w->items[0], 1, CONVERSATION_VERSION, &major))
		return false;
	set_address(c->user, w->count > 3 ? w->items[3] : "");
	c->greeted = true;
	return true;
}

/* ID [USER] */
static bool begin(struct conversation *c, const struct words *w, int64_t id)
{
	if (find(c, id) != NULL)
		return false;
	for (size_t i = 0; i < CONVERSATION_AT_ONCE; i++) {
		struct transaction *t = &c->transactions[i];

		if (t->open)
			continue;
		*t = (struct transaction){.open = true,
					  .id = id,
					  .usage = USAGE_NONE};
		if (w->count > 1 && w->items[1][0] != '\0')
			set_address(t->address, w->items[1]);
		else
			memcpy(t->address, c->user, sizeof(t->address));
		return true;
	}
	return false;
}

/* ID KEY VALUE; what we do not know is none of our business. */
static bool set(struct conversation *c, const struct words *w, int64_t id,
		int64_t now)
{
	struct transaction *t = find(c, id);
	int64_t value;

	if (t == NULL || w->count < 3)
		return false;
	if (!text_number(w->items[2], 0, INT64_MAX, &value))
		return true;
	const char *user = words_key_part(w->items[1], "shared/last-login/");
	if (user != NULL) {
		set_address(t->login, user);
		/* A login in the future would never be overtaken. */
		t->usage.last_login = value < now + CLOCKS_DIFFER ? value : now;
	} else if (strcmp(w->items[1], "priv/quota/storage") == 0) {
		t->usage.used_bytes = value;
		t->usage.measured = now;
	} else if (strcmp(w->items[1], "priv/quota/messages") == 0) {
		t->usage.used_messages = value;
		t->usage.measured = now;
	}
	return true;
}

static void hand_on(const struct conversation *c, const struct transaction *t)
{
	struct usage login = USAGE_NONE, measured = t->usage;

	login.last_login = t->usage.last_login;
	measured.last_login = NUMBER_NONE;
	if (t->login[0] != '\0' && login.last_login != NUMBER_NONE)
		c->take(c->ctx, t->login, &login);
	if (t->address[0] != '\0' && measured.measured != NUMBER_NONE)
		c->take(c->ctx, t->address, &measured);
}

static bool finish(struct conversation *c, char verb, int64_t id,
		   char answer[CONVERSATION_ANSWER])
{
	struct transaction *t = find(c, id);

	if (t == NULL)
		return false;
	t->open = false;
	if (verb == 'R')
		return true;
	hand_on(c, t);
	return snprintf(answer, CONVERSATION_ANSWER, "%sO%lld\n",
			verb == 'D' ? "A" : "",
			(long long)id) < CONVERSATION_ANSWER;
}

bool conversation_line(struct conversation *c, char *line, int64_t now,
		       char answer[CONVERSATION_ANSWER])
{
	struct words w;
	int64_t id;

	answer[0] = '\0';
	if (!words_read(line, &w))
		return false;
	if (w.verb == 'H')
		return greet(c, &w);
	if (!c->greeted)
		return false;
	if (w.verb == 'L' || w.verb == 'I') {
		/* Not found; and the end of what was found. */
		stpcpy(answer, w.verb == 'L' ? "N\n" : "\n");
		return true;
	}
	if (!text_number(w.items[0], 0, UINT32_MAX, &id))
		return false;
	switch (w.verb) {
	case 'B':
		return begin(c, &w, id);
	case 'S':
		return set(c, &w, id, now);
	case 'C':
	case 'D':
	case 'R':
		return finish(c, w.verb, id, answer);
	case 'U': /* unset */
	case 'A': /* add to */
	case 'T': /* the time of the transaction */
		return find(c, id) != NULL;
	default:
		return false;
	}
}
