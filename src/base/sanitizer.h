#pragma once
/*
 * Whether this build has a sanitizer. meson.build says so by SANITIZED, since gcc has no macro for UBSan; the
 * compilers' macros serve those who asked for one by CFLAGS.
 */
#ifdef __has_feature
#define SANITIZER_FEATURE(name) __has_feature(name)
#else
#define SANITIZER_FEATURE(name) 0
#endif

/* AddressSanitizer, which makes system calls of its own and searches for leaks with ptrace. */
#if defined(__SANITIZE_ADDRESS__) || SANITIZER_FEATURE(address_sanitizer)
#define SANITIZED_ADDRESS 1
#else
#define SANITIZED_ADDRESS 0
#endif

/* Any that reports on standard error. */
#ifndef SANITIZED
#define SANITIZED (SANITIZED_ADDRESS || SANITIZER_FEATURE(undefined_behavior_sanitizer))
#endif
