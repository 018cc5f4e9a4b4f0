#include "api/dialect.h"

const struct dialect *const dialects[] = {
	&dialect_native,
	&dialect_health,
	NULL,
};
