/* Whatever a directory answers, mangled controls among it (R24 of
 * tests/e2e/attacks.py). */
#include <ldap.h>
#include <openldap.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ldap/connect.h"
#include "ldap/control.h"
#include "ldap/entry.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "tests/fuzz/fuzz.h"

enum { MESSAGES_MAX = 100, OVER_A_SOCKET = 1 /* LDAP_PROTO_TCP */ };

/* libldap 2.5.13 forgets to free the words of a notice of disconnection. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

static void read_entry(struct arena *a, LDAP *ld, LDAPMessage *message)
{
	struct entry en;
	struct err e = {0};

	if (!entry_read(ld, message, a, &en, &e)) {
		HOLDS(e.kind == ERR_INTERNAL);
		return;
	}
	for (enum kind k = KIND_DOMAIN; k < KIND_COUNT; k++) {
		void *record = arena_alloc(a, kind_rules(k)->size);

		e = (struct err){0};
		HOLDS(map_read(&schema_of(k)->map, a, &en, record, &e) ||
		      e.kind == ERR_INTERNAL);
	}
}

static void read_result(struct arena *a, LDAP *ld, LDAPMessage *message)
{
	LDAPControl **controls = NULL;
	int code = LDAP_OTHER;
	struct entry en;
	struct err e = {0};

	if (ldap_parse_result(ld, message, &code, NULL, NULL, NULL, &controls,
			      0) == LDAP_SUCCESS) {
		const struct berval *after = control_post_read_value(controls);

		if (code != LDAP_SUCCESS)
			HOLDS(!result_failed(&e, code, "x") &&
			      e.kind != ERR_NONE);
		if (after != NULL)
			entry_read_control(after, a, &en, &e);
	}
	ldap_controls_free(controls);
}

/* As session.c reads it. */
static void read_all(struct arena *a, LDAP *ld)
{
	struct timeval now = {0};

	for (int i = 0; i < MESSAGES_MAX; i++) {
		LDAPMessage *message = NULL;

		if (ldap_result(ld, LDAP_RES_ANY, LDAP_MSG_ONE, &now,
				&message) <= 0)
			return;
		if (ldap_msgtype(message) == LDAP_RES_SEARCH_ENTRY)
			read_entry(a, ld, message);
		else if (ldap_msgtype(message) != LDAP_RES_SEARCH_REFERENCE &&
			 ldap_msgid(message) != 0)
			read_result(a, ld, message);
		ldap_msgfree(message);
	}
}

static void send_all(int fd, const void *bytes, size_t size)
{
	HOLDS(write(fd, bytes, size) == (ssize_t)size);
}

/* Whatever a directory answers to a search.  After a 0 the rest is what stands
 * in the only message, else it is what comes over the wire. */
static void converse(struct arena *a, const uint8_t *data, size_t size)
{
	const unsigned char head[] = {0x30,
				      0x82,
				      (unsigned char)((size + 2) >> 8),
				      (unsigned char)(size + 2),
				      0x02,
				      0x01,
				      0x01};
	int pair[2], msgid;
	LDAP *ld = NULL;
	Sockbuf *sb = NULL;
	ber_len_t most = 0;
	static const int version = LDAP_VERSION3;

	HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	HOLDS(ldap_init_fd(pair[0], OVER_A_SOCKET, NULL, &ld) == 0);
	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	HOLDS(connect_limit(ld));
	HOLDS(ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) == 0);
	HOLDS(ber_sockbuf_ctrl(sb, LBER_SB_OPT_GET_MAX_INCOMING, &most) > 0);
	HOLDS(most == CONNECT_MESSAGE);
	HOLDS(ldap_search_ext(ld, "", LDAP_SCOPE_BASE, "(a=b)", NULL, 0, NULL,
			      NULL, NULL, 0, &msgid) == 0);
	if (data[0] == 0)
		send_all(pair[1], head, sizeof(head));
	send_all(pair[1], data + 1, size - 1);
	shutdown(pair[1], SHUT_WR);
	read_all(a, ld);
	ldap_unbind_ext(ld, NULL, NULL);
	close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();

	if (size > 1 && size < 32 * 1024)
		converse(a, data, size);
	arena_free(a);
	return 0;
}
