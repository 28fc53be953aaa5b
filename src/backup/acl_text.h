#pragma once
/*
 * Access control lists as text, with the names of users and groups, as archives have them: entries with commas between,
 * "user::rw-,user:www-data:r--:33,group::r--,mask::r--,other::---". The number stands behind, and alone where there is
 * no name ("user:33:r--:33").
 */
#include "backup/owners.h"
#include "base/acl.h"

/* The list of a file here; names are those of this machine. */
void acl_text_put(const struct acl *acl, struct owners *owners, struct buf *out);

/*
 * The same text in its one form: that of acl_text_put, whoever wrote it. ERROR_STORE when it is none.
 */
MUST_USE bool acl_text_canonical(struct view text, struct buf *out, struct error *err);

/* Numbers are those that the names have on this machine; where there is no such name, the ones in the text. */
MUST_USE bool acl_text_read(struct view text, struct owners *owners, struct acl *out, struct error *err);
