#pragma once
/*
 * Putting plans into effect: the clerk's part of installing, in the clerk's thread alone.
 */
#include "apache/plan.h"

/* As installer->commit; self is the struct apache_server, plans are struct apache_plan. */
MUST_USE bool apache_commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err);
