#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# A name and a password in base64; all zones in one list.

dns_luadns_add() {
  _lua_ask "$1" GET zones || return 1
  _lua_zone "$1" || return 1
  _lua_ask "$1" POST "zones/$_id/records" "{\"type\":\"TXT\",\"name\":\"$1.\",\"content\":\"$2\",\"ttl\":60}" || return 1
  _contains "$response" "$2" && return 0
  _err "luadns: $response"
  return 1
}

dns_luadns_rm() {
  _lua_ask "$1" GET zones && _lua_zone "$1" && _lua_ask "$1" GET "zones/$_id/records" || return 1
  _record="$(printf "%s" "$response" | _egrep_o "\"id\": *[0-9]*, \"name\": *\"$1.\", \"type\": *\"TXT\", \"content\": *\"$2\"" | cut -d : -f 2 | cut -d , -f 1 | tr -d ' ')"
  _debug2 _record "$_record"
  [ -z "$_record" ] || _lua_ask "$1" DELETE "zones/$_id/records/$_record"
}

_lua_zone() {
  _id=""
  _rest="$1"
  while [ -z "$_id" ] && _contains "$_rest" "\."; do
    _rest="${_rest#*.}"
    _id="$(printf "%s" "$response" | _egrep_o "\"id\": *[0-9]*, \"name\": *\"$_rest\"" | cut -d : -f 2 | cut -d , -f 1 | tr -d ' ')"
  done
  [ -n "$_id" ] || _err "no zone for $1"
}

_lua_ask() {
  LUAX_Email="${LUAX_Email:-$(_readaccountconf_mutable LUAX_Email)}"
  LUAX_Key="${LUAX_Key:-$(_readaccountconf_mutable LUAX_Key)}"
  if [ -z "$LUAX_Email" ] || [ -z "$LUAX_Key" ]; then
    _err "Set LUAX_Email and LUAX_Key."
    return 1
  fi
  _saveaccountconf_mutable LUAX_Email "$LUAX_Email"
  _saveaccountconf_mutable LUAX_Key "$LUAX_Key"
  _H1="Accept: application/json"
  _H2="Authorization: Basic $(printf "%s" "$LUAX_Email:$LUAX_Key" | _base64)"
  if [ "$2" = "GET" ]; then
    response="$(_get "https://api.luadns.com/v1/$3")"
  else
    response="$(_post "$4" "https://api.luadns.com/v1/$3" "" "$2" "application/json")"
  fi
}
