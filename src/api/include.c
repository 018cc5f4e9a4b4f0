#include "api/include.h"

#include <string.h>

#include "core/principal.h"

enum { ALIASES_MAX = 1000 };

struct inclusion {
	const char *word; /* the member, too */
	enum kind kind;
	bool (*write)(const struct call *call, const void *record,
		      struct writer *w, struct err *e);
};

static void write_count(struct writer *w, const char *name, int64_t n)
{
	writer_raw(w, name);
	if (n != NUMBER_NONE)
		writer_number(w, n);
	else
		writer_text(w, NULL);
}

static bool counts(const struct call *call, const void *record,
		   struct writer *w, struct err *e)
{
	struct store *s = call->gateway->store;
	struct tally n;

	if (!s->ops->count(s, &call->task, kind_key(KIND_DOMAIN, record), &n,
			   e))
		return false;
	write_count(w, "{\"users\":", n.users);
	write_count(w, ",\"aliases\":", n.aliases);
	write_count(w, ",\"quota_bytes\":", n.quota_bytes);
	writer_raw(w, "}");
	return true;
}

/* Whose mail leads to him. */
static bool aliases(const struct call *call, const void *record,
		    struct writer *w, struct err *e)
{
	struct store *s = call->gateway->store;
	struct naming n = {0};

	if (!s->ops->naming(s, &call->task, kind_key(KIND_USER, record),
			    ALIASES_MAX, &n, e))
		return false;
	for (size_t i = 0; i < n.destinations.count; i++) {
		writer_raw(w, i == 0 ? "[" : ",");
		writer_text(w, n.destinations.items[i]);
	}
	writer_raw(w, n.destinations.count == 0 ? "[]" : "]");
	return true;
}

/* What a reseller has given away. */
static bool usage(const struct call *call, const void *record, struct writer *w,
		  struct err *e)
{
	struct store *s = call->gateway->store;
	struct budget n;

	if (!s->ops->budget(s, &call->task, kind_key(KIND_PRINCIPAL, record),
			    KIND_COUNT, NULL, NULL, &n, e))
		return false;
	write_count(w, "{\"domains\":", n.domains);
	write_count(w, ",\"users\":", n.users);
	write_count(w, ",\"aliases\":", n.aliases);
	write_count(w, ",\"deputies\":", n.deputies);
	write_count(w, ",\"quota_bytes\":", n.quota_bytes);
	writer_raw(w, "}");
	return true;
}

static void write_member(struct writer *w, const char *name, const char *text)
{
	writer_raw(w, name);
	if (text != NULL)
		writer_text(w, text);
	else
		writer_raw(w, "null");
}

/* For who may write him, to the point of removing him; null for others. */
static bool login_state(const struct call *call, const void *record,
			struct writer *w, struct err *e)
{
	struct store *s = call->gateway->store;
	struct login *l = call->gateway->login;
	const char *address = kind_key(KIND_USER, record);
	struct login_state state;

	if (!s->ops->may_remove(s, &call->task, KIND_USER, address, e)) {
		bool may_not =
			e->kind == ERR_DENIED || e->kind == ERR_NOT_FOUND;

		if (may_not) {
			err_clear(e);
			writer_raw(w, "null");
		}
		return may_not;
	}
	if (!l->ops->state(l, &call->task, address, &state, e))
		return false;
	write_count(w, "{\"failures\":", state.failures);
	write_member(w, ",\"last_failure_at\":", state.last_failure_at);
	write_member(w, ",\"locked_at\":", state.locked_at);
	write_member(w, ",\"password_changed_at\":", state.password_changed_at);
	write_count(w, ",\"gateway\":{\"failures\":", state.gateway_failures);
	write_member(w, ",\"delayed_until\":", state.delayed_until);
	write_member(w, ",\"locked_until\":", state.locked_until);
	writer_raw(w, "}}");
	return true;
}

/* One row a word. */
static const struct inclusion inclusions[] = {
	{"counts", KIND_DOMAIN, counts},
	{"aliases", KIND_USER, aliases},
	{"usage", KIND_PRINCIPAL, usage},
	{"login_state", KIND_USER, login_state},
};

static bool add(const struct call *call, size_t which, const char *word,
		size_t size, include_set *ret, struct err *e)
{
	for (size_t i = 0; i < COUNT(inclusions); i++) {
		const struct inclusion *n = &inclusions[i];

		if (n->kind != call->route->kind || strlen(n->word) != size ||
		    strncmp(n->word, word, size) != 0)
			continue;
		*ret |= 1U << i;
		return true;
	}
	return err_code(e, ERR_MALFORMED, "parameter_malformed",
			"%s names something that is not known here",
			call->route->query[which]);
}

bool include_read(const struct call *call, size_t which, include_set *ret,
		  struct err *e)
{
	const char *p = call->query[which];

	*ret = 0;
	while (p != NULL) {
		size_t size = strcspn(p, ",");

		if (!add(call, which, p, size, ret, e))
			return false;
		p = p[size] == ',' ? p + size + 1 : NULL;
	}
	return true;
}

bool include_write(const struct call *call, include_set asked,
		   const void *record, struct writer *w, struct err *e)
{
	for (size_t i = 0; i < COUNT(inclusions); i++) {
		if (!(asked & 1U << i))
			continue;
		writer_reopen(w);
		writer_raw(w, ",\"");
		writer_raw(w, inclusions[i].word);
		writer_raw(w, "\":");
		if (!inclusions[i].write(call, record, w, e))
			return false;
		writer_raw(w, "}");
	}
	return true;
}
