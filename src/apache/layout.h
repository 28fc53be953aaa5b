#pragma once
/*
 * Where Apache's configuration is on this system, and the programs that control it: Certbot's table of systems, under
 * the options that the user gives.
 *
 * Knows names and paths; looks at no more than os-release and which main file there is.
 */
#include "base/bytes.h"

struct settings;

struct apache_layout {      /* owned strings, for apache_layout_clear; programs are names or paths, as given */
    char *root;             /* of the configuration */
    char *main_file;        /* its first file; NULL until apache_layout_find */
    char *vhost_dir;        /* where files with virtual hosts are */
    const char *vhost_glob; /* which names count in it */
    bool vhosts_read;       /* the files in there count even where nothing includes them */
    char *new_dir;          /* where new files of virtual hosts go (--apache-vhost-root); NULL: beside the old ones */
    char *extension;        /* what their names end in: "-le-ssl.conf" */
    char *log_dir;
    char *control;                          /* apache2ctl: configtest, graceful */
    char *server;                           /* what answers -v and -t -D; NULL: control */
    char *restart;                          /* what is run with "restart" when graceful fails; NULL: nothing */
    char *enmod, *dismod;                   /* programs that enable and disable modules; NULL: there are none */
    bool has_links;                         /* sites are enabled by links in sites-enabled */
    const char *options_file, *options_key; /* shell variable with -D words that the server is started with; or NULL */
    const char *unit;                       /* of systemd, that runs it; NULL with a root or control of the user's */
};

/*
 * The layout by the text of os-release, and the options. An unknown ID goes by the last word of ID_LIKE that is known,
 * and any other system is taken for Debian without its module tools.
 */
void apache_layout_choose(struct view os_release, const struct settings *settings, struct apache_layout *out);
void apache_layout_clear(struct apache_layout *layout);
static inline void apache_layout_clear_at(struct apache_layout *layout)
{
    apache_layout_clear(layout);
}

/* Adds the words behind -D (or joined to it) of that variable in the text of such a file, the last setting of it. */
void apache_options_read(struct view text, const char *key, struct list *defines);

/* The text of this system's os-release, "" when there is none. Appends to out. */
void apache_os_release(struct buf *out);

/* Finds the main file: apache2.conf, httpd.conf or conf/httpd.conf below root. ERROR_PLUGIN when there is none. */
MUST_USE bool apache_layout_find(struct apache_layout *layout, struct error *err);

/* Whether missing modules are to be enabled: what --apache-handle-modules says, any word of no being one. */
bool apache_handles_modules(const struct settings *settings);
