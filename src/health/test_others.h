#pragma once
/*
 * For tests: certificates that are not what a lineage of disk/test_issued.h expects, all of the key key_c: one that
 * expired in 2024, one for other.test, and one that is valid from 2096 on.
 * Included by test programs only, once each.
 */

__attribute__((unused)) static const char pem_third_ca[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBKTCB0KADAgECAgEBMAoGCCqGSM49BAMCMBMxETAPBgNVBAMMCFRoaXJkIENB\n"
    "MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjYwMTAxMDAwMDAwWjATMREwDwYDVQQDDAhU\n"
    "aGlyZCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFJw5yLlUWBop5cQ9bHf\n"
    "vjfbOfeBHySr40vSBiedoKuTdAdTFWuf2UWkv74ZmZNL+K9OgTonqLPdUOo05uYu\n"
    "5A+jEzARMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgMkdKRiXW\n"
    "7bc2yic3LDgMsmJ1+OO8n/0EP8aPViaxOFoCIQD1DRNoeYbvz+3IaqTj50k7DSOc\n"
    "BzQqFr74/UHbT41Vyw==\n"
    "-----END CERTIFICATE-----\n";
__attribute__((unused)) static const char pem_expired[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBLDCB06ADAgECAgIaAzAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhUaGlyZCBD\n"
    "QTAeFw0yNDAxMDEwMDAwMDBaFw0yNDA0MDEwMDAwMDBaMAAwWTATBgcqhkjOPQIB\n"
    "BggqhkjOPQMBBwNCAAQLbOF9DZt2f4BoMBCmBjDghIXRxsh1BiqqJIR+dGGIkQaR\n"
    "irVsECpw6p5335hfgR5up3NHHOhhMYPyq5T7ZBiLoyowKDAmBgNVHREBAf8EHDAa\n"
    "gglhLmV4YW1wbGWCDXd3dy5hLmV4YW1wbGUwCgYIKoZIzj0EAwIDSAAwRQIgX/2i\n"
    "jq767GQ9CoTXjaOdKDbLDocPzQ+B1RFCbU0hVXwCIQD9FNawFMWqNmCSRZiuHaj4\n"
    "qxsGMLt9n35AC4V9kw4PGA==\n"
    "-----END CERTIFICATE-----\n";
__attribute__((unused)) static const char pem_foreign[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBIDCBx6ADAgECAgIaBDAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhUaGlyZCBD\n"
    "QTAgFw0yNjExMjIwMDAwMDBaGA8yMTI2MDEwMTAwMDAwMFowADBZMBMGByqGSM49\n"
    "AgEGCCqGSM49AwEHA0IABAts4X0Nm3Z/gGgwEKYGMOCEhdHGyHUGKqokhH50YYiR\n"
    "BpGKtWwQKnDqnnffmF+BHm6nc0cc6GExg/KrlPtkGIujHDAaMBgGA1UdEQEB/wQO\n"
    "MAyCCm90aGVyLnRlc3QwCgYIKoZIzj0EAwIDSAAwRQIhALlPHKmAYAPyOhgEK78F\n"
    "2iaHiEZ41xHw2c2SUBh/ZHtQAiA6AaKhV8PAu3QYdznwU8olWS4Ar+Rz3JELUB6p\n"
    "omfZGQ==\n"
    "-----END CERTIFICATE-----\n";
__attribute__((unused)) static const char key_c[] = "-----BEGIN PRIVATE KEY-----\n"
                                                    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6eTVvwA4lCTIYR9a\n"
                                                    "CkDB4nU5Uahju5Tq9kwKZAgs/kqhRANCAAQLbOF9DZt2f4BoMBCmBjDghIXRxsh1\n"
                                                    "BiqqJIR+dGGIkQaRirVsECpw6p5335hfgR5up3NHHOhhMYPyq5T7ZBiL\n"
                                                    "-----END PRIVATE KEY-----\n";
__attribute__((unused)) static const char pem_fourth_ca[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBKzCB0qADAgECAgEFMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCUZvdXJ0aCBD\n"
    "QTAgFw0yNjAxMDEwMDAwMDBaGA8yMTI2MDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ\n"
    "Rm91cnRoIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEC2zhfQ2bdn+AaDAQ\n"
    "pgYw4ISF0cbIdQYqqiSEfnRhiJEGkYq1bBAqcOqed9+YX4EebqdzRxzoYTGD8quU\n"
    "+2QYi6MTMBEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAwchO\n"
    "o2tLl58cQX2I4gBAJBj5nTKvoV6sAqcQ0qTl3RkCIB+j5gcgn7Un88eoao/0h1KA\n"
    "ucXAglSgZL8jD4P9Cuc3\n"
    "-----END CERTIFICATE-----\n";
__attribute__((unused)) static const char pem_later[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBMjCB2KADAgECAgIaBTAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlGb3VydGgg\n"
    "Q0EwIhgPMjA5NjAxMDEwMDAwMDBaGA8yMTI2MDEwMTAwMDAwMFowADBZMBMGByqG\n"
    "SM49AgEGCCqGSM49AwEHA0IABAts4X0Nm3Z/gGgwEKYGMOCEhdHGyHUGKqokhH50\n"
    "YYiRBpGKtWwQKnDqnnffmF+BHm6nc0cc6GExg/KrlPtkGIujKjAoMCYGA1UdEQEB\n"
    "/wQcMBqCCWEuZXhhbXBsZYINd3d3LmEuZXhhbXBsZTAKBggqhkjOPQQDAgNJADBG\n"
    "AiEA5wSswRecnHO/RkrLKS9LgdtavERoHgUqN9/WflCyi4oCIQCoG8ZVQ1WFwvRY\n"
    "fPW4wNILYuLav2a/MydQ4U1OMzobSw==\n"
    "-----END CERTIFICATE-----\n";
