/*
 * Adds and removes TXT values by the description of a provider, for the tests against fakes of the providers' APIs
 * (tests/integration/test_dns_providers.py).
 *
 *     dns_driver CONFIG-DIR NETWORK-PROGRAM NAME [CREDENTIALS]
 *
 * Lines of standard input are "add" or "remove", and then names and values in turn, with a blank between. The answer is
 * a line for each value, "done" or "failed: WHY", and one of a dot. Nothing is waited for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/option_find.h"
#include "config/plugin_options.h"
#include "net/net.h"
#include "recipe/description.h"
#include "recipe/provider.h"

#define VALUES_MAX 16

static bool hurry(void *arg, int64_t ms)
{
    (void)arg;
    (void)ms;
    return true;
}

static bool get_net(void *run, struct net **out, struct error *err)
{
    (void)err;
    *out = run;
    return true;
}

/* As --dns-NAME-credentials. */
static void give_credentials(struct settings *settings, const char *name, const char *path)
{
    AUTO(free) char *option = xprintf("%s-credentials", name);
    AUTO(free) char *key = plugin_option_key(name, "credentials");
    const struct option *row = option_find(option);

    if (row != NULL)
        xreplace((char **)((char *)settings + row->at), path);
    else
        plugin_options_put(&settings->plugin_options, name, key, path, ORIGIN_COMMAND_LINE);
}

static void tell(const struct txt *txt, const struct error *all)
{
    const struct error *why = txt->error != NULL ? txt->error : all;

    if (txt->state == TXT_DONE)
        (void)printf("done\n");
    else
        (void)printf("failed: %s%s%s\n", why->what, why->what[0] != '\0' ? ": " : "", why->why);
}

static void change(const struct provider *provider, void *self, char *line)
{
    struct txt txts[VALUES_MAX] = { 0 }, *all[VALUES_MAX];
    struct error err = { 0 };
    char *at = NULL, *verb = strtok_r(line, " \n", &at), *name, *value;
    size_t count = 0;

    while (count < VALUES_MAX && (name = strtok_r(NULL, " \n", &at)) != NULL &&
           (value = strtok_r(NULL, " \n", &at)) != NULL) {
        txts[count] = (struct txt){ .name = name, .value = value, .identifier = name };
        all[count] = &txts[count];
        count++;
    }
    if (verb != NULL && count > 0 &&
        !(strcmp(verb, "add") == 0 ? provider->add : provider->remove)(self, all, count, &err))
        (void)fprintf(stderr, "all: %s\n", err.why);
    for (size_t i = 0; i < count; i++) {
        tell(&txts[i], &err);
        if (txts[i].error != NULL)
            free(txts[i].error);
    }
    (void)printf(".\n");
    (void)fflush(stdout);
}

static bool run(char **argv, struct settings *settings, struct net *net, struct error *err)
{
    AUTO(ui_free) struct ui *ui = ui_new(&(struct ui_options){ .non_interactive = true });
    AUTO(free) char *name = xprintf("dns-%s", argv[3]);
    struct plugin_context context = { .settings = settings, .net = net, .when_needed = { get_net, net }, .ui = ui };
    const struct description *description = NULL;
    struct recipe_provider provider;
    void *self = NULL;
    char line[8192];

    TRY(description_find(DESCRIBES_DNS, NULL, argv[3], &description, err));
    if (description == NULL)
        return error_set(err, ERROR_CONFIG, "there is no description of %s", argv[3]);
    provider = recipe_provider_of(description, name);
    if (argv[4] != NULL)
        give_credentials(settings, name, argv[4]);
    TRY(provider.provider.open(&context, &provider.provider, &self, err));
    recipe_service_of(self)->outside.sleep_ms = hurry;
    while (fgets(line, sizeof line, stdin) != NULL)
        change(&provider.provider, self, line);
    provider.provider.close(self);
    return true;
}

int main(int argc, char **argv)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    struct error err = { 0 };
    struct net *net = NULL;
    bool ok;

    if (argc < 4)
        return 2;
    xreplace(&settings->config_dir, argv[1]);
    ok = net_start(&(struct net_options){ .user_agent = "test", .program = argv[2] }, &net, &err) &&
         run(argv, settings, net, &err);
    net_stop(net);
    if (!ok)
        (void)printf("%s%s%s\n", err.what, err.what[0] != '\0' ? ": " : "", err.why);
    return ok ? 0 : 1;
}
