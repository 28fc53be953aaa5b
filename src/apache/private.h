#pragma once
/*
 * What the files of this room make the plugin of.
 */
#include "webplugin/plugin.h"

extern const struct installer apache_installer;

/* As of struct web_kind. */
MUST_USE bool apache_answer(void *self, const struct web_answer *answers, size_t count, struct web_spot *spots,
    struct error **each, struct error *err);
char *apache_host(const struct proof *proof);
/* a2enmod X for a2dismod -f X. */
bool apache_opposite(const struct list *undo, struct list *out);
