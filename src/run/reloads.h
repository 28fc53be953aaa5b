#pragma once
/*
 * The reloads that a run over many lineages owes to servers: one for each server, however many certificates it got.
 *
 * Two lineages have the same server when their installer and its options are the same. Thread-safe while it is added
 * to.
 */
#include "base/bytes.h"
#include "config/settings.h"

struct owed {      /* to one lineage */
    char *lineage; /* its name */
    char *version; /* for which that is recorded (store/delivery.h); NULL: it is not */
    bool alone;    /* nothing but the reload is left to do */
};

struct reload {
    char *server;              /* by what it is recognised */
    struct settings *settings; /* with the installer's options */
    struct owed *to;
    size_t len;
};

struct reloads;

struct reloads *reloads_new(void) __attribute__((returns_nonnull));
void reloads_free(struct reloads *reloads);
DEFINE_AUTO(struct reloads, reloads_free)

/* The server of settings->installer is to be reloaded for a lineage; the rest as in struct owed. */
void reloads_add(
    struct reloads *reloads, const struct settings *settings, const char *lineage, const char *version, bool alone);
/* In the order in which the servers were first added; NULL behind the last. Borrowed until reloads_free. */
const struct reload *reloads_at(const struct reloads *reloads, size_t i);
