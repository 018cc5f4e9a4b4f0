#include "dns/packet.h"

#include <ldns/ldns.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "util/field.h"
#include "util/network.h"
#include "util/text.h"

enum {
	ALIASES_MAX = 16, /* one after the other, until we give up */
	ID_SIZE = 2,
	RECORDS_MAX = 1000,
};

static const ldns_rr_type types[] = {
	[DNS_A] = LDNS_RR_TYPE_A,         [DNS_AAAA] = LDNS_RR_TYPE_AAAA,
	[DNS_CNAME] = LDNS_RR_TYPE_CNAME, [DNS_MX] = LDNS_RR_TYPE_MX,
	[DNS_TXT] = LDNS_RR_TYPE_TXT,     [DNS_SRV] = LDNS_RR_TYPE_SRV,
	[DNS_SOA] = LDNS_RR_TYPE_SOA,
};

static void packet_free(ldns_pkt **p)
{
	ldns_pkt_free(*p);
}

bool packet_make(struct arena *a, const struct dns_question *q, unsigned id,
		 struct packet *ret)
{
	ldns_rdf *name = ldns_dname_new_frm_str(q->name);
	uint8_t *wire = NULL;
	size_t size = 0;

	if (name == NULL)
		return false;
	CLEANUP(packet_free)
	ldns_pkt *p = ldns_pkt_query_new(name, types[q->type], LDNS_RR_CLASS_IN,
					 LDNS_RD | LDNS_AD);
	if (p == NULL) {
		ldns_rdf_deep_free(name);
		return false;
	}
	ldns_pkt_set_id(p, (uint16_t)id);
	ldns_pkt_set_edns_udp_size(p, PACKET_DATAGRAM);
	if (ldns_pkt2wire(&wire, p, &size) == LDNS_STATUS_OK)
		*ret = (struct packet){arena_copy(a, wire, size), size};
	LDNS_FREE(wire);
	return size > 0;
}

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

static size_t end_of_question(const struct packet *p)
{
	size_t at = LDNS_HEADER_SIZE;

	while (p->bytes[at] != 0)
		at += p->bytes[at] + 1U;
	return at + 1 + 2 * sizeof(uint16_t);
}

/* The same id, marked as a response, to that very question.  It is compared
 * byte for byte: a server repeats it as it was, letters in either case. */
static bool is_ours(const struct packet *asked, const struct packet *got)
{
	size_t end = end_of_question(asked);

	if (got->size < end || memcmp(got->bytes, asked->bytes, ID_SIZE) != 0 ||
	    !LDNS_QR_WIRE(got->bytes) ||
	    LDNS_OPCODE_WIRE(got->bytes) != LDNS_PACKET_QUERY ||
	    LDNS_QDCOUNT(got->bytes) != 1)
		return false;
	for (size_t i = LDNS_HEADER_SIZE; i < end; i++) {
		if (lower(got->bytes[i]) != lower(asked->bytes[i]))
			return false;
	}
	return true;
}

/* As text, in lower case, without the dot at the end. */
static const char *name_of(struct arena *a, const ldns_rdf *rdf)
{
	char *text = ldns_rdf2str(rdf);

	if (text == NULL)
		return "";
	size_t n = strlen(text);
	if (n > 0 && text[n - 1] == '.')
		text[n - 1] = '\0';
	char *name = text_lower(a, text);
	LDNS_FREE(text);
	return name;
}

static unsigned number_of(const ldns_rdf *rdf)
{
	return ldns_rdf2native_int16(rdf);
}

static const struct network *ipv4_of(struct arena *a, const ldns_rdf *rdf)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	memcpy(&in.sin_addr, ldns_rdf_data(rdf), sizeof(in.sin_addr));
	struct network n = network_of((struct sockaddr *)&in);
	return arena_copy(a, &n, sizeof(n));
}

static const struct network *ipv6_of(struct arena *a, const ldns_rdf *rdf)
{
	struct sockaddr_in6 in = {.sin6_family = AF_INET6};

	memcpy(&in.sin6_addr, ldns_rdf_data(rdf), sizeof(in.sin6_addr));
	struct network n = network_of((struct sockaddr *)&in);
	return arena_copy(a, &n, sizeof(n));
}

/* Its strings one after the other; each begins with its length. */
static void read_text(struct arena *a, const ldns_rr *rr,
		      struct dns_record *ret)
{
	size_t count = ldns_rr_rd_count(rr), room = 0;

	for (size_t i = 0; i < count; i++)
		room += ldns_rdf_size(ldns_rr_rdf(rr, i));
	char *text = arena_alloc(a, room + 1);
	for (size_t i = 0; i < count; i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		if (ldns_rdf_size(rdf) == 0)
			continue;
		memcpy(text + ret->size, ldns_rdf_data(rdf) + 1,
		       ldns_rdf_size(rdf) - 1);
		ret->size += ldns_rdf_size(rdf) - 1;
	}
	ret->text = text;
	ret->strings = count;
}

enum { MX_FIELDS = 2, SRV_FIELDS = 4 };

/* False: it is not as such a record has to be. */
static bool read_record(struct arena *a, const ldns_rr *rr, enum dns_type type,
			struct dns_record *ret)
{
	size_t fields = ldns_rr_rd_count(rr);
	size_t wanted = type == DNS_MX    ? MX_FIELDS
			: type == DNS_SRV ? SRV_FIELDS
					  : 1;

	*ret = (struct dns_record){.name = ""};
	if (fields < wanted)
		return false;
	if (type == DNS_A)
		ret->address = ipv4_of(a, ldns_rr_rdf(rr, 0));
	else if (type == DNS_AAAA)
		ret->address = ipv6_of(a, ldns_rr_rdf(rr, 0));
	else if (type == DNS_TXT)
		read_text(a, rr, ret);
	else
		ret->name = name_of(a, ldns_rr_rdf(rr, type == DNS_SOA
							       ? 0
							       : wanted - 1));
	if (type == DNS_MX || type == DNS_SRV)
		ret->preference = number_of(ldns_rr_rdf(rr, 0));
	if (type == DNS_SRV) {
		ret->weight = number_of(ldns_rr_rdf(rr, 1));
		ret->port = number_of(ldns_rr_rdf(rr, 2));
	}
	return true;
}

/* Where the aliases in an answer lead from a name; NULL: in a circle. */
static const ldns_rdf *end_of_aliases(const ldns_rr_list *all,
				      const ldns_rdf *name)
{
	size_t count = ldns_rr_list_rr_count(all);

	for (int hops = 0; hops <= ALIASES_MAX; hops++) {
		const ldns_rr *found = NULL;

		for (size_t i = 0; i < count && found == NULL; i++) {
			const ldns_rr *rr = ldns_rr_list_rr(all, i);

			if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME &&
			    ldns_rr_rd_count(rr) == 1 &&
			    ldns_dname_compare(ldns_rr_owner(rr), name) == 0)
				found = rr;
		}
		if (found == NULL)
			return name;
		name = ldns_rr_rdf(found, 0);
	}
	return NULL;
}

static void gather(struct arena *a, const ldns_rr_list *all,
		   const ldns_rdf *owner, struct dns_question *q)
{
	size_t count = ldns_rr_list_rr_count(all);

	q->records = arena_alloc(a, (count + 1) * sizeof(*q->records));
	for (size_t i = 0; i < count && q->count < RECORDS_MAX; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(all, i);

		if (ldns_rr_get_type(rr) == types[q->type] &&
		    ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
		    ldns_dname_compare(ldns_rr_owner(rr), owner) == 0)
			q->count += read_record(a, rr, q->type,
						&q->records[q->count]);
	}
}

static enum packet_kind useless(struct dns_question *q, const char *why)
{
	q->outcome = DNS_FAILED;
	q->detail = why;
	return PACKET_USELESS;
}

static const char *name_of_code(struct arena *a, ldns_pkt_rcode code)
{
	char *word = ldns_pkt_rcode2str(code);
	const char *ret = arena_join(a, "the resolver answers ",
				     word != NULL ? word : "an error", NULL);

	free(word);
	return ret;
}

static enum packet_kind take_apart(struct arena *a, const ldns_pkt *p,
				   bool trusted, struct dns_question *q)
{
	const ldns_rr_list *all = ldns_pkt_answer(p);
	const ldns_rdf *asked =
		ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_question(p), 0));
	const ldns_rdf *name = asked;
	ldns_pkt_rcode code = ldns_pkt_get_rcode(p);

	if (code != LDNS_RCODE_NOERROR && code != LDNS_RCODE_NXDOMAIN)
		return useless(q, name_of_code(a, code));
	if (q->type != DNS_CNAME)
		name = end_of_aliases(all, name);
	if (name == NULL)
		return useless(q, "the aliases (CNAME) lead in a circle");
	q->aliased = name != asked;
	gather(a, all, name, q);
	q->secure = trusted && ldns_pkt_ad(p);
	q->outcome = code == LDNS_RCODE_NXDOMAIN ? DNS_NO_NAME
		     : q->count > 0              ? DNS_FOUND
						 : DNS_NOTHING;
	return PACKET_ANSWER;
}

enum packet_kind packet_read(struct arena *a, const struct packet *asked,
			     const struct packet *got, bool trusted,
			     struct dns_question *q)
{
	CLEANUP(packet_free) ldns_pkt *p = NULL;

	q->records = NULL;
	q->count = 0;
	q->secure = false;
	if (!is_ours(asked, got))
		return PACKET_FOREIGN;
	if (LDNS_TC_WIRE(got->bytes))
		return PACKET_TRUNCATED;
	if (ldns_wire2pkt(&p, got->bytes, got->size) != LDNS_STATUS_OK ||
	    ldns_rr_list_rr_count(ldns_pkt_question(p)) != 1)
		return useless(q, "the answer is not well-formed");
	return take_apart(a, p, trusted, q);
}
