#pragma once
/*
 * Files and directories that decide which programs root runs: hooks, plugins, configuration that names hooks.
 */
#include <stdbool.h>

#include "base/error.h"

/*
 * False with ERROR_CONFIG and the command that mends it when we are root and others may change what `path` leads to.
 * Under the name certbot it is a warning, once for each place. What is not there is fine. Relative paths are taken from
 * the working directory.
 */
MUST_USE bool code_path_check(const char *path, bool refuse, struct error *err);
