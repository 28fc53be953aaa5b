#pragma once
/*
 * For tests: certificates of one issuer for the same names, as a CA would have issued them.
 * Included by test programs only, once each.
 */
#include <stdio.h>

#include "disk/lineage.h"

__attribute__((unused)) static const char pem_a[] = "-----BEGIN CERTIFICATE-----\n"
                                                    "MIIBazCCARGgAwIBAgICGgEwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHVGVzdCBD\n"
                                                    "QTAgFw0yNjExMjIwMjQ0MDVaGA8yMTI2MTAyOTAyNDQwNVowADBZMBMGByqGSM49\n"
                                                    "AgEGCCqGSM49AwEHA0IABB929DdJEO0FcECs3xtHkByXzcRj/o15YdqekpFhptXa\n"
                                                    "fODtUhJOhqXKOHZwYmdyZlyKYN96yNBSeea2E3ODDbGjZzBlMCMGA1UdEQQcMBqC\n"
                                                    "CWEuZXhhbXBsZYINd3d3LmEuZXhhbXBsZTAfBgNVHSMEGDAWgBTRDuglh1+25ZqX\n"
                                                    "ikO83xL89elroTAdBgNVHQ4EFgQUJ4teR/3cgaBXcNP4o74KtCZla80wCgYIKoZI\n"
                                                    "zj0EAwIDSAAwRQIhAM4q1HmiumHIpQl3rRbvZ8u4XKEbGe/A6Lr4NRkdzJt3AiAw\n"
                                                    "iHaCA11n5QTSD0L5YKeqc1UsJCDJYo2ceZzRze8EAg==\n"
                                                    "-----END CERTIFICATE-----\n";
__attribute__((unused)) static const char key_a[] = "-----BEGIN PRIVATE KEY-----\n"
                                                    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgC5LyeeKS0E539E8e\n"
                                                    "NzzhMLxK8mIaqChOcnpOiQqcIZqhRANCAAQfdvQ3SRDtBXBArN8bR5Acl83EY/6N\n"
                                                    "eWHanpKRYabV2nzg7VISToalyjh2cGJncmZcimDfesjQUnnmthNzgw2x\n"
                                                    "-----END PRIVATE KEY-----\n";
__attribute__((unused)) static const char pem_b[] = "-----BEGIN CERTIFICATE-----\n"
                                                    "MIIBbDCCARGgAwIBAgICGgIwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHVGVzdCBD\n"
                                                    "QTAgFw0yNjExMjIwMjQ0MDVaGA8yMTI2MTAyOTAyNDQwNVowADBZMBMGByqGSM49\n"
                                                    "AgEGCCqGSM49AwEHA0IABPUat6fqQhLmxg5BEd5WJMY+faWDg5VYa2c6+w9ZVAN2\n"
                                                    "Bw9TPHuiY3kfWINU3Gr6l1q/Trlh0fv6SNQjLwHHvKujZzBlMCMGA1UdEQQcMBqC\n"
                                                    "CWEuZXhhbXBsZYINd3d3LmEuZXhhbXBsZTAfBgNVHSMEGDAWgBTRDuglh1+25ZqX\n"
                                                    "ikO83xL89elroTAdBgNVHQ4EFgQUrJ2bMScL7nXxg95ALS/46wlS054wCgYIKoZI\n"
                                                    "zj0EAwIDSQAwRgIhAPKKEyCKGOdnoApMO6AOjrTFtZ4XtYOWOXV5h5gUuGLTAiEA\n"
                                                    "/ot0oKaQLwrc5MpfY1uykzh41cMTJ3fO1vqFq+1FOoI=\n"
                                                    "-----END CERTIFICATE-----\n";
__attribute__((unused)) static const char key_b[] = "-----BEGIN PRIVATE KEY-----\n"
                                                    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdEZXfnJdKGxcqbEh\n"
                                                    "UP8C7gd43dXdArUwhgK6cQkvuFWhRANCAAT1Gren6kIS5sYOQRHeViTGPn2lg4OV\n"
                                                    "WGtnOvsPWVQDdgcPUzx7omN5H1iDVNxq+pdav065YdH7+kjUIy8Bx7yr\n"
                                                    "-----END PRIVATE KEY-----\n";
__attribute__((unused)) static const char pem_ca[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBejCCASGgAwIBAgIUeS9ojbYlWiXr4nm7OKDEV3nzrZwwCgYIKoZIzj0EAwIw\n"
    "EjEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjExMjIwMjQ0MDVaGA8yMTI2MTAyOTAy\n"
    "NDQwNVowEjEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABKgpih9sg87gAvsfmr+DT5tt8leeq3Jr26ksKTTbbMmaWQaFkBc0VyBSUGmr\n"
    "brah1HDTIMhUKcKxB/mZDG5kTT6jUzBRMB8GA1UdIwQYMBaAFNEO6CWHX7blmpeK\n"
    "Q7zfEvz16WuhMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFNEO6CWHX7blmpeK\n"
    "Q7zfEvz16WuhMAoGCCqGSM49BAMCA0cAMEQCIGilbK1uFxIwY44B4ILw0oJtjfWv\n"
    "b582Uf4b1Glg6cszAiBIH8pHUoCFdbD6DqzAE/+I40y0Ytum5qTiYtryAR5P/w==\n"
    "-----END CERTIFICATE-----\n";
__attribute__((unused)) static const char pem_other_ca[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBfTCCASOgAwIBAgIUG7Kl2ha+aw0wQvdD8ou9Rg9fIHEwCgYIKoZIzj0EAwIw\n"
    "EzERMA8GA1UEAwwIT3RoZXIgQ0EwIBcNMjYxMTIyMDI0NDA1WhgPMjEyNjEwMjkw\n"
    "MjQ0MDVaMBMxETAPBgNVBAMMCE90aGVyIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
    "AQcDQgAEqTeGP5N1B3ubWjTie0/MQkMjj6Td30h2zJakgdclWeBUzIl0pTQvJUEt\n"
    "TuX1lW8x90bzqIHi+hvtM+I9Nba7vKNTMFEwHQYDVR0OBBYEFEPBW51e1e1Jvk4w\n"
    "nmKNEEmaUzFwMB8GA1UdIwQYMBaAFEPBW51e1e1Jvk4wnmKNEEmaUzFwMA8GA1Ud\n"
    "EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgUyP2kiUUONCjFn0nXoI1YJDU\n"
    "lhezlzP/mKs7RyLkXL0CIQDjgsNfIqnDeV9GNyVJ2nbhtWoh4NUmFO7T9kvtKGwC\n"
    "Cg==\n"
    "-----END CERTIFICATE-----\n";

/* Serial numbers, as struct cert has them. */
#define SERIAL_A "1a01"
#define SERIAL_B "1a02"

/* A key, certificate and chain as a CA would issue them: 'a' or 'b'. The texts live as long as the program. */
__attribute__((unused)) static struct issued issued_of(char which)
{
    static char fullchain[2][4096];
    bool a = which == 'a';
    const char *cert = a ? pem_a : pem_b;

    (void)snprintf(fullchain[a], sizeof fullchain[a], "%s%s", cert, pem_ca);
    return (struct issued){ .cert = view_of(cert),
        .chain = view_of(pem_ca),
        .fullchain = view_of(fullchain[a]),
        .privkey = view_of(a ? key_a : key_b) };
}
