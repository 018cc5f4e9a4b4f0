#include "http/auth.h"
#include "tests/lib/tap.h"
#include "util/base64.h"
#include "util/field.h"

#define PAIR(text) text, sizeof(text) - 1

/* What is in the header, coded or as it stands. */
static const struct {
	const char *scheme, *pair;
	size_t size;
	const char *name, *password; /* NULL: not understood */
} cases[] = {
	{"Basic ", PAIR("ann:secret"), "ann", "secret"},
	{"basic ", PAIR("ann:secret"), "ann", "secret"},
	{"BASIC   ", PAIR("ann:secret"), "ann", "secret"},
	{"Basic ", PAIR("ann@example.org:a:b"), "ann@example.org", "a:b"},
	{"Basic ", PAIR("ann:"), "ann", ""},
	{"Basic ", PAIR(":secret"), "", "secret"},
	{"Basic ", PAIR(":"), "", ""},
	{"Basic ", PAIR("ann:p\xc3\xa4ss"), "ann", "p\xc3\xa4ss"},
	{"Basic ", PAIR("ann: x "), "ann", " x "},
	{"Basic ", PAIR("ann"), NULL, NULL},
	{"Basic ", PAIR(""), NULL, NULL},
	{"Basic ", PAIR("ann:sec\0ret"), NULL, NULL},
	{"Basic ", PAIR("ann\0:secret"), NULL, NULL},
	{"Basic ", PAIR("ann:secret\n"), NULL, NULL},
	{"Basic ", PAIR("ann:\xe4"), NULL, NULL},
	{"Basic ", PAIR("ann:\x7f"), NULL, NULL},
	{"Basic", PAIR("ann:secret"), NULL, NULL},
	{"Bearer ", PAIR("ann:secret"), NULL, NULL},
	{"Basic\t", PAIR("ann:secret"), NULL, NULL},
	{"Basic ,", PAIR("ann:secret"), NULL, NULL},
	{" Basic ", PAIR("ann:secret"), NULL, NULL},
};

/* Schemes without base64. */
static const struct {
	const char *value;
	unsigned accepted;
	const char *name, *secret; /* NULL: not understood */
} others[] = {
	{"Bearer pvt_1_abc", AUTH_BEARER, NULL, "pvt_1_abc"},
	{"bearer  a.b.c=", AUTH_BEARER | AUTH_BASIC, NULL, "a.b.c="},
	{"Bearer pvt_1_abc", AUTH_BASIC | AUTH_API_KEY, NULL, NULL},
	{"Bearer a b", AUTH_BEARER, NULL, NULL},
	{"Bearer a,b", AUTH_BEARER, NULL, NULL},
	{"Bearer ", AUTH_BEARER, NULL, NULL},
	{"Bearer", AUTH_BEARER, NULL, NULL},
	{"Bearer \xc3\x28", AUTH_BEARER, NULL, NULL},
	{"ApiKey ann:key", AUTH_API_KEY, "ann", "key"},
	{"apikey ann@example.org:a:b", AUTH_API_KEY, "ann@example.org", "a:b"},
	{"ApiKey ann", AUTH_API_KEY, NULL, NULL},
	{"ApiKey ann: key", AUTH_API_KEY, NULL, NULL},
	{"ApiKey ann:key", AUTH_BEARER | AUTH_BASIC, NULL, NULL},
};

static void try_others(struct arena *a)
{
	for (size_t i = 0; i < COUNT(others); i++) {
		const struct header header = {"Authorization", others[i].value};
		const struct request req = {.arena = a,
					    .headers = &header,
					    .header_count = 1};
		struct auth auth = {0};

		OK(auth_read(&req, others[i].accepted, &auth) ==
			   (others[i].secret != NULL),
		   others[i].value);
		if (others[i].secret == NULL)
			continue;
		IS(auth.name, others[i].name, "its name");
		IS(auth.secret, others[i].secret, "its secret");
	}
}

static const char *const broken[] = {"Basic YW5uOng",
				     "Basic YW5uOng= ",
				     "Basic YW5uOng=x",
				     "Basic ====",
				     "Basic",
				     "Basic ",
				     "",
				     "YW5uOng="};

static bool understood(struct arena *a, const char *value, const char **name,
		       const char **password)
{
	const struct header header = {"authorization", value};
	const struct request req = {.arena = a,
				    .headers = &header,
				    .header_count = 1};

	struct auth auth;

	*name = *password = NULL;
	if (!auth_read(&req, AUTH_BASIC, &auth))
		return false;
	*name = auth.name;
	*password = auth.secret;
	return auth.scheme == AUTH_BASIC;
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct request none = {.arena = a};
	const char *name, *password;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *coded =
			base64_encode(a, cases[i].pair, cases[i].size);
		const char *value =
			arena_printf(a, "%s%s", cases[i].scheme, coded);

		OK(understood(a, value, &name, &password) ==
			   (cases[i].name != NULL),
		   arena_printf(a, "%s%s", cases[i].scheme, cases[i].pair));
		IS(name, cases[i].name, "the name");
		IS(password, cases[i].password, "the password");
	}
	for (size_t i = 0; i < COUNT(broken); i++)
		OK(!understood(a, broken[i], &name, &password), broken[i]);
	try_others(a);
	struct auth auth;
	OK(!auth_read(&none, ~0u, &auth), "no header at all");
	return tap_done();
}
