#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# The token is a field of the reply's head; the record of a set has a number, and is changed with PATCH.

Selectel_Api="https://api.selectel.ru/domains/v2/zones"

dns_selectel_add() {
  _sel_open "$1" || return 1
  if [ -z "$_rrset" ]; then
    _sel POST "$_zone/rrset" "{\"name\":\"$1.\",\"type\":\"TXT\",\"ttl\":60,\"records\":[{\"content\":\"\\\"$2\\\"\"}]}"
  else
    _sel PATCH "$_zone/rrset/$_rrset" "{\"ttl\":60,\"records\":[$_records,{\"content\":\"\\\"$2\\\"\"}]}"
  fi
  if _contains "$response" '"error"'; then
    _err "$response"
    return 1
  fi
}

dns_selectel_rm() {
  _sel_open "$1" || return 1
  _records="$(printf "%s" "$_records" | sed 's/},{/}\
{/g' | grep -v "\"$2\\\\\"" | tr '\n' ',' | sed 's/,$//')"
  if [ -z "$_records" ]; then
    _sel DELETE "$_zone/rrset/$_rrset"
  else
    _sel PATCH "$_zone/rrset/$_rrset" "{\"ttl\":60,\"records\":[$_records]}"
  fi
}

_sel_open() {
  SELX_Account="${SELX_Account:-$(_readaccountconf_mutable SELX_Account)}"
  SELX_Project="${SELX_Project:-$(_readaccountconf_mutable SELX_Project)}"
  SELX_User="${SELX_User:-$(_readaccountconf_mutable SELX_User)}"
  SELX_Password="${SELX_Password:-$(_readaccountconf_mutable SELX_Password)}"
  if [ -z "$SELX_Account" ] || [ -z "$SELX_Project" ] || [ -z "$SELX_User" ] || [ -z "$SELX_Password" ]; then
    _err "settings are missing"
    return 1
  fi
  _saveaccountconf_mutable SELX_Account "$SELX_Account"
  _saveaccountconf_mutable SELX_Project "$SELX_Project"
  _saveaccountconf_mutable SELX_User "$SELX_User"
  _saveaccountconf_mutable SELX_Password "$SELX_Password"
  _scope="{\"project\":{\"name\":\"$SELX_Project\",\"domain\":{\"name\":\"$SELX_Account\"}}}"
  _user="{\"name\":\"$SELX_User\",\"domain\":{\"name\":\"$SELX_Account\"},\"password\":\"$SELX_Password\"}"
  response="$(_post "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":$_user}},\"scope\":$_scope}}" \
    "https://cloud.api.selcloud.ru/identity/v3/auth/tokens" "" POST "application/json")"
  _token="$(grep -i '^X-Subject-Token:' "$HTTP_HEADER" | cut -d ' ' -f 2 | tr -d '\r\n')"
  if [ -z "$_token" ]; then
    _err "no token: $response"
    return 1
  fi
  export _H1="X-Auth-Token: $_token"
  _offset=0
  _zones=""
  while _sel GET "?limit=1000&offset=$_offset"; do
    _contains "$response" '"name"' || break
    _zones="$_zones$response"
    _offset="$(_math "$_offset" + 1000)"
  done
  _h="$1"
  while true; do
    _h="$(printf "%s" "$_h" | cut -s -d . -f 2-)"
    [ -n "$_h" ] || return 1
    _zone="$(printf "%s" "$_zones" | _egrep_o "\"id\": *\"[^\"]*\", \"name\": *\"$_h\.\"" | cut -d '"' -f 4)"
    [ -z "$_zone" ] || break
  done
  _zone="/$_zone"
  _sel GET "$_zone/rrset?name=$1.&rrset_types=TXT&limit=1000" || return 1
  _rrset="$(printf "%s" "$response" | _egrep_o '"result": *\[\{"id": *"[^"]*"' | cut -d '"' -f 6)"
  _records="$(printf "%s" "$response" | _egrep_o '"content": *"[^,}]*"' | sed 's/.*/{&}/' | tr '\n' ',' | sed 's/,$//')"
}

_sel() {
  if [ "$1" = GET ]; then
    response="$(_get "$Selectel_Api$2")"
  else
    response="$(_post "$3" "$Selectel_Api$2" "" "$1" "application/json")"
  fi
}
