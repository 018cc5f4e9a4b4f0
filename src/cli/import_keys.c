#include "cli/import_keys.h"

#include <stdlib.h>
#include <string.h>

#include "import/dump_keys.h"
#include "util/text.h"

enum { DONE, SKIPPED, FAILED, RESULTS };

static const char *const results[] = {"done", "skipped", "failed"};

static char *body_of(const struct dump_key *k)
{
	json_t *list = json_array();

	for (size_t i = 0; i < k->scopes.count; i++)
		json_array_append_new(list, json_string(k->scopes.items[i]));
	json_t *o =
		json_pack("{s:s, s:s, s:o, s:s}", "owner", k->login, "label",
			  "DinoMail", "scopes", list, "dinomail_key", k->text);
	char *ret = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	return ret;
}

static void tell(const char *login, const char *why)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	fprintf(stderr, "%s: %s\n", outcome_clean(a, login),
		outcome_clean(a, why));
}

/* Which of the results; *got where there is no more sense in going on. */
static int bring(struct talk *t, const struct dump_key *k, enum outcome *got)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct client_reply r;
	bool good = k->active && k->scopes.count > 0 && !k->shared;
	char *body = good ? body_of(k) : NULL;

	if (k->shared) {
		tell(k->login, "others have that name there, but for its case");
		return FAILED;
	}
	if (body == NULL) {
		tell(k->login, k->active ? "may do nothing there"
					 : "is switched off there");
		return SKIPPED;
	}
	const struct client_ask ask = {.method = "POST",
				       .path = "/v1/keys",
				       .body = body};
	enum outcome of = talk_try(t, a, &ask, &r);
	explicit_bzero(body, strlen(body));
	free(body);
	if (of == OUTCOME_DONE)
		return DONE;
	const char *why = json_string_value(json_object_get(r.json, "detail"));
	if (r.status == 403 || r.status == 422)
		tell(k->login, why != NULL ? why : "it was refused");
	else
		*got = talk_judge(t, of, &r);
	return FAILED;
}

enum outcome import_keys(struct talk *t, const struct input *in)
{
	size_t count, counts[RESULTS] = {0};
	enum outcome got = OUTCOME_DONE;
	struct dump_key *keys;
	struct err e = {0};

	if (!dump_keys_read(t->arena, in->text, in->size, &keys, &count, &e)) {
		command_complain(e.text);
		return OUTCOME_REFUSED;
	}
	for (size_t i = 0; i < count && got == OUTCOME_DONE; i++)
		counts[bring(t, &keys[i], &got)]++;
	for (size_t i = 0; i < RESULTS; i++)
		printf("%s\t%zu\n", results[i], counts[i]);
	return got != OUTCOME_DONE  ? got
	       : counts[FAILED] > 0 ? OUTCOME_REFUSED
				    : OUTCOME_DONE;
}
