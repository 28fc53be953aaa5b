#pragma once
/*
 * One group of changes of a server's configuration while it is being made: what the configuration is, and which files,
 * links and modules are to change. In the clerk's thread alone.
 *
 * Changes nothing itself; web_commit does.
 */
#include "apache/choice.h"
#include "apache/edit.h"
#include "apache/server.h"

struct apache_place { /* where a host is */
    char *path;       /* of its file, without links */
    size_t ordinal;   /* which of its <VirtualHost> sections */
};

struct apache_made { /* a host that was made in this group, from that one */
    size_t vhost;
    struct apache_place place;
};

struct apache_work {
    struct apache_server *server;
    struct apache_facts facts; /* with the modules that will be enabled */
    struct changes *changes;
    struct apache_conf *conf; /* as it was before any change */
    struct apache_model *model;
    struct apache_ports ports;
    struct apache_made *made;
    size_t made_count;
    struct list enabled; /* files that the server is made to read */
    bool listens;        /* on the https port, now or in the end */
    bool has_stapling;   /* a cache for stapling, likewise */
};

/* Reads the configuration. needs_tls: mod_ssl is enabled if it is not loaded. ERROR_PLUGIN. *out is the caller's. */
MUST_USE bool apache_work_open(
    struct apache_server *server, bool needs_tls, struct apache_work *out, struct error *err);
void apache_work_close(struct apache_work *work);
static inline void apache_work_close_at(struct apache_work *work)
{
    apache_work_close(work);
}

/* A place in the series of changes, and the way back to it, as of changes_mark. */
struct apache_work_mark {
    size_t changes, made, enabled;
    bool listens;
};
struct apache_work_mark apache_work_mark(struct apache_work *work);
void apache_work_undo_to(struct apache_work *work, const struct apache_work_mark *mark);

/* A module that is needed ("ssl"): enabled with those that it needs itself, unless it is loaded. ERROR_PLUGIN where
 * there are no tools for that, or the user wants it to be left alone. */
MUST_USE bool apache_work_module(struct apache_work *work, const char *name, struct error *err);

/* Opens a host for edits, in the newest text of its file; then the text with these edits is its newest. */
MUST_USE bool apache_work_edit(
    struct apache_work *work, const struct apache_place *place, struct apache_edit *out, struct error *err);
MUST_USE bool apache_work_keep(
    struct apache_work *work, const struct apache_place *place, const struct apache_edit *edit, struct error *err);

/* Makes the server read a file, unless it does: by a link in sites-enabled, or an Include in its main file. behind: a
 * file that is to be read before it, where the name of the link can see to that (it begins with "zz-" then); or NULL.
 */
MUST_USE bool apache_work_enable(struct apache_work *work, const char *path, const char *behind, struct error *err);
/* Makes the server listen on the https port, at the addresses where it listens now, unless it does. */
MUST_USE bool apache_work_listen(struct apache_work *work, struct error *err);
/* Appends lines within `<IfModule mod_ssl.c>` to a file. */
MUST_USE bool apache_work_put_for_ssl(
    struct apache_work *work, const char *path, const struct list *lines, struct error *err);

/* What was made from a host in this group; NULL: nothing. */
const struct apache_place *apache_work_made(const struct apache_work *work, size_t vhost);
void apache_work_note_made(struct apache_work *work, size_t vhost, const char *path, size_t ordinal);

/* The address at which the server answers for a host on that port, as far as it can be reached from here: "127.0.0.1".
 * Of the caller's. */
char *apache_work_address(const struct apache_work *work, const struct apache_address *address, int port)
    __attribute__((returns_nonnull));
