#include "nginx/plugin.h"

#include "config/settings.h"
#include "nginx/server.h"
#include "webplugin/authenticator.h"

static bool is_here(const struct settings *settings)
{
    AUTO(free) char *program = NULL;
    struct error err = { 0 };

    return web_program_find(settings->nginx_ctl, false, &program, &err);
}

const struct plugin plugin_nginx = {
    .name = "nginx",
    .description = "With the nginx of this machine",
    .authenticator = &web_authenticator,
    .installer = &nginx_installer,
    .is_here = is_here,
    .share = &nginx_share,
};
