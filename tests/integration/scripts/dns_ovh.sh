#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# Requests carry a digest over key, method, address, body and the service's own time; a zone is refreshed at the end.

Ovh_Api="https://eu.api.ovh.com/1.0"

dns_ovh_add() {
  _ovh_open "$1" || return 1
  _ovh_ask POST "domain/zone/$_domain/record" "{\"fieldType\":\"TXT\",\"subDomain\":\"$_left\",\"target\":\"$2\",\"ttl\":60}"
  if ! _contains "$response" '"id"'; then
    _err "not added: $response"
    return 1
  fi
  _ovh_ask POST "domain/zone/$_domain/refresh" ""
}

dns_ovh_rm() {
  _ovh_open "$1" || return 1
  _ovh_ask GET "domain/zone/$_domain/record?fieldType=TXT&subDomain=$_left"
  _ids="$(printf "%s" "$response" | tr -d '[] ')"
  n=1
  while true; do
    _id="$(_getfield "$_ids" "$n")"
    if [ -z "$_id" ] || [ "$n" -gt 1 ] && [ "$_id" = "$_last" ]; then
      break
    fi
    _ovh_ask GET "domain/zone/$_domain/record/$_id"
    if _contains "$response" "$2"; then
      _ovh_ask DELETE "domain/zone/$_domain/record/$_id" ""
      break
    fi
    _last="$_id"
    n=$(_math "$n" + 1)
  done
  _ovh_ask POST "domain/zone/$_domain/refresh" ""
}

_ovh_open() {
  for _name in OVX_AK OVX_AS OVX_CK; do
    eval "_value=\"\$$_name\""
    _value="${_value:-$(_readaccountconf_mutable $_name)}"
    if [ -z "$_value" ]; then
      _err "$_name is not set"
      return 1
    fi
    eval "$_name=\"\$_value\""
    _saveaccountconf_mutable "$_name" "$_value"
    _secure_debug2 "$_name" "$_value"
  done
  i=1
  while true; do
    _left="$(printf "%s" "$1" | cut -d . -f "1-$i")"
    _domain="$(printf "%s" "$1" | cut -d . -f "$(_math "$i" + 1)-100")"
    [ -n "$_domain" ] || return 1
    _ovh_ask GET "domain/zone/$_domain" || return 1
    _contains "$response" "\"name\": *\"$_domain\"" && return 0
    i=$(_math "$i" + 1)
  done
}

_ovh_ask() {
  _H1="" _H2="" _H3="" _H4=""
  _now="$(_get "$Ovh_Api/auth/time")" || return 1
  _text="$OVX_AS+$OVX_CK+$1+$Ovh_Api/$2+$3+$_now"
  export _H1="X-Ovh-Application: $OVX_AK"
  export _H2="X-Ovh-Signature: \$1\$$(printf "%s" "$_text" | _digest sha1 hex)"
  export _H3="X-Ovh-Timestamp: $_now"
  export _H4="X-Ovh-Consumer: $OVX_CK"
  export _H5="Content-Type: application/json;charset=utf-8"
  if [ "$1" = "GET" ]; then
    response="$(_get "$Ovh_Api/$2")"
  else
    response="$(_post "$3" "$Ovh_Api/$2" "" "$1")"
  fi
}
