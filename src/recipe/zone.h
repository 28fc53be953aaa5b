#pragma once
/* Which of a service's zones a name is in: the longest one that ends it at a label boundary. */
#include "recipe/step.h"

/*
 * Sets {zone}, {rel} and what the description takes of the zone in work->vars, whose {fqdn} is set. Without "zone" in
 * the description nothing is set. ERROR_PLUGIN when there is no such zone. What was asked is remembered for the run.
 */
MUST_USE bool work_find_zone(struct work *work, struct error *err);

void work_forget_zone(void *item); /* for service_close */
