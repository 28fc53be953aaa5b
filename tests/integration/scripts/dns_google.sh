#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# A key of RSA signs a claim (JWT, RFC 7519), for which a token is given; one change deletes a set and adds another.

Google_Api="https://dns.googleapis.com/dns/v1/projects"

dns_google_add() {
  _goog_open "$1" || return 1
  _goog_values "$1"
  _goog_change "$1" "$_values" "$_values $2"
}

dns_google_rm() {
  _goog_open "$1" || return 1
  _goog_values "$1"
  _kept=""
  for _value in $_values; do
    [ "$_value" = "$2" ] || _kept="$_kept $_value"
  done
  _goog_change "$1" "$_values" "$_kept"
}

_goog_values() {
  _values="$(_get "$Google_Api/$GOOGX_PROJECT/managedZones/$_zone/rrsets?name=$1.&type=TXT" | _egrep_o '"rrdatas": *\[[^]]*\]' |
    cut -d '[' -f 2 | tr -d ']\\"' | tr ',' ' ')"
}

# A set in JSON, or nothing where there are no values.
_goog_set() {
  _datas=""
  for _value in $2; do
    _datas="$_datas${_datas:+,}\"\\\"$_value\\\"\""
  done
  [ -z "$_datas" ] || printf '{"name":"%s.","type":"TXT","ttl":60,"rrdatas":[%s]}' "$1" "$_datas"
}

_goog_change() {
  response="$(_post "{\"deletions\":[$(_goog_set "$1" "$2")],\"additions\":[$(_goog_set "$1" "$3")]}" \
    "$Google_Api/$GOOGX_PROJECT/managedZones/$_zone/changes" "" POST "application/json")"
  _change="$(printf "%s" "$response" | _egrep_o '"id": *"[0-9]+"' | cut -d '"' -f 4)"
  if [ -z "$_change" ]; then
    _err "$response"
    return 1
  fi
  while ! _contains "$response" '"status": *"done"'; do
    _sleep 0
    response="$(_get "$Google_Api/$GOOGX_PROJECT/managedZones/$_zone/changes/$_change")" || return 1
  done
}

_goog_open() {
  GOOGX_PROJECT="${GOOGX_PROJECT:-$(_readaccountconf_mutable GOOGX_PROJECT)}"
  GOOGX_EMAIL="${GOOGX_EMAIL:-$(_readaccountconf_mutable GOOGX_EMAIL)}"
  GOOGX_KEY_B64="${GOOGX_KEY_B64:-$(_readaccountconf_mutable GOOGX_KEY_B64)}"
  if [ -z "$GOOGX_PROJECT" ] || [ -z "$GOOGX_EMAIL" ] || [ -z "$GOOGX_KEY_B64" ]; then
    _err "settings are missing"
    return 1
  fi
  _saveaccountconf_mutable GOOGX_PROJECT "$GOOGX_PROJECT"
  _saveaccountconf_mutable GOOGX_EMAIL "$GOOGX_EMAIL"
  _saveaccountconf_mutable GOOGX_KEY_B64 "$GOOGX_KEY_B64"
  _goog_token || return 1
  export _H1="Authorization: Bearer $_token"
  _h="${1#*.}"
  while _contains "$_h" "\."; do
    response="$(_get "$Google_Api/$GOOGX_PROJECT/managedZones?dnsName=$_h.")" || return 1
    _zone="$(printf "%s" "$response" | sed 's/}, *{/\
/g' | grep '"public"' | _egrep_o '"name": *"[^"]*"' | cut -d '"' -f 4)"
    [ -z "$_zone" ] || return 0
    _h="${_h#*.}"
  done
  return 1
}

_goog_token() {
  if ! _exists openssl && ! _exists sed; then
    return 1
  fi
  _key="$(_mktemp)"
  printf "%s" "$GOOGX_KEY_B64" | _dbase64 >"$_key"
  if ! _isRSA "$_key"; then
    _err "GOOGX_KEY_B64 is no key of RSA"
    return 1
  fi
  _now="$(_time)"
  _head="$(printf '{"alg":"RS256","typ":"JWT"}' | _base64 | _url_replace)"
  _claim="$(printf '{"iss":"%s","scope":"https://www.googleapis.com/auth/ndev.clouddns.readwrite","aud":"https://oauth2.googleapis.com/token","iat":%s,"exp":%s}' \
    "$GOOGX_EMAIL" "$_now" "$(_math "$_now" + 1800)" | _base64 | _url_replace)"
  _signature="$(printf "%s.%s" "$_head" "$_claim" | _sign "$_key" sha256 | _url_replace)"
  rm -f "$_key"
  _H1=""
  _token="$(_post "grant_type=$(printf "urn:ietf:params:oauth:grant-type:jwt-bearer" | _url_encode)&assertion=$_head.$_claim.$_signature" \
    "https://oauth2.googleapis.com/token" | _egrep_o '"access_token": *"[^"]*"' | cut -d '"' -f 4)"
  [ -n "$_token" ] || _err "no token"
}
