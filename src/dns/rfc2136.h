#pragma once
/*
 * --dns-rfc2136: TXT records by signed updates of one's own name server (RFC 2136), with Certbot's credentials file.
 */
#include "dns/provider.h"

extern const struct dns_plugin plugin_dns_rfc2136;
