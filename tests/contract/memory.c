/*
 * The contract, put to the store that tests work with.
 */
#include <string.h>

#include "tests/contract/store_contract.h"
#include "tests/lib/store_mem.h"

static bool opens(void *ctx, const char *address, const char *clear)
{
	const char *hash = store_mem_password(ctx, address);

	return hash != NULL && strncmp(hash, "{CRYPT}", 7) == 0 &&
	       strcmp(hash + 7, clear) == 0;
}

int main(void)
{
	static const struct caller admin = {.login = "admin",
					    .identity = "admin"},
				   ann = {.login = "ann@contract.example",
					  .identity = "ann@contract.example"},
				   guest = {.login = "guest",
					    .identity = "guest"};
	struct store *store = store_mem_open();
	const struct contract c = {.store = store,
				   .admin = &admin,
				   .user = &ann,
				   .guest = &guest,
				   .hash = "{CRYPT}first",
				   .other_hash = "{CRYPT}second",
				   .opens = opens,
				   .ctx = store};

	store_mem_administrator(store, "admin");
	int status = store_contract(&c);
	store_mem_close(&store);
	return status;
}
