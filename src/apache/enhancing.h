#pragma once
/*
 * Enhancements of the sites of a deployment: which hosts get which lines, modules and files for them.
 */
#include "apache/sites.h"

/* Title of the checkpoint: "Add enhancement redirect". */
const char *apache_enhancement_title(enum enhancement enhancement);
bool apache_enhances(enum enhancement enhancement);

/* Edits what one enhancement needs. What is there already is left alone. ERROR_PLUGIN. */
MUST_USE bool apache_enhance(struct apache_work *work, struct apache_plan *plan, const struct apache_sites *sites,
    enum enhancement enhancement, struct error *err);
