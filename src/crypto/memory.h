#pragma once
/*
 * Keeps OpenSSL from leaving secrets in memory. Knows nothing of keys.
 */
#include <stdbool.h>

#include "base/auto.h"

/*
 * Makes OpenSSL overwrite everything that it frees or moves from now on: also the parts of a key that it does not treat
 * as secret. Call once, before anything else of this room: false, and no change, when OpenSSL has allocated already.
 */
MUST_USE bool crypto_wipe_freed(void);
