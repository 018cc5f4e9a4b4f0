#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ldap/cork.h"
#include "tests/lib/tap.h"
#include "util/field.h"

/* Of <openldap.h>. */
int ldap_init_fd(ber_socket_t fd, int proto, const char *url, LDAP **ldp);

enum { PROTO_IPC = 3, LARGE = 1 << 20 };

/* A connection and its other end. */
struct pair {
	LDAP *ld;
	struct cork *cork;
	int peer;
	char *got; /* what came out there */
	size_t size;
};

static struct pair open_pair(void)
{
	static const int version = LDAP_VERSION3;
	struct pair p = {.got = malloc(8 * LARGE)};
	int fds[2];

	if (p.got == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0 ||
	    ldap_init_fd(fds[0], PROTO_IPC, "ldapi:///", &p.ld) != 0 ||
	    ldap_set_option(p.ld, LDAP_OPT_PROTOCOL_VERSION, &version) != 0)
		abort();
	p.cork = cork_insert(p.ld);
	p.peer = fds[1];
	return p;
}

static void close_pair(struct pair *p)
{
	close(p->peer);
	free(p->got);
}

/* Everything that is there; how many bytes that were. */
static size_t take(struct pair *p)
{
	size_t before = p->size;
	ssize_t n;

	while ((n = read(p->peer, p->got + p->size, 65536)) > 0)
		p->size += (size_t)n;
	return p->size - before;
}

/* How many requests there are, one after the other and nothing else; -1 if
 * there is something else. */
static int count_requests(const struct pair *p, int ids[], int room)
{
	struct berval all = {p->size, p->got};
	BerElement *ber = ber_init(&all);
	ber_len_t left = 0;
	int count = 0;

	while (ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left) == 0 &&
	       left > 0) {
		struct berval message;
		int id;

		if (ber_scanf(ber, "m", &message) == LBER_ERROR)
			break;
		BerElement *inner = ber_init(&message);
		if (inner == NULL || ber_scanf(inner, "i", &id) == LBER_ERROR)
			id = -1;
		if (count < room)
			ids[count] = id;
		count++;
		ber_free(inner, 1);
	}
	ber_free(ber, 1);
	return left == 0 ? count : -1;
}

static int ask(struct pair *p, int *id)
{
	return ldap_search_ext(p->ld, "dc=provost", LDAP_SCOPE_BASE,
			       "(objectClass=*)", NULL, 0, NULL, NULL, NULL, 0,
			       id);
}

static int ask_much(struct pair *p, int *id)
{
	static char value[LARGE];
	char type[] = "description";
	char *values[] = {value, NULL};
	LDAPMod mod = {.mod_op = LDAP_MOD_ADD,
		       .mod_type = type,
		       .mod_values = values};
	LDAPMod *mods[] = {&mod, NULL};

	memset(value, 'x', sizeof(value) - 1);
	return ldap_add_ext(p->ld, "dc=provost", mods, NULL, NULL, id);
}

static void test_gathering(void)
{
	struct pair p = open_pair();
	int id[3] = {0}, seen[3] = {0};

	OK(p.cork != NULL, "libldap takes it");
	for (size_t i = 0; i < COUNT(id); i++)
		ask(&p, &id[i]);
	NUMBER(take(&p), 0, "three requests wait");
	OK(cork_flush(p.cork), "they are sent");
	OK(take(&p) > 0 && count_requests(&p, seen, 3) == 3,
	   "all three, and nothing else");
	OK(memcmp(id, seen, sizeof(id)) == 0, "in their order");
	OK(cork_flush(p.cork) && take(&p) == 0, "and once");
	ldap_unbind_ext(p.ld, NULL, NULL);
	take(&p);
	NUMBER(count_requests(&p, seen, 3), 4, "the last word is sent, too");
	close_pair(&p);
}

/* Nobody reads: libldap hears that the socket is full, and nothing is lost. */
static void test_full_socket(void)
{
	struct pair p = open_pair();
	int id, rc = LDAP_SUCCESS, sent = 0;

	while (sent < 100000 && (rc = ask(&p, &id)) == LDAP_SUCCESS)
		sent++;
	NUMBER(rc, LDAP_BUSY, "when socket and cork are full it is busy");
	OK(cork_flush(p.cork), "which is no loss");
	for (int i = 0; i < 1000 && take(&p) > 0; i++)
		cork_flush(p.cork);
	/* The one that did not fit is libldap's, and goes out with the next. */
	NUMBER(ask(&p, &id), LDAP_SUCCESS, "room again");
	cork_flush(p.cork);
	take(&p);
	NUMBER(count_requests(&p, NULL, 0), sent + 1,
	       "every request arrived whole");
	OK(sent > 500, "there were many");
	ldap_unbind_ext(p.ld, NULL, NULL);
	close_pair(&p);
}

static void test_large_request(void)
{
	struct pair p = open_pair();
	int id, last, seen[3] = {0};
	int order = ask(&p, &id) == LDAP_SUCCESS;

	ask_much(&p, &id);
	OK(take(&p) > 0, "what does not fit goes out at once");
	NUMBER(count_requests(&p, seen, 1), -1, "and is half written");
	for (int i = 0; i < 1000 && ask(&p, &last) == LDAP_BUSY; i++)
		take(&p);
	for (int i = 0; i < 1000 && cork_flush(p.cork) && take(&p) > 0; i++)
		continue;
	NUMBER(count_requests(&p, seen, 3), 3, "then comes the rest");
	OK(order && seen[0] == 1 && seen[1] == id && seen[2] == last,
	   "in the order they were made");
	ldap_unbind_ext(p.ld, NULL, NULL);
	close_pair(&p);
}

/* A search that found nothing, to request `id` below 128. */
static void answer(struct pair *p, int count, int id)
{
	char bytes[64 * 14], *to = bytes;
	const char one[] = {0x30, 0x0c, 0x02, 0x01, (char)id, 0x65, 0x07,
			    0x0a, 0x01, 0x00, 0x04, 0x00,     0x04, 0x00};

	for (int i = 0; i < count; i++, to += sizeof(one))
		memcpy(to, one, sizeof(one));
	if (write(p->peer, bytes, (size_t)(to - bytes)) != to - bytes)
		abort();
}

static void test_reading(void)
{
	struct pair p = open_pair();
	struct timeval now = {0};
	int id[3];
	char byte;

	for (size_t i = 0; i < COUNT(id); i++)
		ask(&p, &id[i]);
	cork_flush(p.cork);
	OK(!cork_has_answers(p.cork), "no answers at first");
	for (size_t i = 0; i < COUNT(id); i++)
		answer(&p, 1, id[i]);
	for (size_t i = 0; i < COUNT(id); i++) {
		LDAPMessage *message = NULL;

		NUMBER(ldap_result(p.ld, LDAP_RES_ANY, LDAP_MSG_ONE, &now,
				   &message),
		       LDAP_RES_SEARCH_RESULT, "an answer");
		NUMBER(ldap_msgid(message), id[i], "to its request");
		ldap_msgfree(message);
		OK(cork_has_answers(p.cork) == (i < 2), "more?");
	}
	int fd = -1;
	ldap_get_option(p.ld, LDAP_OPT_DESC, &fd);
	OK(recv(fd, &byte, 1, MSG_DONTWAIT) < 0, "all were read at once");
	ldap_unbind_ext(p.ld, NULL, NULL);
	close_pair(&p);
}

static void test_loss(void)
{
	struct pair p = open_pair();
	int id;

	ask(&p, &id);
	close(p.peer);
	OK(!cork_flush(p.cork), "a lost connection is told");
	ldap_unbind_ext(p.ld, NULL, NULL);
	close_pair(&p);
}

static ber_slen_t without_memory(Sockbuf_IO_Desc *io, void *bytes,
				 ber_len_t size)
{
	(void)io;
	(void)bytes;
	(void)size;
	errno = ENOMEM;
	return -1;
}

/* errno says after a request whether libldap had memory for it, whatever
 * happened to the socket meanwhile. */
static void test_errno(void)
{
	static Sockbuf_IO kernel = {.sbi_write = without_memory};
	struct pair p = open_pair();
	Sockbuf *sb = NULL;
	int id, kept = 0, asked = 0;

	for (; asked < 5000; asked++) {
		errno = ENOMEM;
		ask(&p, &id);
		kept += errno == ENOMEM;
		if (asked % 100 == 0)
			take(&p);
	}
	NUMBER(kept, asked, "that libldap had none is not hidden");
	take(&p);
	ldap_get_option(p.ld, LDAP_OPT_SOCKBUF, &sb);
	ber_sockbuf_add_io(sb, &kernel, LBER_SBIOD_LEVEL_TRANSPORT, NULL);
	errno = 0;
	ask_much(&p, &id);
	OK(errno != ENOMEM, "that the kernel had none is something else");
	ldap_unbind_ext(p.ld, NULL, NULL);
	close_pair(&p);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_gathering();
	test_full_socket();
	test_large_request();
	test_reading();
	test_loss();
	test_errno();
	return tap_done();
}
