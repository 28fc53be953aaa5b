#pragma once
/*
 * Other clients' protocols for DNS scripts, and by which of them a script is to be called.
 *
 * Knows texts; runs nothing.
 */
#include "base/bytes.h"

enum script_kind {
    SCRIPT_ACME_SH,    /* a shell file with functions dns_NAME_add and dns_NAME_rm */
    SCRIPT_DEHYDRATED, /* HOOK deploy_challenge|clean_challenge DOMAIN TOKEN VALUE */
    SCRIPT_LEGO,       /* PROGRAM present|cleanup RECORD. VALUE */
    SCRIPT_UACME,      /* PROGRAM begin|done|failed TYPE IDENT TOKEN VALUE */
    SCRIPT_CERTBOT,    /* what --manual-auth-hook gets in the environment */
};

#define SCRIPT_KINDS (SCRIPT_CERTBOT + 1)
#define SCRIPT_MAX_TEXT (4 * 1024 * 1024)

const char *script_kind_name(enum script_kind kind); /* "acme.sh", "dehydrated" ... */
MUST_USE bool script_kind_find(const char *name, enum script_kind *out);

/* "dns_cf" for the file dns_cf.sh whose text defines the function dns_cf_add; NULL for others. Of the caller's. */
char *script_acme_name(const char *path, struct view text);

/* Which protocol it is, where that is certain: its text has what only one of them needs. False: name it to be sure. */
MUST_USE bool script_recognise(const char *path, struct view text, enum script_kind *out);
