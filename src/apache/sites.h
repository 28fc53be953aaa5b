#pragma once
/*
 * Sites: the hosts with TLS by which the names of one deployment are served, and how they get its certificate.
 */
#include "apache/plan.h"

struct apache_site {
    size_t vhost;              /* index of the host in the model that has the names */
    struct apache_place place; /* the host with TLS: that one, or the copy of it */
    bool is_copy;
    bool needs_original; /* a copy that is to be read behind the file with the host that was copied */
    struct list names;   /* of the deployment, in lower case */
};

struct apache_sites {
    struct apache_site *at;
    size_t count;
};

/*
 * The sites of a plan's names, as they are before it is in effect: their places are those of the hosts themselves.
 * ERROR_PLUGIN where a name could be meant for several hosts or for none. *out is the caller's.
 */
MUST_USE bool apache_sites_find(
    const struct apache_work *work, const struct apache_plan *plan, struct apache_sites *out, struct error *err);
void apache_sites_clear(struct apache_sites *sites);

/* Gives each site the deployment's certificates; what has no TLS is copied to a host that has. Sets their places. */
MUST_USE bool apache_sites_deploy(
    struct apache_work *work, struct apache_plan *plan, struct apache_sites *sites, struct error *err);
/* The sites of a deployment that is in use. ERROR_PLUGIN where one has no TLS. */
MUST_USE bool apache_sites_in_use(
    const struct apache_work *work, const struct apache_plan *plan, struct apache_sites *sites, struct error *err);

/* Whether it answers at that port. */
bool apache_site_is_at(const struct apache_work *work, const struct apache_site *site, int port);

/* Whether the host has that file as a certificate now. */
bool apache_vhost_uses(const struct apache_work *work, const struct apache_vhost *vhost, const char *cert);
