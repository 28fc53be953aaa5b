#pragma once
/*
 * What `doctor` looks at besides the store (health/): the web servers that certificates are installed in, and, asked
 * for, the way that a CA would take to prove control of their names.
 */
#include "health/health.h"
#include "run/context.h"

/* Adds findings. only: a lineage's name; NULL: all. online: names are looked up, ports are knocked at, and the CA is
 * asked; of at most CHECKUP_NAMES lineages, which is told. ERROR_CANCELED on an interrupt; ERROR_STORE where the store
 * cannot be listed. */
#define CHECKUP_NAMES 50
MUST_USE bool checkup(
    struct context *context, const char *only, bool online, struct findings *findings, struct error *err);
