#pragma once
/*
 * Plans of the installer: a deployment, and what was settled with the user for it. They change nothing; which blocks
 * they concern is worked out anew when they are put into effect.
 */
#include "nginx/server.h"
#include "nginx/task.h"

struct nginx_looked { /* what was in a certificate's file */
    char *path;
    struct nginx_cert cert;
    struct nginx_looked *next;
};

struct nginx_install_plan {
    struct web_plan plan; /* WEB_PLAN_INSTALL */
    struct deployment *deployment;
    struct nginx_ports ports;
    bool has_wildcard_names;
    struct list wildcard_names;           /* see struct nginx_task */
    char *template_path, *template_names; /* the same */
    struct list uncovered;                /* see struct nginx_task: set by the clerk */
    struct nginx_looked *looked;          /* by the clerk alone */
};

/* Asks the user where there is a choice; where nobody can be asked, nothing is looked at before the commit.
 * ERROR_PLUGIN as of nginx_targets_find; ERROR_CANCELED. */
MUST_USE bool nginx_plan_make(const struct plugin_context *context, const struct deployment *deployment,
    struct nginx_install_plan **out, struct error *err);
void nginx_plan_free(struct nginx_install_plan *plan); /* NULL is fine */
DEFINE_AUTO(struct nginx_install_plan, nginx_plan_free)

/* What is needed to put plans into effect: files in the config dir. */
struct nginx_files {
    char *options_path, *dhparams_path, *live_dir;
    struct buf options;
};
void nginx_files_find(const struct nginx_server *server, struct nginx_files *out);
void nginx_files_clear(struct nginx_files *files);
static inline void nginx_files_clear_at(struct nginx_files *files)
{
    nginx_files_clear(files);
}

/* All borrowed of both. */
struct nginx_task nginx_plan_task(struct nginx_install_plan *plan, const struct nginx_files *files);
