#pragma once
/*
 * Versions of servers and of OpenSSL as numbers that compare as the versions do.
 */
#include "base/bytes.h"

/* "1.22.1" is 1022001, "2.4.62" 2004062; what follows the numbers does not count ("1.25" is 1025000). 0: no version. */
unsigned web_version(struct view text);

/* With its letter: "1.0.2l" is 1000212, "1.1.1n" 1010114, "3.0.15" 3001500, "3.5.1-dev" 3050100. 0: no version. */
unsigned web_openssl_version(struct view text);
