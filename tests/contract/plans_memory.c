/*
 * The contract about plans, put to what tests work with.
 */
#include "tests/contract/plan_contract.h"
#include "tests/lib/journal_mem.h"
#include "tests/lib/store_mem.h"

int main(void)
{
	static const struct caller admin = {.login = "admin",
					    .identity = "admin"},
				   guest = {.login = "guest",
					    .identity = "guest"};
	struct store *store = store_mem_open();
	struct journal *journal = journal_mem_open(store);
	const struct contract c = {.store = store,
				   .journal = journal,
				   .admin = &admin,
				   .guest = &guest};

	store_mem_administrator(store, "admin");
	store_mem_role(store, "ghost@plans.example");
	int status = plan_contract(&c);
	journal_mem_close(&journal);
	store_mem_close(&store);
	return status;
}
