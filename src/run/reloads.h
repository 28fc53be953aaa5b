#pragma once
/*
 * The reloads that a run over many lineages still has to do: one for each server, however many certificates it got.
 *
 * Two lineages have the same server when plugin_server returns the same text for both. Thread-safe while it is added
 * to.
 */
#include "plugin/plugin.h"

struct owed {                      /* to one lineage */
    struct deployment *deployment; /* in use */
    size_t index;                  /* of the lineage among those of the run */
    char *version;                 /* for which that is recorded (store/delivery.h); NULL: it is not */
    bool alone;                    /* nothing but the reload is left to do */
};

struct reload {
    char *server;              /* by what it is recognised */
    struct settings *settings; /* with the installer's options */
    struct owed *to;           /* none: only what changes with time is to be done */
    size_t len;
};

struct reloads;

struct reloads *reloads_new(void) __attribute__((returns_nonnull));
void reloads_free(struct reloads *reloads);
DEFINE_AUTO(struct reloads, reloads_free)

/* The server of settings->installer, which is that of the lineage (a run over many lets no user choose), is to be
 * reloaded for it; the rest as in struct owed, copied. */
void reloads_add(struct reloads *reloads, const struct settings *settings, const struct deployment *deployment,
    size_t index, const char *version, bool alone);
/* The server of settings->installer has to do with this run, whether or not it is to be reloaded. */
void reloads_add_server(struct reloads *reloads, const struct settings *settings);
/* Iterates in the order in which servers were first added; NULL behind the last. Borrowed until reloads_free. */
const struct reload *reloads_at(const struct reloads *reloads, size_t i);
