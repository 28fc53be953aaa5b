#pragma once
/*
 * The versions in an archive directory of Certbot's layout.
 */
#include "disk/lineage.h"

#define VERSION_MAX ((unsigned)INT32_MAX)

struct version_file { /* KINDn.pem */
    unsigned version;
    enum kind kind;
};

struct versions { /* sorted by version, then kind */
    struct version_file *at;
    size_t len;
};

/* "cert7.pem": decimal without leading zeros. */
MUST_USE bool version_parse(const char *file_name, struct version_file *out);
/* DIR/KINDn.pem, of the caller's. */
char *version_path(const char *dir, enum kind kind, unsigned version) __attribute__((returns_nonnull));

/* Lists the files of each kind in its own directory (usually one and the same). */
MUST_USE bool versions_list(char *const dirs[KIND_COUNT], struct versions *out, struct error *err);
void versions_clear(struct versions *versions);
static inline void versions_clear_at(struct versions *versions)
{
    versions_clear(versions);
}
bool versions_have(const struct versions *versions, struct version_file file);
unsigned versions_newest(const struct versions *versions);          /* of any kind; 0: none */
unsigned versions_newest_complete(const struct versions *versions); /* number that all kinds have; 0: none */
