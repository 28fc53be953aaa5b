#pragma once
/*
 * Evidence of an incident: one archive of what is here now, before anybody repairs anything.
 *
 * It is packed, encrypted and named as a backup is (`backup verify` reads it), lies in WORK/incidents, and is removed
 * by nobody. Nothing that is collected is changed, but the times of its last reading.
 */
#include "run/context.h"

/* With keys and other secrets where settings->with_keys; with --dry-run only says what would be collected. Says where
 * the archive is, and its SHA-256. ERROR_CONFIG where evercert-archive is not installed. */
MUST_USE bool incident_collect(struct context *context, struct error *err);
