#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# JSON-RPC: what is to be done is in the body, and errors have the status 200.

dns_njalla_add() {
  _njalla_open "$1" || return 1
  _njalla add-record "\"domain\":\"$_domain\",\"type\":\"TXT\",\"name\":\"$_left\",\"content\":\"$2\",\"ttl\":60"
}

dns_njalla_rm() {
  _njalla_open "$1" || return 1
  _njalla list-records "\"domain\":\"$_domain\"" || return 1
  _id="$(echo "$response" | _egrep_o "\{[^{]*\"content\": *\"$2\"[^}]*\}" | _egrep_o '"id": *"[0-9]*"' | cut -d : -f 2 | tr -d ' "')"
  if [ -n "$_id" ]; then
    _njalla remove-record "\"domain\":\"$_domain\",\"id\":\"$_id\""
  fi
}

_njalla_open() {
  NJALLAX_Token="${NJALLAX_Token:-$(_readaccountconf_mutable NJALLAX_Token)}"
  if [ -z "$NJALLAX_Token" ]; then
    return 1
  fi
  _saveaccountconf_mutable NJALLAX_Token "$NJALLAX_Token"
  _njalla list-domains || return 1
  _domains="$response"
  i=1
  p=1
  while true; do
    h=$(printf "%s" "$1" | cut -d . -f "$i"-100)
    if [ -z "$h" ]; then
      return 1
    fi
    if _contains "$_domains" "\"name\": *\"$h\""; then
      _left=$(printf "%s" "$1" | cut -d . -f "1-$p")
      _domain="$h"
      return 0
    fi
    p=$i
    i=$(_math "$i" + 1)
  done
}

_njalla() {
  export _H1="Authorization: Njalla $NJALLAX_Token"
  export _H2="Accept: application/json"
  export _H3="Content-Type: application/json"
  response="$(_post "{\"method\":\"$1\",\"params\":{$2}}" "https://njal.la/api/1/" "" "POST")" || return 1
  if _contains "$response" '"error"'; then
    _err "njalla $1: $response"
    return 1
  fi
}
