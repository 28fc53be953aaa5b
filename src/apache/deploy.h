#pragma once
/*
 * The certificate of a virtual host that speaks TLS: which lines it is to have for it. Pure.
 */
#include "apache/edit.h"
#include "plugin/installer.h"

struct apache_certificate { /* borrowed */
    const struct pair *pairs;
    size_t pair_count;
    const char *options_file; /* of TLS options, to be included */
    bool includes_options;    /* the host reads them already, maybe by a file that it includes */
    bool has_own_options;     /* a file that it includes sets protocols, cipher suites and their like */
    bool has_name;            /* it has a ServerName, maybe in a file that it includes */
    const struct list *names; /* that it does not answer to yet */
    /* Whether a certificate that the host has already stays beside these: it has another type of key. */
    bool (*stays)(void *arg, const char *cert_path);
    void *arg;
};

/*
 * Edits a host: each certificate and key takes the place of one that is there, in its line; those that are left over
 * go, further ones follow; SSLCertificateChainFile goes, unless there is no other chain. The options are included at
 * the end; in front of everything where the host has such options of its own, which then win. Names are added behind
 * those that it has. A host that has all of it already is not touched.
 */
void apache_deploy(struct apache_edit *edit, const struct apache_certificate *certificate);

/* Whether a directive of that name is one of the options that the file of TLS options sets, too. */
bool apache_is_tls_option(const struct apache_node *node);
