#pragma once
/*
 * Giving one value to one setting.
 */
#include "config/option.h"

/*
 * Gives one value to a setting and marks where it came from. value is NULL for flags. A list starts afresh when its
 * values so far came from a lower origin or from another file, and grows otherwise. ERROR_USAGE in argparse's words
 * ("argument --csr: ...") for a value of the wrong form; whatever the option's `read` says.
 */
MUST_USE bool option_apply(
    struct settings *settings, const struct option *option, const char *value, enum origin from, struct error *err);
