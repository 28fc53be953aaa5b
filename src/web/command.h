#pragma once
/*
 * Commands of a few words, that belong to a server's administration: a2enmod ssl.
 */
#include "base/bytes.h"

struct web_service; /* web/commit.h */

/* Runs it as a program of its server (web/control.h); without a shell, the first word is looked up. ERROR_PLUGIN with
 * what it said when it fails. */
MUST_USE bool web_command(const struct list *words, const struct web_service *service, struct error *err);
/* The same of one that starts the server with that pid file (NULL: not known), and does not end with us. */
MUST_USE bool web_command_start(
    const struct list *words, const char *pid_file, const struct web_service *service, struct error *err);
