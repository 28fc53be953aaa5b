#pragma once
/*
 * Plans: what is to be installed, with what the user has answered where the configuration leaves a choice.
 */
#include "apache/work.h"
#include "ui/ui.h"

struct apache_answer { /* the host that the user has chosen for a name */
    size_t name;       /* index in deployment->names */
    struct apache_place place;
};

struct apache_plan {
    struct web_plan plan; /* WEB_PLAN_INSTALL */
    struct deployment *deployment;
    struct apache_answer *answers;
    size_t answer_count;
    struct list auto_hsts; /* ids of hosts whose HSTS begins to grow with it */
};

/* Asks the user, where he can be asked, which host is meant for names that no host has. ERROR_CANCELED. *out is the
 * caller's. */
MUST_USE bool apache_plan_make(struct apache_server *server, struct ui *ui, const struct deployment *deployment,
    struct apache_plan **out, struct error *err);
void apache_plan_free(struct apache_plan *plan);
DEFINE_AUTO(struct apache_plan, apache_plan_free)

/* The answer for a name; NULL: none was asked for. */
const struct apache_place *apache_plan_answer(const struct apache_plan *plan, size_t name);
