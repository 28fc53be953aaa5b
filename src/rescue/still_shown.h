#pragma once
/*
 * Which servers still show a key that others know: each name of a certificate is looked up, and every address is asked.
 */
#include "run/context.h"

struct shown {
    size_t ours;       /* servers that show the certificate that is live here */
    size_t others;     /* another certificate, of a key that is not known */
    size_t silent;     /* names and addresses where nothing could be seen */
    struct list known; /* "for NAME, ADDRESS port PORT": they show a known key */
};
void shown_clear(struct shown *shown);
static inline void shown_clear_at(struct shown *shown)
{
    shown_clear(shown);
}

/* Asks the servers of the lineage settings->cert_name, at settings->https_port, with bounds in number and time as
 * --online. keys: cert_key_hash of those that are known. Servers that were told to load a certificate need a moment:
 * while one shows a known key they are asked again, a few times. *out must be zero or cleared. ERROR_CANCELED, and
 * whatever keeps servers from being asked at all. */
MUST_USE bool shown_look(struct context *context, const struct list *keys, struct shown *out, struct error *err);
