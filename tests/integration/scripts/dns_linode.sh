#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# What is wanted of a list is said in JSON, in a field of the head.

Linode_Api="https://api.linode.com/v4/domains"

dns_linode_add() {
  _linode_find "$1" || return 1
  _H3=""
  _payload="{
    \"type\": \"TXT\",
    \"name\": \"$_sub\",
    \"target\": \"$2\",
    \"ttl_sec\": 300
  }"
  response="$(_post "$_payload" "$Linode_Api/$_domain_id/records" "" "POST" "application/json")"
  _contains "$response" '"id": *[0-9]' && return 0
  _err "Linode says $response"
  return 1
}

dns_linode_rm() {
  _linode_find "$1" || return 1
  export _H3="X-Filter: { \"type\": \"TXT\", \"name\": \"$_sub\", \"target\": \"$2\" }"
  response="$(_get "$Linode_Api/$_domain_id/records")"
  _H3=""
  _id="$(printf "%s" "$response" | _egrep_o '\{"id": *[0-9]*' | _head_n 1 | cut -d : -f 2 | tr -d ' ')"
  [ -z "$_id" ] || [ "$(_post "" "$Linode_Api/$_domain_id/records/$_id" "" DELETE)" = "{}" ]
}

_linode_find() {
  LINODEX_KEY="${LINODEX_KEY:-$(_readaccountconf_mutable LINODEX_KEY)}"
  if [ -z "$LINODEX_KEY" ]; then
    _err "LINODEX_KEY is not set"
    return 1
  fi
  _saveaccountconf_mutable LINODEX_KEY "$LINODEX_KEY"
  export _H1="Authorization: Bearer $LINODEX_KEY"
  export _H2="Accept: application/json"
  i=2
  while true; do
    h="$(printf "%s" "$1" | cut -d . -f "$i"-100)"
    if [ -z "$h" ]; then
      return 1
    fi
    export _H3="X-Filter: { \"domain\": \"$h\" }"
    response="$(_get "$Linode_Api")"
    if _contains "$response" "\"domain\": *\"$h\""; then
      _domain_id="$(echo "$response" | _egrep_o '"id": *[0-9]+' | _head_n 1 | cut -d : -f 2 | tr -d ' ')"
      _sub="${1%".$h"}"
      return 0
    fi
    i=$(_math "$i" + 1)
  done
}
