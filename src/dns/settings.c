#include "dns/settings.h"

#include "dns/servers.h"
#include "util/text.h"

bool dns_settings_check(struct arena *a, const struct dns_settings *set,
			struct err *e)
{
	bool validating = text_equal(set->validating, "yes");
	struct dns_servers servers;

	if (!validating && !text_equal(set->validating, "no"))
		return err_set(e, ERR_INVALID, "dns.validating is yes or no");
	if (set->resolvers == NULL)
		return !validating ||
		       err_set(e, ERR_INVALID,
			       "dns.validating needs dns.resolvers: whom the "
			       "system asks may change");
	return dns_servers_parse(a, set->resolvers, &servers, e) ||
	       err_wrap(e, "dns.resolvers");
}
