#include <string.h>

#include "acme/problem.h"

/*
 * One row for each type of RFC 8555 section 6.7, RFC 8739 section 3.1.1 (auto-renewal), RFC 9115 section 5.5
 * (delegation), RFC 9773 section 7.4, RFC 9799 section 6.4 (onion) and the profiles draft.
 */
const struct problem_rule problem_rules[] = {
    { "accountDoesNotExist", RETRY_NEVER, "the CA does not know this account",
        "register again; if the account was made at another CA, check --server" },
    { "alreadyReplaced", RETRY_NEVER, "the certificate was replaced by another order before",
        "order again without naming the certificate to be replaced" },
    { "alreadyRevoked", RETRY_NEVER, "the certificate is revoked already", "" },
    { "autoRenewalCanceled", RETRY_NEVER, "the automatic renewal at the CA was canceled", "" },
    { "autoRenewalCancellationInvalid", RETRY_NEVER, "the automatic renewal cannot be canceled in its present state",
        "" },
    { "autoRenewalExpired", RETRY_NEVER, "the automatic renewal at the CA has come to its end", "make a new order" },
    { "autoRenewalRevocationNotSupported", RETRY_NEVER, "the CA does not revoke certificates that renew automatically",
        "cancel the automatic renewal instead" },
    { "badCSR", RETRY_NEVER, "the CA does not accept the certificate request",
        "check key type, key size and names; CAs refuse small RSA keys and some curves" },
    { "badNonce", RETRY_FRESH_NONCE, "the CA refused every anti-replay nonce that it gave out",
        "try again in a few minutes; if it stays, something between this host and the CA keeps answers for "
        "later" },
    { "badPublicKey", RETRY_NEVER, "the CA does not accept the public key", "choose another key type or size" },
    { "badRevocationReason", RETRY_NEVER, "the CA does not accept this reason for a revocation",
        "give another --reason, or none" },
    { "badSignatureAlgorithm", RETRY_NEVER, "the CA does not accept signatures of the account key's type",
        "register with another type of account key" },
    { "caa", RETRY_NEVER, "a CAA record of the domain forbids this CA to issue",
        "allow this CA in the CAA record of the domain or of the zone above it, or use another CA" },
    { "compound", RETRY_NEVER, "the CA found several faults", "" },
    { "connection", RETRY_NEVER, "the CA could not connect to the server of the domain to validate it",
        "check that the domain's A and AAAA records lead to this host and that no firewall is in the way, "
        "or prove control by DNS" },
    { "dns", RETRY_NEVER, "the CA's DNS lookup for the domain failed",
        "check that the domain exists in the public DNS and has A or AAAA records, that its name servers "
        "answer, and "
        "that DNSSEC is intact" },
    { "externalAccountRequired", RETRY_NEVER, "the CA takes only accounts that are bound to one of its customers",
        "get credentials from the CA, then give them with --eab-kid and --eab-hmac-key" },
    { "incorrectResponse", RETRY_NEVER, "the CA got a wrong answer to its challenge",
        "another server may answer in place of this one, or an old DNS record may still be there; check "
        "where the "
        "domain leads to and what it answers" },
    { "invalidContact", RETRY_NEVER, "the CA does not accept the e-mail address", "give another one with --email" },
    { "invalidProfile", RETRY_NEVER,
        "the CA does not know this certificate profile, or does not offer it to this account",
        "choose another profile, or none" },
    { "malformed", RETRY_NEVER, "the CA could not make sense of the request", "" },
    { "onionCAARequired", RETRY_NEVER, "the CA needs the CAA records of the onion service in the request", "" },
    { "orderNotReady", RETRY_LATER, "the CA says the order is not ready for its certificate request", "try again" },
    { "rateLimited", RETRY_LATER, "the CA's limit for such requests is reached",
        "use --dry-run or --staging while you test" },
    { "rejectedIdentifier", RETRY_NEVER, "the CA issues no certificate for this name",
        "leave the name out, or use another CA; public CAs issue for public names only" },
    { "serverInternal", RETRY_LATER, "the CA has trouble of its own",
        "try again later; see the CA's status page if it stays" },
    { "tls", RETRY_NEVER, "the CA's TLS connection to the server of the domain failed",
        "check the server at port 443 of the domain; for http-01, that port 80 does not redirect to a broken "
        "port 443" },
    { "unauthorized", RETRY_NEVER, "the CA saw no proof of control, or does not permit this",
        "see whether the account is in order and may do this (show_account); a certificate is revoked by the "
        "account that got it, or with its own key" },
    { "unknownDelegation", RETRY_NEVER, "the CA does not know this delegation", "" },
    { "unsupportedContact", RETRY_NEVER, "the CA does not take contacts of this kind",
        "give an e-mail address with --email" },
    { "unsupportedIdentifier", RETRY_NEVER, "the CA issues no certificates for this kind of name",
        "leave the name out, or use another CA" },
    { "userActionRequired", RETRY_NEVER, "the CA wants a person to do something first",
        "visit the address that the CA names, for instance to agree to new terms of service" },
    { NULL, RETRY_NEVER, NULL, NULL },
};

/* For what no RFC named when this was written, and for answers that are no problem documents. */
static const struct problem_rule unknown_rule = { "", RETRY_NEVER, "the CA refused the request", "" };

const struct problem_rule *problem_rule_of(const char *type)
{
    for (const struct problem_rule *rule = problem_rules; type != NULL && rule->type != NULL; rule++)
        if (strcmp(rule->type, type) == 0)
            return rule;
    return &unknown_rule;
}
