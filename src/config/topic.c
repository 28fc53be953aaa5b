#include "config/topic.h"

#include <string.h>

const struct topic topics[] = {
    { TOPIC_GENERAL, NULL, "Options for every day",
        "These work with every subcommand; those that do not matter to one are ignored." },
    { TOPIC_AUTOMATION, "automation", "Automation", "For scripts and scheduled runs." },
    { TOPIC_SECURITY, "security", "Security", "Keys, permissions and what servers tell browsers." },
    { TOPIC_CERTIFICATE, "certificate", "Certificates", "How a certificate is asked for and proved." },
    { TOPIC_ACCOUNT, "account", "Account", "The account at the CA." },
    { TOPIC_RENEW, "renewal", "Renewal and hooks",
        "Hooks are saved and run again at each renewal. Pre-hooks run before the first attempt and post-hooks after "
        "the last, each command once in a run of renew, and only if a renewal is attempted; deploy hooks run once for "
        "each certificate that was obtained (in a dry run only with --run-deploy-hooks). Before the hook that an "
        "option names run the executable files of renewal-hooks/pre, deploy and post in the configuration directory, "
        "in the order of their names, without those that end in ~. Deploy hooks find RENEWED_LINEAGE, the "
        "certificate's directory in live, and RENEWED_DOMAINS, its names with blanks between them. Post-hooks find the "
        "names of the whole run in RENEWED_DOMAINS and FAILED_DOMAINS. Unless --disable-hook-validation is given, the "
        "first word of a hook has to be a program that is there and can be run." },
    { TOPIC_NOTIFY, "alarms", "Alarms",
        "Whom renew tells that certificates are not renewed, or not deployed, and when that is over. What was told is "
        "remembered, so that it is told once, and again once a day while it lasts. notify test tells every target "
        "something." },
    { TOPIC_BACKUP, "backups", "Backups",
        "Archives of the directories that Evercert works with: where they lie, how many, and who can read them." },
    { TOPIC_TESTING, "testing", "Testing", "Test servers issue certificates that nobody trusts, with wide limits." },
    { TOPIC_PATHS, "paths", "Paths", "Directories and files." },
    { TOPIC_REVOKE, "revocation", "Revocation", "Options of revoke." },
    { TOPIC_INSTALL, "installation", "Installation", "Options of rollback." },
    { TOPIC_STATUS, "monitoring", "Status and monitoring",
        "What status shows, and to whom. Thresholds are parts of a certificate's life, so that they fit those of "
        "ninety "
        "days and of six." },
    { TOPIC_OUTLOOK, "outlook", "Looking from outside",
        "What watch asks servers for, whoever they belong to, and what ct asks of a service that searches the public "
        "logs of certificates." },
    { TOPIC_AUDIT, "audit", "Audit trail", "Which acts audit shows, and what audit verify compares the trail with." },
    { TOPIC_PLUGINS, NULL, "Plugins",
        "An authenticator proves control of names; an installer makes a server use a certificate." },
    { TOPIC_STANDALONE, "standalone", "standalone",
        "A small server of our own answers the CA; port 80 must be free, or 443 for tls-alpn-01.", true },
    { TOPIC_WEBROOT, "webroot", "webroot",
        "A running web server answers the CA with files that we place in its directory.", true },
    { TOPIC_MANUAL, "manual", "manual",
        "You, or your scripts, put the proof in place. --manual-auth-hook runs once for each name and "
        "--manual-cleanup-hook once for each when all are checked. Both find CERTBOT_DOMAIN and CERTBOT_IDENTIFIER "
        "(the name or address, without the *. of a wildcard), CERTBOT_VALIDATION (what the file or TXT record has to "
        "hold), CERTBOT_TOKEN (the file's name; not for dns-01), CERTBOT_ALL_DOMAINS and CERTBOT_ALL_IDENTIFIERS (all "
        "names, with commas between them) and CERTBOT_REMAINING_CHALLENGES (how many names come after this one); the "
        "cleanup hook finds what the other printed in CERTBOT_AUTH_OUTPUT. As of all hooks, the first word has to be a "
        "program that is there and can be run.",
        true },
    { TOPIC_NGINX, "nginx", "nginx",
        "Proves control (http-01) and installs with nginx. The server block that answers for a name is found as nginx "
        "itself finds it. Each change is tested, reloaded and looked at from outside; what fails is taken back, and "
        "rollback takes back what has succeeded.",
        true },
    { TOPIC_APACHE, "apache", "apache",
        "Proves control (http-01) and installs with Apache, as with nginx. A virtual host for HTTPS is made from the "
        "one "
        "for HTTP. What no option says is as the packages of the system have it: Debian's, Red Hat's, SUSE's and "
        "others'.",
        true },
    { TOPIC_DNS, "dns", "DNS services", "TXT records prove control; the only way for wildcards.", true },
    { .topic = TOPIC_HIDDEN },
};

const struct topic *topic_find(enum option_topic topic)
{
    const struct topic *at = topics;

    while (at->topic != topic && at->topic != TOPIC_HIDDEN)
        at++;
    return at;
}

void topic_put_names(const struct option *option, const char *around_name, const char *around_value, struct buf *out)
{
    const char *comma = "";

    for (const char *letter = option->shorts; letter != NULL && *letter != '\0'; letter++) {
        buf_putf(out, "%s%s-%c%s", comma, around_name, *letter, around_name);
        if (option->value != NULL)
            buf_putf(out, " %s%s%s", around_value, option->value, around_value);
        comma = ", ";
    }
    for (size_t i = 0; i < COUNT(option->names) && option->names[i] != NULL; i++) {
        buf_putf(out, "%s%s--%s%s", comma, around_name, option->names[i], around_name);
        if (option->value != NULL)
            buf_putf(out, " %s%s%s", around_value, option->value, around_value);
        comma = ", ";
    }
}

const char *topic_default(const struct option *option, const struct voice *voice)
{
    const char *text =
        voice->has_certbot_defaults && option->certbot_fallback != NULL ? option->certbot_fallback : option->fallback;

    return text == NULL || text[0] == '\0' ? NULL : text;
}
