#pragma once
/*
 * What one plan has to do: a deployment, and what the user and the settings say about how.
 */
#include "crypto/key.h"
#include "nginx/choice.h"
#include "plugin/installer.h"

struct nginx_cert {     /* what is in a certificate's file */
    enum key_type type; /* of its key */
    bool known;         /* false: the file cannot be read, or is of a kind of key that we do not know */
    bool covers;        /* valid, and for all names of the deployment */
};

struct nginx_task { /* all borrowed */
    const struct deployment *deployment;
    struct nginx_ports ports;
    const char *options_path, *dhparams_path; /* options-ssl-nginx.conf, ssl-dhparams.pem */
    struct view options;                      /* text of the first */
    const char *live_dir;                     /* CONFIG_DIR/live/, with the slash */
    /* Looks into a certificate's file. */
    void (*look)(void *arg, const char *path, struct nginx_cert *out);
    void *look_arg;
    /* What the user has chosen. */
    const struct list *wildcard_names; /* names that the wildcards stand for; NULL: all that blocks have */
    const char *template_path;         /* file of the block to make one like it of; NULL: the default server */
    const char *template_names;        /* its names, with blanks between */
    /* Gets the names of blocks that are given the certificate, and are not in it, each once. NULL: not wanted. */
    struct list *uncovered;
};
