#pragma once
/*
 * What OpenSSL leaves in memory. Knows nothing of keys.
 */
#include <stdbool.h>

#include "base/auto.h"

/*
 * From here on, whatever OpenSSL frees or moves is overwritten first: the parts of a key that it read, not only those
 * that it takes for secret. To be called once, before anything else of this room: false when OpenSSL has allocated
 * already, and nothing has changed then.
 */
MUST_USE bool crypto_wipe_freed(void);
