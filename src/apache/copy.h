#pragma once
/*
 * The copy of a plain virtual host that is to speak TLS. Pure: text of a file in, text of the copy out.
 */
#include "base/bytes.h"

struct apache_copy {          /* borrowed */
    int port;                 /* of all its addresses */
    const struct list *names; /* that it has, or will have, in lower case */
};

struct apache_copied {   /* what was not copied as it was, or at all */
    bool rewrites;       /* rewrite rules that lead to https */
    bool redirects;      /* other redirects of its names to https: they would lead to themselves */
    bool once_in_server; /* directives that may stand only once in a server's configuration */
    bool needs_original; /* macros, or includes, in front of the host: the original has to be read before the copy */
};

/*
 * Appends `<IfModule mod_ssl.c>`, the ordinal'th host of the text, and `</IfModule>` to out. Its addresses get the
 * port. In it, as comments: rules that rewrite to https with their conditions, redirects to https of the host's own
 * names, and what may stand only once in a server (WSGIDaemonProcess), which the original keeps. Definitions that the
 * file makes in front of the host come along, within their conditions: the copy may be read first. name stands in
 * errors: ERROR_PLUGIN.
 */
MUST_USE bool apache_copy_text(struct view text, const char *name, size_t ordinal, const struct apache_copy *copy,
    struct apache_copied *copied, struct buf *out, struct error *err);

/* Takes the addresses with these ports from a host, one of which at least has another: what its copy has now. */
struct apache_edit;
void apache_leave_addresses(struct apache_edit *edit, int port, int other_port);

/* The path of the copy: in dir (NULL: beside it), ".conf" at its end replaced by the extension. Of the caller's. */
char *apache_copy_path(const char *real, const char *dir, const char *extension) __attribute__((returns_nonnull));
