#include "doctor/sight.h"

#include <string.h>

#include "ldap/dn.h"
#include "util/file.h"

enum { PASSWORD_FILE_MAX = 1024 };

const char *service_name(enum service s)
{
	static const char *const names[] = {[SERVICE_POSTFIX] = "postfix",
					    [SERVICE_DOVECOT] = "dovecot",
					    [SERVICE_SIGNER] = "signer",
					    [SERVICE_SSO] = "sso"};

	return names[s];
}

const char *service_dn(struct arena *a, const char *base, enum service s)
{
	return dn_child(a, "cn", service_name(s),
			dn_child(a, "ou", "services", base));
}

static bool read_password(struct arena *a, const char *path, const char **ret,
			  struct err *e)
{
	const char *text;

	if (!file_read(a, path, PASSWORD_FILE_MAX, &text, e))
		return false;
	*ret = arena_strndup(a, text, strcspn(text, "\n"));
	/* A bind without a password succeeds, as nobody. */
	return **ret != '\0' ||
	       err_set(e, ERR_INVALID, "%s has no password", path);
}

static struct direct *open_as(struct arena *a, const struct sight_settings *set,
			      const char *dn, const char *file, struct err *e)
{
	struct ldap_settings ldap = {.uri = set->uri,
				     .base = set->base,
				     .ca_file = set->ca_file,
				     .bind_dn = dn};

	if (dn != NULL && !read_password(a, file, &ldap.password, e))
		return NULL;
	return direct_open(&ldap, DIRECT_BOUND, e);
}

static void open_service(struct sight *s, struct arena *a,
			 const struct sight_settings *set, enum service which,
			 struct report *r)
{
	const char *dn = service_dn(a, set->base, which);
	const char *file =
		arena_printf(a, "%s/%s", set->passwords, service_name(which));
	struct err e = {0};

	s->services[which] = open_as(a, set, dn, file, &e);
	if (s->services[which] != NULL)
		return;
	if (e.kind == ERR_UNAUTHENTICATED)
		report_find(r, FIND_SERVICE_LOGIN, dn,
			    "it cannot log in with the password of %s", file);
	else
		report_unseen(r, arena_printf(a, "lookups of %s: %s",
					      service_name(which), e.text));
}

/* By our own system user, where the directory knows it. */
static void open_gateway(struct sight *s, struct arena *a,
			 const struct sight_settings *set, struct report *r)
{
	struct err e = {0};

	if (strncmp(set->uri, "ldapi://", strlen("ldapi://")) == 0)
		s->gateway = open_as(a, set, NULL, NULL, &e);
	if (s->gateway == NULL)
		report_unseen(r, "plans, tallies and addresses kept from "
				 "reuse: only the gateway sees them, over "
				 "ldapi as its system user");
}

bool sight_open(struct sight *s, struct arena *a,
		const struct sight_settings *set, struct report *r,
		struct err *e)
{
	const char *dn = dn_child(a, "uid", set->administrator,
				  dn_child(a, "ou", "principals", set->base));

	*s = (struct sight){.as = NULL};
	open_gateway(s, a, set, r);
	if (set->password_file != NULL) {
		s->all = open_as(a, set, dn, set->password_file, e);
	} else {
		s->all = open_as(a, set, NULL, NULL, e);
		s->as = dn;
	}
	if (s->all == NULL)
		return false;
	struct ldap_settings nobody = {.uri = set->uri,
				       .ca_file = set->ca_file};
	struct err none = {0};
	s->nobody = direct_open(&nobody, DIRECT_NOBODY, &none);
	for (enum service i = 0; i < SERVICE_COUNT; i++)
		open_service(s, a, set, i, r);
	return true;
}

void sight_close(struct sight *s)
{
	for (enum service i = 0; i < SERVICE_COUNT; i++)
		direct_close(&s->services[i]);
	direct_close(&s->nobody);
	direct_close(&s->gateway);
	direct_close(&s->all);
}
