#include "tests/lib/store_mem_parts.h"

#include <string.h>
#include <strings.h>

#include "core/address.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"

static bool is_idle(const struct user *u, const struct query *q)
{
	const char *last = u->last_login_at;

	if (last == NULL)
		return q->never != NEVER_EXCLUDED;
	return q->never != NEVER_ONLY && strcmp(last, q->idle_since) < 0;
}

static bool is_enabled(const struct item *it)
{
	switch (it->kind) {
	case KIND_DOMAIN:
		return ((const struct domain *)it->record)->enabled;
	case KIND_USER:
		return ((const struct user *)it->record)->enabled;
	case KIND_ALIAS:
		return ((const struct alias *)it->record)->enabled;
	case KIND_PRINCIPAL:
	case KIND_COUNT:
		break;
	}
	return true;
}

static bool is_searched(const struct item *it, const struct query *q)
{
	const char *key = store_mem_key(it);

	if (q->begins)
		return strncasecmp(key, q->search, strlen(q->search)) == 0;
	return strcasestr(key, q->search) != NULL ||
	       (it->kind == KIND_USER &&
		strcasestr(((const struct user *)it->record)->name,
			   q->search) != NULL);
}

bool store_mem_wants(const struct item *it, const struct query *q)
{
	const char *key = store_mem_key(it);

	return it->plan == NULL && it->kind == q->kind &&
	       (q->idle_since == NULL || is_idle(it->record, q)) &&
	       (q->search == NULL || is_searched(it, q)) &&
	       (q->enabled == NULL || is_enabled(it) == *q->enabled) &&
	       (q->domain_kind == NULL ||
		strcmp(((const struct domain *)it->record)->kind,
		       q->domain_kind) == 0) &&
	       (q->domain == NULL || !kind_is_address(q->kind) ||
		strcmp(address_domain(key), q->domain) == 0) &&
	       (q->after == NULL || strcmp(key, q->after) > 0);
}
