#pragma once
/*
 * What a virtual host can have besides its certificate: a redirect to https, headers, OCSP stapling. Pure; each does
 * nothing where the host has it already.
 */
#include "apache/edit.h"

/* Hosts that send nothing to https yet get Certbot's rule, with a condition for each name: in front of other rules of
 * the host, which might end the rewriting. Names that such a rule has already are left out; the rules of older Certbots
 * get today's flags. names: in lower case; "*.example.com" stands for one label. */
void apache_redirect(struct apache_edit *edit, const struct list *names);

/* The same as the lines of a new host, with that line end and indentation, on addresses such as "*:80". Appends. */
struct apache_redirect_host { /* borrowed */
    const struct list *addresses, *names;
    const char *log_dir;
};
void apache_redirect_host_put(const struct apache_redirect_host *host, struct buf *out);

struct apache_header {
    const char *name, *value;
    bool joins;       /* several of that name count together: where the host has one, this is a further one */
    const char *word; /* of an argument that shows that it is there; NULL: the name */
};

extern const struct apache_header apache_header_hsts, apache_header_uir;
#define APACHE_SECURITY_HEADERS 5
extern const struct apache_header apache_security_headers[APACHE_SECURITY_HEADERS]; /* the first is HSTS */

/* Whether a Header directive has that word among its arguments, in any case. */
bool apache_is_header(const struct apache_node *node, const char *word);
/* has: a file that the host includes sets a header of that name. */
void apache_header_put(struct apache_edit *edit, const struct apache_header *header, bool has);

/* SSLUseStapling on. */
void apache_staple(struct apache_edit *edit);

/* A text with a block of `<IfModule mod_ssl.c>` and these lines at its end. Appends to out. */
void apache_put_for_ssl(struct view text, const struct list *lines, struct buf *out);

/* ---- --auto-hsts ---- */

/* The comment that marks a host in Certbot's state, and the header at the first step. id: 32 hex digits. */
void auto_hsts_begin(struct apache_edit *edit, const char *id, int max_age);
/* Changes max-age in the host's HSTS header. False when there is none any more. */
bool auto_hsts_set(struct apache_edit *edit, int max_age);
/* The host's mark in the text, "" when it has none. Of the caller's. */
char *auto_hsts_id(const struct apache_node *vhost) __attribute__((returns_nonnull));
/* Takes the mark away. */
void auto_hsts_end(struct apache_edit *edit);
