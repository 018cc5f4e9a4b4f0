/* Whatever comes for an answer of the DNS.  The first byte says what was asked
 * for and, with its fourth bit, that id and question be set right. */
#include <string.h>

#include "dns/packet.h"
#include "tests/fuzz/fuzz.h"
#include "util/text.h"

enum {
	ID = 0x1234,
	TYPES = DNS_SOA + 1,
	KINDS = 8,
	RIGHT = 8,
	TRUSTED = 16,
	FLAGS = 2,
	RESPONSE = 0x80,
	RECORDS = 1000,
};

static void look(struct arena *a, const struct dns_question *q)
{
	HOLDS(q->count <= RECORDS);
	for (size_t i = 0; i < q->count; i++) {
		const struct dns_record *r = &q->records[i];

		HOLDS(strcmp(text_lower(a, r->name), r->name) == 0);
		HOLDS(q->type != DNS_TXT || r->text != NULL);
		HOLDS(r->size <= PACKET_MAX && r->preference <= PACKET_MAX);
		HOLDS(r->size == 0 || r->text[r->size] == '\0');
	}
}

/* No answer but to our question. */
static void judge(struct arena *a, const uint8_t *data, size_t size)
{
	struct dns_question q = {.name = "a.test",
				 .type = (enum dns_type)(data[0] % KINDS %
							 TYPES)};
	bool trusted = (data[0] & TRUSTED) != 0;
	struct packet asked, got = {data + 1, size - 1};

	HOLDS(packet_make(a, &q, ID, &asked));
	unsigned char *bytes = arena_copy(a, got.bytes, got.size);
	size_t same = asked.size < got.size ? asked.size : got.size;
	/* The question, without the record of EDNS behind it. */
	size_t end = same > 24 ? 24 : same;

	if (data[0] & RIGHT && got.size >= 24) {
		memcpy(bytes, asked.bytes, 2);
		memcpy(bytes + 12, asked.bytes + 12, end - 12);
		bytes[FLAGS] |= RESPONSE;
		bytes[4] = 0;
		bytes[5] = 1;
	}
	got.bytes = bytes;
	enum packet_kind kind = packet_read(a, &asked, &got, trusted, &q);
	if (kind != PACKET_FOREIGN)
		HOLDS(got.size >= 24 && memcmp(bytes, asked.bytes, 2) == 0 &&
		      (bytes[FLAGS] & RESPONSE) != 0);
	HOLDS(kind == PACKET_ANSWER || q.count == 0);
	HOLDS(!q.secure || trusted);
	if (kind == PACKET_ANSWER)
		look(a, &q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();

	if (size > 1 && size < PACKET_MAX)
		judge(a, data, size);
	arena_free(a);
	return 0;
}
