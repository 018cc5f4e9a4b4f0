#include "ldap/cork.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

struct cork {
	Sockbuf_IO_Desc *io;
	size_t used;
	char bytes[CORK_ROOM];
};

/* Requests have passwords in them, and are gone once they are sent. */
static void drop(struct cork *c, size_t sent)
{
	memmove(c->bytes, c->bytes + sent, c->used - sent);
	explicit_bzero(c->bytes + c->used - sent, sent);
	c->used -= sent;
}

bool cork_flush(struct cork *c)
{
	size_t sent = 0;
	ber_slen_t n = 1;

	errno = 0;
	while (sent < c->used && n > 0) {
		n = LBER_SBIOD_WRITE_NEXT(c->io, c->bytes + sent,
					  c->used - sent);
		sent += n > 0 ? (size_t)n : 0;
	}
	drop(c, sent);
	/* TLS says 0 when it would block. */
	return n > 0 || errno == EAGAIN || errno == EINTR;
}

bool cork_has_answers(struct cork *c)
{
	return ber_sockbuf_ctrl(c->io->sbiod_sb, LBER_SB_OPT_DATA_READY,
				NULL) == 1;
}

static int setup(Sockbuf_IO_Desc *io, void *cork)
{
	struct cork *c = cork;

	c->io = io;
	io->sbiod_pvt = c;
	return 0;
}

static int release(Sockbuf_IO_Desc *io)
{
	struct cork *c = io->sbiod_pvt;

	explicit_bzero(c->bytes, c->used);
	free(c);
	io->sbiod_pvt = NULL;
	return 0;
}

static int pass_control(Sockbuf_IO_Desc *io, int option, void *arg)
{
	return LBER_SBIOD_CTRL_NEXT(io, option, arg);
}

static ber_slen_t pass_read(Sockbuf_IO_Desc *io, void *buffer, ber_len_t size)
{
	return LBER_SBIOD_READ_NEXT(io, buffer, size);
}

static ber_slen_t gather_or_send(Sockbuf_IO_Desc *io, void *bytes,
				 ber_len_t size)
{
	struct cork *c = io->sbiod_pvt;

	if (size > CORK_ROOM - c->used && !cork_flush(c))
		return -1;
	if (size <= CORK_ROOM - c->used) {
		memcpy(c->bytes + c->used, bytes, size);
		c->used += size;
		return (ber_slen_t)size;
	}
	if (c->used > 0) {
		errno = EAGAIN; /* what came first goes first */
		return -1;
	}
	return LBER_SBIOD_WRITE_NEXT(io, bytes, size);
}

/* Whoever asked sees by errno whether libldap had the memory for the whole
 * request: what happens to the socket neither hides that nor looks like it. */
static ber_slen_t gather(Sockbuf_IO_Desc *io, void *bytes, ber_len_t size)
{
	int before = errno;
	ber_slen_t n = gather_or_send(io, bytes, size);

	if (n > 0)
		errno = before;
	else if (errno == ENOMEM)
		errno = ENOBUFS;
	return n;
}

/* The last request of a connection, to unbind, has no turn to wait for. */
static int send_last(Sockbuf_IO_Desc *io)
{
	cork_flush(io->sbiod_pvt);
	return 0;
}

static Sockbuf_IO layer = {
	.sbi_setup = setup,
	.sbi_remove = release,
	.sbi_ctrl = pass_control,
	.sbi_read = pass_read,
	.sbi_write = gather,
	.sbi_close = send_last,
};

/* Both stand above TLS, if there is any. */
struct cork *cork_insert(LDAP *ld)
{
	struct cork *c = alloc_plain(sizeof(*c));
	Sockbuf *sb = NULL;

	c->used = 0;
	if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) == LDAP_SUCCESS &&
	    ber_sockbuf_add_io(sb, &ber_sockbuf_io_readahead,
			       LBER_SBIOD_LEVEL_APPLICATION, NULL) == 0 &&
	    ber_sockbuf_add_io(sb, &layer, LBER_SBIOD_LEVEL_APPLICATION, c) ==
		    0)
		return c;
	free(c);
	return NULL;
}
