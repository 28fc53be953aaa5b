#pragma once
/*
 * Redirects to https: which plain hosts get them, and a host that does nothing else where there is none.
 */
#include "apache/sites.h"

MUST_USE bool apache_redirect_site(
    struct apache_work *work, struct apache_plan *plan, const struct apache_site *site, struct error *err);
