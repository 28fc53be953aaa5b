#include "nginx/plugin.h"

#include "nginx/authenticator.h"
#include "nginx/server.h"

const struct plugin plugin_nginx = {
    .name = "nginx",
    .description = "Nginx Web Server plugin",
    .authenticator = &nginx_authenticator,
    .installer = &nginx_installer,
    .share = &nginx_share,
};
