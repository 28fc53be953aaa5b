#include "acme/order.h"
#include "json/out.h"

#define PAYLOAD_MAX (256 * 1024)
#define REASON_MAX 10 /* RFC 5280 section 5.3.1; 7 is not used */

static bool revoke_send(
    struct session *session, struct identity who, struct view cert_der, int reason, struct error *err)
{
    const char *url = session_directory(session)->revoke_cert;
    AUTO(buf_clear) struct buf payload = BUF(PAYLOAD_MAX);
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct out out = out_to(&payload);

    if (url == NULL)
        return error_set(err, ERROR_CONFIG, "this CA does not offer to revoke certificates");
    if (reason < 0 || reason == 7 || reason > REASON_MAX)
        return error_set(err, ERROR_CONFIG, "%d is not a reason for a revocation", reason);
    out_object(&out, NULL);
    out_base64url(&out, "certificate", cert_der);
    out_number(&out, "reason", reason);
    out_end(&out);
    if (payload.failed)
        return error_set(err, ERROR_CONFIG, "the certificate is larger than a CA takes");
    return session_post(session, who, url, buf_view(&payload), &response, NULL, err);
}

bool revoke_cert(struct session *session, struct identity who, struct view cert_der, int reason, struct error *err)
{
    if (!revoke_send(session, who, cert_der, reason, err))
        return error_in(err, "revoking the certificate");
    return true;
}
