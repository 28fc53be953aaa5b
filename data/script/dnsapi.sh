# SPDX-License-Identifier: Apache-2.0
#
# The surroundings that DNS scripts written for acme.sh (dns_NAME.sh) expect: evercert runs this file with the shell,
# and it runs the user's script.
#
#     dnsapi.sh add|rm RECORD VALUE
#
# The environment says the rest: EVERCERT_SCRIPT is the user's script, EVERCERT_HELPER the program that does what needs
# the network or cryptography, EVERCERT_STATE a directory for what scripts save, EVERCERT_GIVEN the names of the
# settings that came from the user's credentials file, each with a blank before and after it. Nothing secret is ever an
# argument of a program: it goes by standard input or by the environment.
#
# Written from the description of those functions' behaviour; nothing here is taken from acme.sh. It has to work with
# dash, bash and busybox.

umask 077

ACCOUNT_CONF_PATH="$EVERCERT_STATE/account.conf"
DOMAIN_CONF="$EVERCERT_STATE/record-$2.conf"
LE_WORKING_DIR="$EVERCERT_STATE"
LE_CONFIG_HOME="$EVERCERT_STATE"
HTTP_HEADER="$TMPDIR/header"
ACME_OPENSSL_BIN="${ACME_OPENSSL_BIN:-openssl}"
VER="$EVERCERT_VERSION"
_H1="" _H2="" _H3="" _H4="" _H5=""
: >"$HTTP_HEADER"

# ---- what is said ----

# One argument is a text, two are a name and its value.
_ec_say() {
  if [ -n "$2" ]; then
    printf "%s='%s'\n" "$1" "$2"
  else
    printf '%s\n' "$1"
  fi
}

# Does not say the second argument.
_ec_hide() {
  if [ -n "$2" ]; then
    _ec_say "$1" "[hidden]"
  else
    _ec_say "$1"
  fi
}

# Whether what has this level is to be said: DEBUG is 1 to 3, and not set or 0 without.
_ec_tells() {
  case "${DEBUG:-0}" in
  [1-9]) [ "$DEBUG" -ge "$1" ] ;;
  0) return 1 ;;
  *) [ "$1" -eq 1 ] ;;
  esac
}

_info() { _ec_say "$@"; }

_err() {
  _ec_say "$@" >&2
  return 1
}

_usage() { _ec_say "$*" >&2; }

_debug() { ! _ec_tells 1 || _ec_say "$@" >&2; }
_debug2() { ! _ec_tells 2 || _ec_say "$@" >&2; }
_debug3() { ! _ec_tells 3 || _ec_say "$@" >&2; }
_log() { _debug "$@"; }

_secure_debug() { ! _ec_tells 1 || _ec_hide "$@" >&2; }
_secure_debug2() { ! _ec_tells 2 || _ec_hide "$@" >&2; }
_secure_debug3() { ! _ec_tells 3 || _ec_hide "$@" >&2; }

__green() { printf '%b' "$1"; }
__red() { printf '%b' "$1"; }

# ---- settings ----

# _ec_read FILE KEY: the value, without a line end. Lines are KEY='value'; values with quotes or line ends are in
# base64 between two marks, as acme.sh writes them.
_ec_read() {
  [ -f "$1" ] || return 0
  _ec_value="$(sed -n "s/^$2='\(.*\)'\$/\1/p" "$1" | tail -n 1)"
  case "$_ec_value" in
  __ACME_BASE64__START_*__ACME_BASE64__END_)
    _ec_value="${_ec_value#__ACME_BASE64__START_}"
    printf '%s' "${_ec_value%__ACME_BASE64__END_}" | _dbase64
    ;;
  *) printf '%s' "$_ec_value" ;;
  esac
}

# _ec_write FILE KEY VALUE [BASE64]: replaces the file, so that a script that is ended leaves the old one or the new one.
_ec_write() {
  _ec_value="$3"
  case "$3$4" in
  *"'"* | *"
"*) _ec_value="__ACME_BASE64__START_$(printf '%s' "$3" | _base64)__ACME_BASE64__END_" ;;
  *) [ -z "$4" ] || [ -z "$3" ] || _ec_value="__ACME_BASE64__START_$(printf '%s' "$3" | _base64)__ACME_BASE64__END_" ;;
  esac
  {
    [ ! -f "$1" ] || grep -v "^$2=" "$1"
    printf "%s='%s'\n" "$2" "$_ec_value"
  } >"$1.new" && mv -f "$1.new" "$1"
}

_ec_clear() {
  [ -f "$1" ] || return 0
  grep -v "^$2=" "$1" >"$1.new"
  mv -f "$1.new" "$1"
}

# What the user's credentials file says is not copied: that file stays the one place for it.
_ec_is_given() {
  case "$EVERCERT_GIVEN" in
  *" $1 "*) return 0 ;;
  esac
  return 1
}

_readaccountconf() { _ec_read "$ACCOUNT_CONF_PATH" "$1"; }
_readaccountconf_mutable() { _ec_read "$ACCOUNT_CONF_PATH" "SAVED_$1"; }
_readdomainconf() { _ec_read "$DOMAIN_CONF" "$1"; }

_saveaccountconf() { _ec_is_given "$1" || _ec_write "$ACCOUNT_CONF_PATH" "$1" "$2" "$3"; }
_saveaccountconf_mutable() { _ec_is_given "$1" || _ec_write "$ACCOUNT_CONF_PATH" "SAVED_$1" "$2" "$3"; }
_savedomainconf() { _ec_write "$DOMAIN_CONF" "$1" "$2" "$3"; }

_clearaccountconf() { _ec_clear "$ACCOUNT_CONF_PATH" "$1"; }
_clearaccountconf_mutable() { _ec_clear "$ACCOUNT_CONF_PATH" "SAVED_$1"; }
_cleardomainconf() { _ec_clear "$DOMAIN_CONF" "$1"; }

# What was saved by _saveaccountconf is a variable of later runs, where the environment has none of that name.
_ec_load() {
  [ -f "$ACCOUNT_CONF_PATH" ] || return 0
  while IFS= read -r _ec_line; do
    _ec_key="${_ec_line%%=*}"
    case "$_ec_key" in
    SAVED_* | [0-9]* | *[!A-Za-z0-9_]* | "") continue ;;
    esac
    eval "[ -n \"\${$_ec_key}\" ] || $_ec_key=\"\$(_ec_read \"\$ACCOUNT_CONF_PATH\" \"\$_ec_key\")\""
  done <"$ACCOUNT_CONF_PATH"
}

# ---- text ----

_contains() { printf '%s\n' "$1" | grep -e "$2" >/dev/null 2>&1; }
_startswith() { printf '%s\n' "$1" | grep -e "^$2" >/dev/null 2>&1; }
_endswith() { printf '%s\n' "$1" | grep -e "$2\$" >/dev/null 2>&1; }

_lower_case() { LC_ALL=C tr 'A-Z' 'a-z'; }
_upper_case() { LC_ALL=C tr 'a-z' 'A-Z'; }
_head_n() { head -n "$1"; }
_tail_n() { tail -n "$1"; }
_egrep_o() { grep -E -o -e "$1" 2>/dev/null; }
_sed_i() {
  [ -n "$2" ] || {
    _usage "Usage: _sed_i COMMAND FILE"
    return 1
  }
  sed -e "$1" "$2" >"$TMPDIR/sed_i" && cat "$TMPDIR/sed_i" >"$2"
}

# _getfield TEXT NUMBER [SEPARATOR]: a field; where it is empty, the last one before it that is not.
_getfield() {
  [ -n "$2" ] || {
    _usage "Usage: _getfield TEXT NUMBER [SEPARATOR]"
    return 1
  }
  _ec_field="$2"
  while [ "$_ec_field" -gt 0 ]; do
    _ec_value="$(printf '%s\n' "$1" | cut -d "${3:-,}" -f "$_ec_field")"
    if [ -n "$_ec_value" ]; then
      printf '%s' "$_ec_value"
      return 0
    fi
    _ec_field=$((_ec_field - 1))
  done
  printf '%s' "$1"
}

# No blanks around the colon before a text, an object or a list, none where a line begins, and all in one line.
_normalizeJson() { sed -e 's/" *: *\(["[{]\)/":\1/g' -e 's/^ *//' | tr -d '\r\n'; }
_json_decode() { printf '%s\n' "$(sed -e 's|\\/|/|g')"; }
_url_replace() { tr '/+' '_-' | tr -d '= '; }

# ---- system ----

_math() { printf '%s' "$(($*))"; }
_time() { date -u '+%s'; }
_utc_date() { date -u '+%Y-%m-%d %H:%M:%S'; }
_sleep() { sleep "$1"; }
_mktemp() { mktemp "$TMPDIR/tmp.XXXXXX"; }

_exists() {
  [ -n "$1" ] || {
    _usage "Usage: _exists COMMAND"
    return 1
  }
  command -v "$1" >/dev/null 2>&1
}

# ---- codecs and cryptography ----

_ec() { "$EVERCERT_HELPER" script-helper "$@"; }

_base64() { _ec base64 ${1:+lines}; }
_dbase64() { _ec unbase64; }
_hex_dump() { _ec hex; }
_h2b() { _ec unhex; }
_url_encode() { _ec percent ${1:+"$1"}; }
_digest() { _ec digest "$1" ${2:+hex}; }

# _hmac ALGORITHM KEY_IN_HEX [HEX]
_hmac() {
  [ -n "$2" ] || {
    _usage "Usage: _hmac ALGORITHM KEY [HEX]"
    return 1
  }
  EVERCERT_KEY="$2" _ec hmac "$1" ${3:+hex}
}

# _sign KEY_FILE "ALGORITHM [openssl's words for PSS]"
_sign() {
  [ -n "$2" ] || {
    _usage "Usage: _sign KEY_FILE ALGORITHM"
    return 1
  }
  case "$2" in
  *rsa_padding_mode:pss*) _ec sign "${2%% *}" "$1" pss ;;
  *) _ec sign "$2" "$1" ;;
  esac
}

_isRSA() { _ec is-rsa "$1" 2>/dev/null; }
_idn() { _ec idn "$1"; }
_ns_lookup() { _ec lookup "$1" "$2" "${3:-}"; }

# ---- HTTP ----

# _ec_http METHOD URL [CONTENT_TYPE]: the body of the request is standard input, that of the answer goes to standard
# output as it is, and the heads of all answers to $HTTP_HEADER. Fails only where there is no answer.
_ec_http() {
  EVERCERT_URL="$2" EVERCERT_TYPE="$3" EVERCERT_HEADER="$HTTP_HEADER" EVERCERT_FIELDS="$_H1
$_H2
$_H3
$_H4
$_H5" EVERCERT_STAY="$ACME_HTTP_NO_REDIRECTS" EVERCERT_INSECURE="$HTTPS_INSECURE" _ec http "$1"
}

# _get URL [ONLY_HEAD] [TIMEOUT]
_get() {
  if [ -n "$2" ]; then
    _ec_http HEAD "$1" </dev/null
  else
    _ec_http GET "$1" </dev/null
  fi
}

# _post BODY URL [BASE64] [METHOD] [CONTENT_TYPE]
_post() {
  _ec_answer="$(
    printf '%s' "$1" | if [ -n "$3" ]; then
      _ec_http "${4:-POST}" "$2" "$5" >"$TMPDIR/answer" && _base64 <"$TMPDIR/answer"
    else
      _ec_http "${4:-POST}" "$2" "$5"
    fi
  )"
  _ec_status=$?
  printf '%s' "$_ec_answer"
  return "$_ec_status"
}

_resethttp() { ACME_HTTP_NO_REDIRECTS=""; }

# ---- the user's script ----

_ec_load

_ec_name="${EVERCERT_SCRIPT##*/}"
_ec_function="${_ec_name%.sh}_$1"
_ec_record="$2"
_ec_text="$3"
set --

# shellcheck source=/dev/null
. "$EVERCERT_SCRIPT"

if ! command -v "$_ec_function" >/dev/null 2>&1; then
  _err "$EVERCERT_SCRIPT defines no function $_ec_function"
  exit 1
fi
"$_ec_function" "$_ec_record" "$_ec_text"
