#include "ldap/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "core/health.h"
#include "ldap/entry.h"
#include "ldap/filter.h"
#include "ldap/schema.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"

enum {
	FIRST_MILLIS = 1000,
	PERIOD_MILLIS = 10000,
	STEP_MILLIS = 100, /* that the end may take */
	READ_MILLIS = 5000,
	SUSPICION = 600000, /* milliseconds two writers are told of */
};

static const char csn_name[] = "contextCSN";

struct inspect {
	struct session *session;
	const struct ldap_settings *set;
	struct arena *arena; /* of: */
	struct berval *csns; /* as they were last; NULL: not known */
	int64_t suspected;   /* two writers, until then */
};

/* "20261121204000.000000Z#000000#001#000000": the third part is who wrote it.
 */
static bool same_server(const struct berval *a, const struct berval *b)
{
	const char *one = strchr(a->bv_val, '#'),
		   *other = strchr(b->bv_val, '#');

	one = one != NULL ? strchr(one + 1, '#') : NULL;
	other = other != NULL ? strchr(other + 1, '#') : NULL;
	return one != NULL && other != NULL &&
	       strncmp(one, other, strcspn(one + 1, "#") + 2) == 0;
}

static bool is_among(const struct berval *v, const struct berval *list)
{
	for (; list->bv_val != NULL; list++) {
		if (strcmp(list->bv_val, v->bv_val) == 0)
			return true;
	}
	return false;
}

/* A server that is there for the first time may have been so for long. */
static bool was_known(const struct berval *v, const struct berval *list)
{
	for (; list->bv_val != NULL; list++) {
		if (same_server(list, v))
			return true;
	}
	return false;
}

size_t inspect_writers(const struct berval *was, const struct berval *is)
{
	size_t count = 0;

	for (; is->bv_val != NULL; is++)
		count += was_known(is, was) && !is_among(is, was);
	return count;
}

struct finding {
	struct arena *arena;
	struct entry entry;
	bool found;
};

static void each(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct finding *f = ctx;
	struct err e = {0};

	f->found = entry_read(ld, message, f->arena, &f->entry, &e);
}

/* False: it could not be asked. */
static bool read_one(const struct inspect *i, struct arena *a, const char *dn,
		     const char *filter, const char *attribute,
		     struct finding *ret)
{
	const char *const want[] = {attribute, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = LDAP_SCOPE_BASE,
			       .filter = filter,
			       .want = want,
			       .first = true,
			       .each = each,
			       .ctx = ret};
	struct err e = {0};

	*ret = (struct finding){.arena = a};
	return session_run(i->session, a, &op, clock_now() + READ_MILLIS, &e) &&
	       op.result == LDAP_SUCCESS;
}

/* slapd knows its schema's rules by their names, too. */
static const char *knows(struct arena *a, const struct map *m)
{
	size_t count = 1;

	for (const struct map_attr *at = m->attrs; at->name != NULL; at++)
		count++;
	const char **parts = arena_alloc(a, count * sizeof(*parts));
	parts[0] = filter_equal(a, "objectClasses", m->class);
	for (size_t i = 1; i < count; i++)
		parts[i] =
			filter_equal(a, "attributeTypes", m->attrs[i - 1].name);
	return filter_all(a, parts, count);
}

static void look_at_schema(const struct inspect *i)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *wrong = NULL;
	struct finding f;

	for (int k = 0; k < KIND_COUNT; k++) {
		if (!read_one(i, a, "cn=subschema",
			      knows(a, &schema_of(k)->map), LDAP_NO_ATTRS, &f))
			return;
		if (!f.found)
			wrong = "the directory lacks classes or attributes of "
				"this version's schema";
	}
	health_tell(HEALTH_SCHEMA, wrong);
}

static struct berval *copy(struct arena *a, const struct berval *list)
{
	size_t count = 0;

	while (list != NULL && list[count].bv_val != NULL)
		count++;
	struct berval *ret = arena_alloc(a, (count + 1) * sizeof(*ret));
	for (size_t i = 0; i < count; i++)
		ret[i] = (struct berval){list[i].bv_len,
					 arena_strndup(a, list[i].bv_val,
						       list[i].bv_len)};
	ret[count] = (struct berval){0, NULL};
	return ret;
}

static void look_for_writers(struct inspect *i)
{
	struct arena *a = arena_new();
	struct finding f;

	if (!read_one(i, a, i->set->base, NULL, csn_name, &f) || !f.found) {
		arena_free(a);
		return;
	}
	struct berval *is = copy(a, entry_values(&f.entry, csn_name));
	if (i->csns != NULL && inspect_writers(i->csns, is) > 1)
		i->suspected = clock_now() + SUSPICION;
	if (i->arena != NULL)
		arena_free(i->arena);
	i->arena = a;
	i->csns = is;
	health_tell(HEALTH_WRITER, clock_now() < i->suspected
					   ? "two servers of the directory are "
					     "written to"
					   : NULL);
}

static void run(void *ctx)
{
	struct inspect *i = ctx;
	int64_t next = clock_now() + FIRST_MILLIS;

	while (!session_is_stopped(i->session)) {
		if (clock_now() >= next) {
			look_at_schema(i);
			look_for_writers(i);
			next = clock_now() + PERIOD_MILLIS;
		}
		fiber_sleep(STEP_MILLIS);
	}
}

struct inspect *inspect_start(struct loop *l, struct session *s,
			      const struct ldap_settings *set)
{
	struct inspect *i = alloc_zeroed(sizeof(*i));

	i->session = s;
	i->set = set;
	if (!fiber_start(l, run, i))
		inspect_free(&i);
	return i;
}

void inspect_free(struct inspect **inspect)
{
	struct inspect *i = *inspect;

	*inspect = NULL;
	if (i != NULL && i->arena != NULL)
		arena_free(i->arena);
	free(i);
}
