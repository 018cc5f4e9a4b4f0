#include "ldap/connect.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "ldap/news.h"
#include "util/alloc.h"

void connect_prepare(void)
{
	LDAPAPIInfo info = {.ldapai_info_version = LDAP_API_INFO_VERSION};

	/* ./ldaprc or LDAPTLS_REQCERT could turn certificate checks off. */
	if (setenv("LDAPNOINIT", "1", 1) != 0 ||
	    ldap_get_option(NULL, LDAP_OPT_API_INFO, &info) != 0)
		alloc_die();
	ldap_memfree(info.ldapai_vendor_name);
	ber_memvfree((void **)info.ldapai_extensions);
}

static bool is_local(const char *uri)
{
	return strncmp(uri, "ldapi://", strlen("ldapi://")) == 0;
}

struct text_list connect_servers(struct arena *a, const char *uri)
{
	size_t room = strlen(uri) / 2 + 1, size;
	struct text_list list = {
		.items = arena_alloc(a, room * sizeof(*list.items))};

	for (uri += strspn(uri, " "); *uri != '\0'; uri += strspn(uri, " ")) {
		size = strcspn(uri, " ");
		list.items[list.count++] = arena_strndup(a, uri, size);
		uri += size;
	}
	return list;
}

static bool check_server(const struct ldap_settings *set, const char *uri,
			 struct err *e)
{
	/* libldap hangs for ever on a mute peer behind ldaps://; StartTLS
	 * gives the same protection and honours timeouts. */
	if (!is_local(uri) && strncmp(uri, "ldap://", 7) != 0)
		return err_set(e, ERR_INVALID,
			       "the directory's URI must begin with ldapi:// "
			       "or ldap:// (which uses StartTLS)");
	return is_local(uri) || set->bind_dn != NULL ||
	       err_set(e, ERR_INVALID,
		       "a directory at ldap:// needs ldap.bind_dn");
}

bool connect_check(const struct ldap_settings *set, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct text_list servers = connect_servers(a, set->uri);

	if (servers.count == 0 || servers.count > NEWS_SERVERS_MAX)
		return err_set(e, ERR_INVALID,
			       "ldap.uri names 1 to %d directories",
			       NEWS_SERVERS_MAX);
	for (size_t i = 0; i < servers.count; i++) {
		if (!check_server(set, servers.items[i], e))
			return false;
	}
	if (set->bind_dn != NULL && set->password == NULL)
		return err_set(e, ERR_INVALID,
			       "ldap.bind_dn needs ldap.password_file");
	if (set->reading_uri != NULL && !is_local(set->reading_uri))
		return err_set(e, ERR_INVALID,
			       "ldap.reading_uri must begin with ldapi://");
	/* A bind without a password makes us nobody, and succeeds: RFC 4513,
	 * 5.1.2. */
	return set->bind_dn == NULL || set->password[0] != '\0' ||
	       err_set(e, ERR_INVALID,
		       "the first line of ldap.password_file is empty");
}

bool connect_limit(LDAP *ld)
{
	ber_len_t most = CONNECT_MESSAGE;
	Sockbuf *sb = NULL;

	return ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) == 0 && sb != NULL &&
	       ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most) >= 0;
}

static bool set_authorities(LDAP *ld, const struct ldap_settings *set,
			    struct err *e)
{
	static const int client = 0;
	const char *file =
		set->ca_file != NULL ? set->ca_file : CONNECT_AUTHORITIES;

	return (ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, file) == 0 &&
		ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client) == 0) ||
	       err_set(e, ERR_INTERNAL,
		       "%s: the authorities in %s cannot be used", set->uri,
		       file);
}

static bool set_options(LDAP *ld)
{
	static const int version = LDAP_VERSION3,
			 demand = LDAP_OPT_X_TLS_DEMAND,
			 tls12 = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	const struct timeval limit = {.tv_sec = CONNECT_SECONDS};

	return ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) == 0 &&
	       ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == 0 &&
	       ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &limit) == 0 &&
	       ldap_set_option(ld, LDAP_OPT_TIMEOUT, &limit) == 0 &&
	       ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == 0 &&
	       ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &tls12) == 0;
}

static bool prepare(LDAP *ld, const struct ldap_settings *set, struct err *e)
{
	if (!set_options(ld) || !connect_limit(ld))
		return err_set(e, ERR_INTERNAL, "%s: an option was refused",
			       set->uri);
	return is_local(set->uri) || set_authorities(ld, set, e);
}

static int bind_gateway(LDAP *ld, const struct ldap_settings *set)
{
	char nothing[] = "";
	struct berval cred = {0, nothing}; /* sent, and empty */

	if (set->bind_dn == NULL)
		return ldap_sasl_bind_s(ld, NULL, "EXTERNAL", &cred, NULL, NULL,
					NULL);
	ber_str2bv(set->password, 0, 0, &cred);
	return ldap_sasl_bind_s(ld, set->bind_dn, LDAP_SASL_SIMPLE, &cred, NULL,
				NULL, NULL);
}

/* A server that hangs takes connections all the same.  Whatever it answers to
 * somebody it does not know: it is there. */
static int ask_anything(LDAP *ld)
{
	char none[] = LDAP_NO_ATTRS;
	char *want[] = {none, NULL};
	struct timeval limit = {.tv_sec = CONNECT_SECONDS};
	LDAPMessage *message = NULL;
	int rc = ldap_search_ext_s(ld, "", LDAP_SCOPE_BASE, NULL, want, 0, NULL,
				   NULL, &limit, LDAP_NO_LIMIT, &message);

	ldap_msgfree(message);
	return LDAP_API_ERROR(rc) ? rc : LDAP_SUCCESS;
}

/* A server that agrees to StartTLS and then is silent would keep us for ever:
 * in the handshake libldap waits in read(), and honours its timeout between two
 * of these, where connecting is asynchronous. */
static int start_tls(LDAP *ld)
{
	const struct timeval limit = {.tv_sec = CONNECT_SECONDS};
	int fd = -1, rc;

	if (ldap_get_option(ld, LDAP_OPT_DESC, &fd) != 0 || fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) !=
		    0 ||
	    ldap_set_option(ld, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON) != 0)
		return LDAP_CONNECT_ERROR;
	rc = ldap_start_tls_s(ld, NULL, NULL);
	if (rc == LDAP_SUCCESS)
		rc = ldap_set_option(ld, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_OFF);
	return rc;
}

static int open_and_bind(LDAP *ld, const struct ldap_settings *set,
			 enum connect_as as)
{
	int rc = ldap_connect(ld);

	if (rc == LDAP_SUCCESS && !is_local(set->uri))
		rc = start_tls(ld);
	if (rc == LDAP_SUCCESS && as != CONNECT_NOBODY)
		rc = bind_gateway(ld, set);
	else if (rc == LDAP_SUCCESS)
		rc = ask_anything(ld);
	return rc;
}

static void explain(LDAP *ld, const char *uri, int rc, struct err *e)
{
	char *more = NULL;

	ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
	err_set(e, rc == LDAP_TIMEOUT ? ERR_TIMEOUT : ERR_UNAVAILABLE,
		"%s: %s%s%s", uri, ldap_err2string(rc),
		more != NULL ? ": " : "", more != NULL ? more : "");
	ldap_memfree(more);
}

static bool stop_blocking(LDAP *ld)
{
	int fd = -1;

	return ldap_get_option(ld, LDAP_OPT_DESC, &fd) == 0 && fd >= 0 &&
	       fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

LDAP *connect_directory(const struct ldap_settings *set, enum connect_as as,
			struct err *e)
{
	LDAP *ld = NULL;
	int rc = ldap_initialize(&ld, set->uri);

	if (rc != LDAP_SUCCESS) {
		err_set(e, ERR_INTERNAL, "%s: %s", set->uri,
			ldap_err2string(rc));
		return NULL;
	}
	bool good = prepare(ld, set, e);
	if (good && (rc = open_and_bind(ld, set, as)) != LDAP_SUCCESS)
		explain(ld, set->uri, rc, e);
	else if (good && !stop_blocking(ld))
		err_set(e, ERR_INTERNAL, "%s: no descriptor", set->uri);
	else if (good)
		return ld;
	ldap_unbind_ext(ld, NULL, NULL);
	return NULL;
}
