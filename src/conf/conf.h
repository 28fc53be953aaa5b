#pragma once
/*
 * The syntax of renewal files (ConfigObj): a document that keeps comments, order and unknown keys when it is
 * written back.
 *
 * Knows nothing of what the keys mean. Sections are named by path: "" is the top, "renewalparams",
 * "renewalparams/webroot_map".
 */
#include "base/bytes.h"

#define CONF_MAX (1024 * 1024)

struct conf;

struct conf *conf_new(void) __attribute__((returns_nonnull));
/* ERROR_CONFIG names file and line. */
MUST_USE bool conf_read(struct view text, const char *name, struct conf **out, struct error *err);
void conf_write(const struct conf *conf, struct buf *out);
void conf_free(struct conf *conf);
DEFINE_AUTO(struct conf, conf_free)

bool conf_has_section(const struct conf *conf, const char *section);
/* NULL when absent; a list is given as its elements joined by ", ". Interpolation "%(name)s" is done here, as
 * ConfigObj does (same section, its DEFAULT, then enclosing); a missing name leaves the text as it is. The
 * text is borrowed and lives until the next change of conf. */
const char *conf_get(const struct conf *conf, const char *section, const char *key);
/* False when absent. A plain value is a list of one. */
bool conf_get_list(const struct conf *conf, const char *section, const char *key, struct list *out);
/* Keys of a section in their order. */
void conf_keys(const struct conf *conf, const char *section, struct list *out);

/* Whether the syntax can hold a text (as an element of a list): not those with both kinds of triple quotes,
 * say. */
bool conf_can_hold(const char *text, bool in_list);

/* Sets in place or appends at the end of the section (made when missing). What is set to what it was keeps
 * its bytes. The value must be one that conf_can_hold. */
void conf_set(struct conf *conf, const char *section, const char *key, const char *value);
void conf_set_list(struct conf *conf, const char *section, const char *key, const struct list *values);
void conf_remove(struct conf *conf, const char *section, const char *key);
void conf_remove_section(struct conf *conf, const char *section); /* with its subsections */
