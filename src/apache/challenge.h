#pragma once
/*
 * The edits by which Apache answers http-01 challenges (RFC 8555 section 8.3) with files of a directory of ours. Pure:
 * a model and names in, patches out.
 *
 * For each address at the http port, the host that answers the name there gets a line in front of its own that leads
 * the challenge's path to that directory, and a section behind its own that lets everybody read it. So does a host that
 * has the name at an address of the https port, as redirects lead there. Where no host answers, the main server does;
 * where nothing listens at the http port, a host of our own that answers nothing else.
 *
 * mod_alias leads there where it is enough. Past a host's own rules and redirects only mod_rewrite does.
 */
#include "apache/choice.h"
#include "webplugin/answering.h"
#include "webconf/patch.h"

struct apache_target {               /* a host, or a host in a macro, or the main server, that is to answer */
    const struct apache_node *vhost; /* NULL: the main server */
    struct apache_file *file;        /* that is to be edited */
    const struct apache_node *node;  /* in the file's text, or in that of `body`; NULL: the text as a whole */
    struct apache_tree *body;        /* of the lines of this macro: */
    const struct apache_node *macro;
    bool engine_off; /* its own rules are not in effect, and are not to be while it answers */
    bool by_alias;   /* nothing that mod_alias cannot get past */
    bool is_done;    /* it answers already, or cannot be edited */
};

struct apache_challenge { /* zero but for the first four */
    const struct apache_model *model;
    struct apache_ports ports;
    const char *dir; /* absolute, without links */
    const struct apache_facts *facts;
    struct apache_target *targets;
    size_t count, size;
    bool main_redirects; /* the main server has what mod_alias cannot get past, which all hosts have then */
    bool main_engine;    /* mod_rewrite is on where a host does not say otherwise */
    bool listens;        /* something listens at the http port */
};

/* Finds the hosts that are to answer; spots: one for each answer, set. */
void apache_challenge_find(
    struct apache_challenge *challenge, const struct web_answer *answers, size_t count, struct web_spot *spots);
/* Whether mod_rewrite is needed. */
bool apache_challenge_needs_rules(const struct apache_challenge *challenge);
/* Does without it, as it cannot be had: redirects get in the way. False: mod_alias cannot be had either. */
bool apache_challenge_use_alias(struct apache_challenge *challenge);
/* Whether nothing is to be edited. */
bool apache_challenge_is_done(const struct apache_challenge *challenge);

/* Adds what target number `index` needs to the patch of its file. */
void apache_challenge_edit(const struct apache_challenge *challenge, size_t index, struct patch *patch);
/* Adds the host of our own, and the port to listen at, to the patch of the main file, where nothing listens. */
void apache_challenge_listen(const struct apache_challenge *challenge, struct patch *patch);

void apache_challenge_clear(struct apache_challenge *challenge);
static inline void apache_challenge_clear_at(struct apache_challenge *challenge)
{
    apache_challenge_clear(challenge);
}
