#include "api/checks.h"

#include <stddef.h>

#include "core/health.h"
#include "util/meter.h"

static const char *reading(const struct gateway *g)
{
	return g->store->ops->is_ready(g->store)
		       ? NULL
		       : "no connection to the directory";
}

static const char *writing(const struct gateway *g)
{
	return g->store->ops->is_open(g->store, STORE_WRITING)
		       ? NULL
		       : "no connection to the directory that is written to";
}

static const char *aside(const struct gateway *g)
{
	return g->store->ops->is_open(g->store, STORE_READING_ASIDE)
		       ? NULL
		       : "no connection to the socket that is read for others";
}

static const char *adding(const struct gateway *g)
{
	return g->store->ops->is_open(g->store, STORE_ADDING_ASIDE)
		       ? NULL
		       : "no connection to the socket for adding for others";
}

static const char *login(const struct gateway *g)
{
	return g->login->ops->is_ready(g->login)
		       ? NULL
		       : "no connection on which logins are verified";
}

static const char *hashing(const struct gateway *g)
{
	return g->hasher->ops->is_busy(g->hasher)
		       ? "as many passwords as may wait to be hashed"
		       : NULL;
}

/* Each is looked at here and now, or was by who looks after it.  What all
 * gateways of a directory share, or what passes, takes none of them out of
 * service. */
static const struct {
	const char *name;
	bool required;
	const char *(*look)(const struct gateway *g);
	enum health told;
} checks[CHECK_COUNT] = {
	[CHECK_READ] = {"directory_read", true, reading, 0},
	[CHECK_WRITE] = {"directory_write", false, writing, 0},
	[CHECK_ASIDE] = {"directory_read_socket", false, aside, 0},
	[CHECK_ADDING] = {"directory_add_socket", false, adding, 0},
	[CHECK_LOGIN] = {"login", true, login, 0},
	[CHECK_SCHEMA] = {"schema", true, NULL, HEALTH_SCHEMA},
	[CHECK_WRITER] = {"single_writer", false, NULL, HEALTH_WRITER},
	[CHECK_LEASE] = {"lease", false, NULL, HEALTH_LEASE},
	[CHECK_JOURNAL] = {"journal", false, NULL, HEALTH_JOURNAL},
	[CHECK_HASHING] = {"password_hashing", false, hashing, 0},
	[CHECK_LOG] = {"change_log", false, NULL, HEALTH_LOG},
};

bool checks_run(const struct gateway *g, struct check_result ret[CHECK_COUNT])
{
	bool ready = true;

	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		ret[i].name = checks[i].name;
		ret[i].required = checks[i].required;
		ret[i].wrong = checks[i].look != NULL
				       ? checks[i].look(g)
				       : health_of(checks[i].told);
		meter_set(METER_CHECK, i, ret[i].wrong != NULL);
		ready = ready && (ret[i].wrong == NULL || !ret[i].required);
	}
	meter_set(METER_READY, 0, ready);
	return ready;
}
