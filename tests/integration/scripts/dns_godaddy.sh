#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# The same with a list of objects, of which only the values are needed.

dns_godaddy_add() {
  _gd_open "$1" || return 1
  _gd GET "$_domain/records/TXT/$_left" || return 1
  _records="{\"data\":\"$2\",\"ttl\":600}"
  for _value in $(_gd_values); do
    [ "$_value" != "$2" ] || return 0
    _records="$_records,{\"data\":\"$_value\",\"ttl\":600}"
  done
  _gd PUT "$_domain/records/TXT/$_left" "[$_records]" || return 1
  if [ -n "$response" ]; then
    _err "it was not added: $response"
    return 1
  fi
  _sleep 0
}

dns_godaddy_rm() {
  _gd_open "$1" || return 1
  _gd GET "$_domain/records/TXT/$_left" || return 1
  _records=""
  for _value in $(_gd_values); do
    if [ "$_value" != "$2" ]; then
      _records="$_records${_records:+,}{\"data\":\"$_value\",\"ttl\":600}"
    fi
  done
  if [ -z "$_records" ]; then
    _gd DELETE "$_domain/records/TXT/$_left"
  else
    _gd PUT "$_domain/records/TXT/$_left" "[$_records]"
  fi
}

_gd_values() { echo "$response" | tr '}' '\n' | _egrep_o '"data": *"[^"]*"' | cut -d '"' -f 4; }

_gd_open() {
  GDX_Key="${GDX_Key:-$(_readaccountconf_mutable GDX_Key)}"
  GDX_Secret="${GDX_Secret:-$(_readaccountconf_mutable GDX_Secret)}"
  if [ -z "$GDX_Key" ] || [ -z "$GDX_Secret" ]; then
    _clearaccountconf_mutable GDX_Key
    _clearaccountconf_mutable GDX_Secret
    _err "GDX_Key and GDX_Secret are not set"
    return 1
  fi
  _saveaccountconf_mutable GDX_Key "$GDX_Key"
  _saveaccountconf_mutable GDX_Secret "$GDX_Secret"
  i=2
  while true; do
    _domain=$(printf "%s" "$1" | cut -d . -f "$i"-100)
    [ -z "$_domain" ] && return 1
    _gd GET "$_domain" || return 1
    if ! _contains "$response" '"code":'; then
      _contains "$response" '"message":' || break
    fi
    i=$(_math "$i" + 1)
  done
  _left="${1%".$_domain"}"
}

_gd() {
  export _H1="Authorization: sso-key $GDX_Key:$GDX_Secret"
  export _H2="Content-Type: application/json"
  if [ -n "$3" ] || [ "$1" = DELETE ]; then
    response="$(_post "$3" "https://api.godaddy.com/v1/domains/$2" "" "$1")"
  else
    response="$(_get "https://api.godaddy.com/v1/domains/$2")"
  fi
}
