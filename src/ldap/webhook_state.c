#include "ldap/webhook_state.h"

#include <string.h>

#include "crypto/sealing.h"
#include "util/instant.h"
#include "json/text.h"

static json_t *secret_write(struct arena *a, const unsigned char *key,
			    const char *id, const struct webhook_secret *s)
{
	const char *text =
		key != NULL ? sealing_close(a, key, id, s->text) : s->text;

	return json_pack("{s:s, s:b, s:s?}", "text", text, "sealed",
			 key != NULL, "until", s->until);
}

static json_t *attempt_write(const struct webhook_attempt *x)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s?}", "at", x->at,
			 "message", x->message, "event", x->event, "number",
			 (json_int_t)x->number, "status", (json_int_t)x->status,
			 "millis", (json_int_t)x->millis, "error", x->error);
}

static bool still_signs(const struct webhook_secret *s)
{
	return s->text != NULL &&
	       (s->until == NULL || !instant_is_past(s->until));
}

const char *webhook_state_write(struct arena *a, const unsigned char *key,
				const char *id, const struct webhook_state *st)
{
	json_t *secrets = json_array(), *attempts = json_array();

	for (size_t i = 0; i < WEBHOOK_SECRETS; i++) {
		if (still_signs(&st->secrets[i]))
			json_array_append_new(secrets,
					      secret_write(a, key, id,
							   &st->secrets[i]));
	}
	for (size_t i = 0; i < st->attempt_count; i++)
		json_array_append_new(attempts,
				      attempt_write(&st->attempts[i]));
	return json_text_print(
		a,
		json_pack("{s:s?, s:I, s:s?, s:s?, s:s?, s:s?, s:b, s:o, s:o}",
			  "place", st->place, "failures",
			  (json_int_t)st->failures, "failing_since",
			  st->failing_since, "failure", st->failure, "next_at",
			  st->next_at, "delivered_at", st->delivered_at,
			  "given_up", st->given_up, "secrets", secrets,
			  "attempts", attempts),
		JSON_COMPACT);
}

static const char *text_of(struct arena *a, const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text != NULL ? arena_strdup(a, text) : NULL;
}

static int64_t number_of(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static bool secret_read(struct arena *a, const unsigned char *key,
			const char *id, const json_t *o,
			struct webhook_secret *ret, struct err *e)
{
	const char *text = text_of(a, o, "text");

	*ret = (struct webhook_secret){text, text_of(a, o, "until")};
	if (text == NULL || !json_is_true(json_object_get(o, "sealed")))
		return true;
	return (key != NULL && sealing_open(a, key, id, text, &ret->text)) ||
	       err_code(e, ERR_UNAVAILABLE, "sealed",
			"the secret of webhook %s cannot be opened: is "
			"webhooks.key_file that of the other gateways?",
			id);
}

static void attempt_read(struct arena *a, const json_t *o,
			 struct webhook_attempt *ret)
{
	*ret = (struct webhook_attempt){.at = text_of(a, o, "at"),
					.message = text_of(a, o, "message"),
					.event = text_of(a, o, "event"),
					.number = number_of(o, "number"),
					.status = number_of(o, "status"),
					.millis = number_of(o, "millis"),
					.error = text_of(a, o, "error")};
}

bool webhook_state_read(struct arena *a, const unsigned char *key,
			const char *id, const char *text,
			struct webhook_state *ret, struct err *e)
{
	json_t *o, *secrets, *attempts;

	if (!json_text_parse_own(a, text, &o, e))
		return false;
	secrets = json_object_get(o, "secrets");
	attempts = json_object_get(o, "attempts");
	*ret = (struct webhook_state){.place = text_of(a, o, "place"),
				      .failures = number_of(o, "failures"),
				      .failing_since =
					      text_of(a, o, "failing_since"),
				      .failure = text_of(a, o, "failure"),
				      .next_at = text_of(a, o, "next_at"),
				      .delivered_at =
					      text_of(a, o, "delivered_at"),
				      .given_up = json_is_true(
					      json_object_get(o, "given_up"))};
	for (size_t i = 0; i < WEBHOOK_SECRETS && i < json_array_size(secrets);
	     i++) {
		if (!secret_read(a, key, id, json_array_get(secrets, i),
				 &ret->secrets[i], e))
			return false;
	}
	for (size_t i = 0;
	     i < WEBHOOK_ATTEMPTS && i < json_array_size(attempts); i++)
		attempt_read(a, json_array_get(attempts, i),
			     &ret->attempts[ret->attempt_count++]);
	return true;
}
