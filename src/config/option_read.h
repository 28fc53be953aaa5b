#pragma once
/*
 * Readers of options whose type alone does not say how their value is used. For the table in options.c.
 */
#include "config/option.h"

/* ERROR_USAGE: "argument -d/--domains/--domain: REASON"; returns false. */
bool option_fail(const struct option *option, struct error *err, const char *reason, ...) PRINTF(3, 4);

bool read_nothing(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool read_deprecated(struct settings *settings, const struct option *option, const char *value, struct error *err);
/* Certbot keeps the last one; commands for several find all of them in cert_names. */
bool read_cert_name(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool read_domains(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool read_ip_service(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool read_ip_address(struct settings *settings, const struct option *option, const char *value, struct error *err);
/* An address where a server is asked (--address). */
bool read_asked_address(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool check_ct_url(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool read_challenges(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool read_webroot_path(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool read_webroot_map(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool check_readable(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool check_fractions(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool check_address(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool check_file_mode(struct settings *settings, const struct option *option, const char *value, struct error *err);
bool check_user_agent_comment(
    struct settings *settings, const struct option *option, const char *value, struct error *err);

/* The full name of a challenge type that --preferred-challenges knows ("dns" gives "dns-01"); NULL for
 * another. */
const char *challenge_name(struct view text);
