#pragma once
/*
 * The example keys of RFC 7515 appendix A, as JSON Web Keys. Included by test programs of this room only.
 */
#include "base/test.h"
#include "base/text.h"
#include "crypto/key.h"

struct jwk_example {
    const char *kty, *crv;
    const char *members[8][2]; /* name, base64url */
};

__attribute__((unused)) static const struct jwk_example jwk_rsa = {
    /* RFC 7515 appendix A.2.1 */
    "RSA",
    NULL,
    {
        { "n", "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0B"
               "m4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5"
               "z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7"
               "aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" },
        { "e", "AQAB" },
        { "d", "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2N"
               "XOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M"
               "_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x"
               "_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ" },
        { "p", "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py"
               "5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc" },
        { "q", "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQ"
               "eZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc" },
        { "dp", "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu"
                "1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0" },
        { "dq", "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0a"
                "jaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU" },
        { "qi", "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY"
                "7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U" },
    },
};

__attribute__((unused)) static const struct jwk_example jwk_ec = {
    /* RFC 7515 appendix A.3.1 */
    "EC",
    "P-256",
    {
        { "x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU" },
        { "y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" },
        { "d", "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" },
    },
};

/* Builds the JWK, without the members whose names stand in `without` (NULL: all of them). */
__attribute__((unused)) static void jwk_build(
    const struct jwk_example *from, const char *const *without, struct jwk *out)
{
    *out = (struct jwk){ .kty = from->kty, .crv = from->crv };
    for (size_t i = 0; i < COUNT(from->members) && from->members[i][0] != NULL; i++) {
        bool skip = false;

        for (size_t w = 0; without != NULL && without[w] != NULL; w++)
            skip = skip || strcmp(without[w], from->members[i][0]) == 0;
        if (skip)
            continue;
        out->members[out->count].name = from->members[i][0];
        out->members[out->count].value = BUF_SECRET(1024);
        REQUIRE(buf_put_unbase64url(&out->members[out->count].value, view_of(from->members[i][1])));
        out->count++;
    }
}
