#pragma once
/*
 * Descriptions of services: where they lie, reading and checking them, when they are first asked for.
 *
 * Knows files and who may write them; what a description means is for the rest of the room.
 */
#include "tree/value.h"

enum description_kind {
    DESCRIBES_DNS,  /* a DNS provider: data/dns, CONF/dns-providers */
    DESCRIBES_FORM, /* a form of alarms: data/notify, CONF/notify-forms */
};

struct description { /* lives until the end of the program; never changes */
    struct value top;
    const char *name;  /* "cloudflare" */
    const char *title; /* "Cloudflare" */
    int wait_s, ttl;
    char *path;     /* its file */
    bool overrides; /* it is the administrator's */
};

/*
 * The description of that name ("cloudflare"): CONF/FOLDER/NAME.json, else that which came with the program.
 * *out is NULL when there is none, and when config_dir is NULL only those of the program are looked at. ERROR_CONFIG
 * for one that is wrong, or that others than root and ourselves may write.
 */
MUST_USE bool description_find(enum description_kind kind, const char *config_dir, const char *name,
    const struct description **out, struct error *err);
/* Whether there is a file of that name; nothing is read. */
bool description_exists(enum description_kind kind, const char *config_dir, const char *name);
/* Names of all, sorted. ERROR_STORE when a directory cannot be listed. */
MUST_USE bool description_names(
    enum description_kind kind, const char *config_dir, struct list *out, struct error *err);

/* One file, wherever it lies, without a look at who may write it; *out is the caller's. */
MUST_USE bool description_read(
    enum description_kind kind, const char *path, struct description **out, struct error *err);
void description_free(struct description *description);
DEFINE_AUTO(struct description, description_free)
