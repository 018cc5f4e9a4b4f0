#include "policy/settings.h"

#include <string.h>

#include "policy/place.h"
#include "policy/request.h"
#include "util/text.h"

static bool check_places(struct arena *a, const char *listen, struct err *e)
{
	struct text_list places = place_list(a, listen);
	struct place p;

	if (places.count == 0 || places.count > POLICY_PLACES_MAX)
		return err_set(e, ERR_INVALID,
			       "policy.listen names 1 to %d places",
			       POLICY_PLACES_MAX);
	for (size_t i = 0; i < places.count; i++) {
		if (!place_parse(a, places.items[i], &p, e))
			return err_wrap(e, "policy.listen");
	}
	return true;
}

bool policy_settings_check(struct arena *a, const struct policy_settings *set,
			   struct err *e)
{
	struct place p;

	if (!text_equal(set->overquota_if, "all") &&
	    !text_equal(set->overquota_if, "any"))
		return err_set(e, ERR_INVALID,
			       "policy.overquota_if is all or any");
	if (!text_equal(set->on_failure, "DUNNO") &&
	    !text_equal(set->on_failure, "DEFER_IF_PERMIT"))
		return err_set(e, ERR_INVALID,
			       "policy.on_failure is DUNNO or "
			       "DEFER_IF_PERMIT");
	if (set->overquota == NULL || !reply_is_full(set->overquota))
		return err_set(e, ERR_INVALID,
			       "policy.overquota is an action such as \"552 "
			       "5.2.2 Mailbox is full\" or \"452 4.2.2 ...\"");
	return (set->quota_status == NULL ||
		place_parse(a, set->quota_status, &p, e) ||
		err_wrap(e, "policy.quota_status")) &&
	       (set->listen == NULL || check_places(a, set->listen, e));
}
