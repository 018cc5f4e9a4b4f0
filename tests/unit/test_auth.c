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

	*name = *password = NULL;
	return auth_basic(&req, name, password);
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
	OK(!auth_basic(&none, &name, &password), "no header at all");
	return tap_done();
}
