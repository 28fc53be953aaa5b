#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# One logs in for a token with each call, and publishes what was changed.

dns_clouddns_add() {
  _cd_open "$1" || return 1
  _cd POST clouddns/record-txt "{\"domainId\":\"$_id\",\"type\":\"TXT\",\"name\":\"$1.\",\"value\":\"$2\"}" || return 1
  _savedomainconf "CD_$(printf "%s" "$2" | tr -c 'A-Za-z0-9\n' _)" "$_id"
  _cd PUT "clouddns/domain/$_id/publish" '{}'
}

dns_clouddns_rm() {
  _cd_open "$1" || return 1
  _key="CD_$(printf "%s" "$2" | tr -c 'A-Za-z0-9\n' _)"
  _id="$(_readdomainconf "$_key")"
  _debug "domain of before" "$_id"
  if [ -n "$_id" ]; then
    _cd GET "clouddns/domain/$_id" || return 1
    _record="$(printf "%s" "$response" | _egrep_o "\"id\": *\"[^\"]*\", *\"name\": *\"$1\.\", *\"type\": *\"TXT\", *\"value\": *\"$2\"" | cut -d '"' -f 4)"
    { [ -z "$_record" ] || _cd DELETE "clouddns/record/$_record" ""; } && _cd PUT "clouddns/domain/$_id/publish" '{}' && _cleardomainconf "$_key"
  fi
}

_cd_open() {
  CDX_CLIENT="${CDX_CLIENT:-$(_readaccountconf_mutable CDX_CLIENT)}"
  CDX_EMAIL="${CDX_EMAIL:-$(_readaccountconf_mutable CDX_EMAIL)}"
  CDX_PASSWORD="${CDX_PASSWORD:-$(_readaccountconf_mutable CDX_PASSWORD)}"
  if [ -z "$CDX_PASSWORD" ] || [ -z "$CDX_EMAIL" ] || [ -z "$CDX_CLIENT" ]; then
    _err "settings are missing"
    return 1
  fi
  _saveaccountconf_mutable CDX_CLIENT "$CDX_CLIENT"
  _saveaccountconf_mutable CDX_EMAIL "$CDX_EMAIL"
  _saveaccountconf_mutable CDX_PASSWORD "$CDX_PASSWORD"
  _H1="Content-Type: application/json"
  _cd POST api/public/auth/login "{\"email\":\"$CDX_EMAIL\",\"password\":\"$CDX_PASSWORD\"}" || return 1
  _token="$(printf "%s" "$response" | _egrep_o '"accessToken": *"[^"]*"' | cut -d '"' -f 4)"
  _secure_debug _token "$_token"
  _H2="Authorization: Bearer $_token"
  _zones=""
  _offset=0
  while true; do
    _cd POST clouddns/domain/search "{\"search\":[{\"name\":\"clientId\",\"operator\":\"eq\",\"type\":\"string\",\"value\":\"$CDX_CLIENT\"}],\"offset\":$_offset,\"limit\":100}" || return 1
    _contains "$response" '"domainName"' || break
    _zones="$_zones$response"
    _offset=$(_math "$_offset" + 100)
  done
  _zone="$1"
  while [ -n "$_zone" ]; do
    _zone="$(printf "%s" "$_zone" | cut -s -d . -f 2-)"
    _id="$(printf "%s" "$_zones" | _egrep_o "\"id\": *\"[^\"]*\", \"domainName\": *\"$_zone\.\"" | cut -d '"' -f 4)"
    [ -z "$_id" ] || return 0
  done
  return 1
}

_cd() {
  if [ "$1" = GET ]; then
    response="$(_get "https://admin.vshosting.cloud/$2")"
  else
    response="$(_post "$3" "https://admin.vshosting.cloud/$2" "" "$1")"
  fi
  if _contains "$response" '"error"'; then
    _err "$2: $response"
    return 1
  fi
}
