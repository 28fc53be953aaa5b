/*
 * One row for each thing that the two names of the program say or do in two ways: what it is, Certbot's, our own.
 * Included several times, by voice.h and voice.c, with other meanings of the four words:
 *
 *     WORD(member, certbot's, our own)   a text; {1}, {2} ... are filled in by voice_fill
 *     ERROR(member, certbot's, certbot's advice, our own, our own advice)   for voice_error; NULL: none
 *     HABIT(member, certbot's, our own)  something that is done or not
 *
 * What users of Certbot meet differently is listed in docs/differences-from-certbot.md.
 */

/* ---- the name ---- */

WORD(command, "certbot", "evercert")     /* as it is typed */
WORD(program, "Certbot", "Evercert")     /* in sentences */
WORD(version, "5.5.0", EVERCERT_VERSION) /* Certbot's: whose command line we have; scripts compare it */

/* ---- messages ---- */

/* Errors tell which steps have failed and what to do next. Certbot's have the cause alone: scripts know its lines. */
HABIT(explains, false, true)
/* An answer that cannot be used is followed by a sentence that says which can. */
HABIT(hints, false, true)
/* A sentence more here and there: that something was done, or why nothing happens. */
HABIT(tells_more, false, true)
/* Text keeps within the terminal. Certbot's has 80 columns, whatever the terminal has. */
HABIT(fits_terminal, false, true)
/* Questions read the first letter of "yes" and "no" alone. */
HABIT(reads_first_letter, true, false)
/* Lines that are pasted together at a question for several things are one answer. */
HABIT(reads_pasted_lines, false, true)
/* Each run begins by printing where the log is. */
HABIT(names_log, true, false)
/* An error of the system has its number, as Python writes it. */
HABIT(numbers_errors, true, false)
/* Hooks are announced on a terminal before they run: one that takes minutes must not look like a hang. */
HABIT(announces_hooks, false, true)
/* The log has the line for each challenge that Certbot's has, and says that none is possible without the name. */
HABIT(logs_challenges_as_python, true, false)
/* The log tells that a timer may not look at directories other than the usual ones. */
HABIT(tells_unusual_dirs, true, false)

/* `plugins` tells Certbot's name for the code of a plugin: images that hold one look for it. */
HABIT(lists_entry_points, true, false)

/* ---- the command line and settings ---- */

/* Options have the defaults that Certbot gives them, where ours are others. */
HABIT(has_certbot_defaults, true, false)
/* International names may be typed as they are read, and are shown so. */
HABIT(takes_international_names, false, true)
/* E-mail addresses are held to what public CAs take. Certbot leaves most of that to the CA. */
HABIT(holds_email_to_rules, false, true)
/* Addresses that no public CA certifies are asked of private ones alone. */
HABIT(refuses_reserved_addresses, false, true)
/* Orders with IP addresses ask for the CA's profile for short lives, unless another one is. */
HABIT(picks_short_profile, false, true)
/* --ip-address auto stands for the addresses of this machine. */
HABIT(finds_addresses, false, true)
/* The question for names refuses those without a dot before the CA does. */
HABIT(refuses_names_without_dot, false, true)
/* `certonly --help` is the help of certonly. */
HABIT(helps_with_subcommand, false, true)
/* --preferred-challenges knows tls-alpn-01, dns-account-01 and dns-persist-01. */
HABIT(prefers_own_types, false, true)
/* `reconfigure --dry-run` is a trial alone, at whatever server. */
HABIT(tries_reconfigure_anywhere, false, true)
/* `update_account --new-key` changes the key of the account. */
HABIT(changes_account_keys, false, true)
/* Files that decide which programs root runs must be writable by root alone. Certbot accepts them; under its name we
 * warn. */
HABIT(refuses_shared_code, false, true)

/* ---- the store ---- */

/* Other runs of ours work in the same store at the same time. */
HABIT(shares_store, false, true)
/* Commands that only read do with a store that cannot be written. */
HABIT(reads_without_writing, false, true)
/* `delete` refuses what a server's configuration names, but with --force. */
HABIT(guards_deletion, false, true)
/* A new key has the owner of the one before it. Certbot hands on the group alone. */
HABIT(keeps_key_owner, false, true)
/* A lineage that does not load is repaired by `renew`, where one answer is right. */
HABIT(repairs_on_renew, false, true)

/* ---- accounts and certificates ---- */

/* Keys of accounts are RSA, as Certbot makes them; else P-256. */
HABIT(has_rsa_accounts, true, false)
/* The account is chosen before the names are, even when none will be needed: scripts answer in that order. */
HABIT(asks_account_first, true, false)
/* A directory is asked for when a name is to be proved, and not before. */
HABIT(asks_webroot_late, true, false)
/* Another profile, chain or type of key than a certificate has renews it. */
HABIT(renews_for_other_options, false, true)
/* With --allow-subset-of-names, a name whose proof cannot be presented is left out as one that the CA refuses. */
HABIT(leaves_out_unpresented, false, true)
/* A renewal window of one instant counts (RFC 9773 section 4.2: it is invalid). */
HABIT(takes_instant_windows, true, false)
/* renew_before_expiry counts even where it renews at each run. */
HABIT(obeys_endless_renewal, true, false)
/* What will fail is looked for before an order is placed. */
HABIT(preflights, false, true)
/* An unattended `renew` tries less and less often what keeps failing. */
HABIT(backs_off, false, true)
/* A deploy hook or reload that has failed is made up for by later runs, which fail until then. */
HABIT(redelivers, false, true)
/* `renew` fails where there are certificates, and not one renewal file. */
HABIT(misses_renewal_files, false, true)
/* `revoke` without a name lists what there is. */
HABIT(lists_to_revoke, false, true)
/* A certificate that the CA has revoked already counts as revoked (RFC 8555 section 7.6, alreadyRevoked). */
HABIT(takes_revoked_for_done, false, true)
/* Installers that can are given certificates for IP addresses. Certbot refuses all of those. */
HABIT(installs_for_addresses, false, true)
/* An enhancement that the installer cannot add is refused, and nothing is changed. Certbot passes it over. */
HABIT(refuses_enhancements, false, true)
/* A certificate that is installed where one with another type of key is leaves that one in its place, beside it. */
HABIT(keeps_other_type, false, true)
/* Looks for a timer or cron job that renews. Certbot relies on the packagers' preconfigured-renewal. */
HABIT(looks_for_schedule, false, true)
/* Name servers are asked whether they have the TXT records. Certbot waits for a fixed time. */
HABIT(looks_for_records, false, true)
/* Credentials of DNS plugins are read when a name is to be proved, and not before there is an order. */
HABIT(reads_credentials_late, true, false)

/* ---- questions ---- */

WORD(names_question,
    "Please enter the domain name(s) you would like on your certificate (comma and/or space separated)",
    "Which names should the certificate be for? Blanks or commas between them, like this: example.com "
    "www.example.com\n")
WORD(offered_names_question,
    "Which names would you like to activate HTTPS for?\nWe recommend selecting either all domains, or all domains in a "
    "VirtualHost/server block.",
    "Which names should it be for? These are the names in the configuration of the server.")
WORD(name_separators, ", ", ", ;")
WORD(terms_question,
    "Please read the Terms of Service at: {1}\nYou must agree in order to register with the ACME server. Do you agree?",
    "The CA makes an account for you only if you agree to its terms of service:\n\n{1}\n\nDo you agree?")
WORD(email_question, "Enter email address or hit Enter to skip.\n", NULL) /* NULL: the one that fits the occasion */
WORD(email_again, "There is a problem with your email address. Enter email address or hit Enter to skip.\n", NULL)
WORD(email_refused,
    "The server reported a problem with your email address. Enter email address or hit Enter to skip.\n", NULL)
WORD(authenticator_question, "How would you like to authenticate with the ACME CA?",
    "The CA wants to see that you control the names. How should it be shown?")
WORD(webroot_question, "Input the webroot for {1}:",
    "Which directory does the web server deliver for http://{1}/ (the webroot, often /var/www/html)?\n")
WORD(webroot_choice, "Select the webroot for {1}:", "Which directory does the web server deliver for http://{1}/?")
WORD(webroot_other, "Enter a new webroot", "Another one")
WORD(webroot_flag, NULL, "--webroot-path") /* named by the error where no user can be asked */
WORD(account_flag, NULL, "--account")
WORD(canceled, NULL, "the question was not answered (canceled)") /* NULL: as the question says */

/* ---- errors ---- */

ERROR(unusable_dirs, "The following error was encountered:\n{1}",
    "Either run as root, or set --config-dir, --work-dir, and --logs-dir to writeable paths.", NULL, NULL)
ERROR(no_plugin,
    "Missing command line flags. For non-interactive execution, you will need to specify a plugin on the command "
    "line.  Run with '--help plugins' to see a list of options, and see https://eff.org/letsencrypt-plugins for "
    "more detail on what the plugins do and how to use them.",
    NULL,
    "Missing command line flags. For non-interactive execution, you will need to specify a plugin on the command line.",
    "add --nginx, --apache, --standalone, --webroot -w DIR or another; --help plugins explains them")
ERROR(no_installer_named,
    "Missing command line flags. For non-interactive execution, you will need to specify a plugin on the command "
    "line.  Run with '--help plugins' to see a list of options, and see https://eff.org/letsencrypt-plugins for "
    "more detail on what the plugins do and how to use them.",
    NULL,
    "Missing command line flags. For non-interactive execution, you will need to specify a plugin on the command line.",
    "add --nginx or --apache, or name another installer with -i (certonly needs none)")
ERROR(no_authenticator,
    "The {1} plugin is not working; there may be problems with your existing configuration.\nThe error was: None", NULL,
    "The {1} plugin cannot prove control of names", "the command `plugins` lists what there is")
ERROR(not_an_installer,
    "The {1} plugin is not working; there may be problems with your existing configuration.\nThe error was: None", NULL,
    "The {1} plugin cannot install certificates", "the command `plugins` lists what there is")
ERROR(authenticator_only,
    "With the {1} plugin, you probably want to use the \"certonly\" command, eg:\n\n    certbot certonly "
    "--{1}\n\n(Alternatively, add a --installer flag. See https://eff.org/letsencrypt-plugins\n and \"--help "
    "plugins\" for more information.)",
    NULL, "The {1} plugin can authenticate but cannot install, so there is no installer for the command run.",
    "use `certonly -a {1}` for the certificate alone, or name an installer with -i")
ERROR(not_working,
    "The {1} plugin is not working; there may be problems with your existing configuration.\nThe error was: "
    "PluginError('{2}')",
    NULL, NULL, NULL)
ERROR(no_installer,
    "Certbot doesn't know how to automatically configure the web server on this system. However, it can still get "
    "a certificate for you. Please run \"certbot certonly\" to do so. You'll need to manually configure your web "
    "server to use the resulting certificate.",
    NULL, "there is no plugin here that could put a certificate into a web server",
    "run `evercert certonly`: it obtains a certificate and tells where its files are, for you to name in the "
    "configuration of the server")
ERROR(no_stapling,
    "Must-Staple extension requested, but OCSP stapling is not supported by the selected installer ({1})\n\nYou "
    "can either:\n * remove the --must-staple option from the command line and obtain a certificate without the "
    "Must-Staple extension, or;\n * use the `certonly` subcommand and manually install the certificate into the  "
    "intended service (e.g. webserver). You must also then manually enable OCSP stapling, as it is required for "
    "certificates with the Must-Staple extension to function properly.\n * choose a different installer plugin "
    "(such as --nginx or --apache), if possible.",
    NULL, "Must-Staple extension requested, but OCSP stapling is not supported by the selected installer ({1})",
    "leave --must-staple out, or choose another installer")
ERROR(no_enhancements,
    "Please specify one or more enhancement types to configure. To list the available enhancement types, "
    "run:\n\ncertbot --help enhance\n\nNo enhancements requested, exiting.",
    NULL, "No enhancements requested, exiting.",
    "add --redirect, --hsts, --uir, --staple-ocsp, --security-headers or --auto-hsts")
ERROR(no_auto_hsts, "One or more of the requested enhancements are not supported by the selected installer", NULL,
    "The {1} plugin cannot do what --auto-hsts asks for", "leave --auto-hsts out, or use --hsts")
ERROR(no_enhancement, "Upgrade-Insecure-Requests is not supported by the {1} plugin.", NULL,
    "The {1} plugin cannot do what --{2} asks for", "leave --{2} out")
ERROR(names_kept, "Specified mismatched certificate name and domains.", NULL,
    "canceled; the certificate {1} stays as it is", NULL)
ERROR(terms_refused,
    "Unable to register an account with ACME server. Registration cannot proceed without accepting Terms of Service.",
    NULL, "Registration cannot proceed without accepting Terms of Service.", NULL)
ERROR(email_unusable,
    "Unable to register an account with ACME server. The ACME server believes {1} is an invalid email address. "
    "Please ensure it is a valid email and attempt registration again.",
    NULL, NULL, NULL)
ERROR(registration_refused, "Unable to register an account with ACME server. Error returned by the ACME server: {1}",
    NULL, NULL, NULL)
ERROR(other_account,
    "Using reconfigure to change the ACME account or server is not supported. If you would like to do so, use "
    "renew with the --force-renewal flag instead of reconfigure. Note that doing so will count against any rate "
    "limits. For more information on this method, see https://certbot.org/renew-reconfiguration",
    NULL, "Using reconfigure to change the ACME account or server is not supported.",
    "obtain the certificate again with certonly --cert-name {1} and the new account or server")

/* ---- other words ---- */

/* Advice for TXT records that the CA did not see: {1} is the plugin, {2} its wait. */
WORD(dns_hint,
    "The Certificate Authority failed to verify the DNS TXT records created by --{1}. Ensure the above domains are "
    "hosted by this DNS provider, or try increasing --{1}-propagation-seconds (currently {2}).",
    "The CA did not find the TXT records that --{1} made. Check that these names are hosted by this DNS provider: `dig "
    "NS` shows who answers for them.")

WORD(known_challenges, "http (http-01) and dns (dns-01) are known",
    "http (http-01) and dns (dns-01) are known, and tls-alpn (tls-alpn-01), dns-account (dns-account-01), dns-persist "
    "(dns-persist-01)")
WORD(staple_option, "staple", "staple-ocsp")
