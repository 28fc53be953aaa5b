#pragma once
/*
 * What the surroundings of acme.sh's DNS scripts (data/script/dnsapi.sh) need and a shell does not have: requests by
 * HTTP, digests, signatures, encodings. A run of this program for each, without settings, store and log, so that such
 * scripts need neither curl nor openssl, and requests go the same way as all others.
 *
 * Secrets are neither arguments nor shown: they come by standard input and by the environment.
 */
#include <stdbool.h>

#include "base/bytes.h"

/* Whether the program was called in this way: by a script that a run of ours has started. */
bool helper_is_called(int argc, char **argv);
/* argv: program, "script-helper", task, what the task takes. Returns the exit status: 0, 1 after a failure that was
 * reported on standard error. */
int helper_main(int argc, char **argv);

/* ---- within this room ---- */

/*
 * The request of method whose body is input, as EVERCERT_URL, EVERCERT_TYPE (of the body), EVERCERT_FIELDS (a header
 * field a line), EVERCERT_STAY (follow no redirects) and EVERCERT_INSECURE (believe any certificate) say. The body of
 * the answer is appended to out, and the heads of all answers go to the file EVERCERT_HEADER. True for any answer.
 */
MUST_USE bool helper_http(const char *method, struct view input, struct buf *out, struct error *err);
/* The values of TXT records of name, a line each, are appended to out; there may be none. */
MUST_USE bool helper_lookup(const char *name, const char *type, struct buf *out, struct error *err);
