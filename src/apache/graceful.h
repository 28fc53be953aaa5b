#pragma once
/*
 * The reload of an Apache, to its end: `apachectl graceful` returns before the server has read anything, and a server
 * that does not like what it reads then ends.
 */
#include "web/control.h"

/* web_reload (web/control.h), and waits until the server has read its configuration and certificates: some seconds at
 * most, not where its pid file is not known. ERROR_PLUGIN with its error log's words when it has ended instead. */
MUST_USE bool apache_reload(const struct web_server *server, struct web_log *log, struct error *err);
