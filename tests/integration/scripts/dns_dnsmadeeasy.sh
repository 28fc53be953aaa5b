#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# The date of a request is signed, and the signature is a field of its head.

Me_Api="https://api.dnsmadeeasy.com/V2.0/dns/managed"

dns_dnsmadeeasy_add() {
  _me_open "$1" || return 1
  _me_ask POST "$_zone/records/" "{\"type\":\"TXT\",\"name\":\"$_left\",\"value\":\"$2\",\"ttl\":60}"
  if printf "%s" "$response" | grep '"id":' >/dev/null; then
    _info "Added"
    return 0
  fi
  if _contains "$response" "already exists"; then
    return 0
  fi
  _err "$response"
  return 1
}

dns_dnsmadeeasy_rm() {
  _me_open "$1" || return 1
  _me_ask GET "$_zone/records?type=TXT&recordName=$_left"
  _id="$(printf "%s" "$response" | _egrep_o "\"id\": *[0-9]*,[^}]*\"value\": *\"..$2" | _egrep_o '"id": *[0-9]*,[^{]*$' | cut -d : -f 2 | cut -d , -f 1 | tr -d ' ')"
  _me_ask DELETE "$_zone/records/$_id"
}

_me_open() {
  MEX_Key="${MEX_Key:-$(_readaccountconf_mutable MEX_Key)}"
  MEX_Secret="${MEX_Secret:-$(_readaccountconf_mutable MEX_Secret)}"
  [ -n "$MEX_Key" ] && [ -n "$MEX_Secret" ] || return 1
  _saveaccountconf_mutable MEX_Key "$MEX_Key"
  _saveaccountconf_mutable MEX_Secret "$MEX_Secret"
  for n in 1 2 3 4; do
    _left="$(printf "%s" "$1" | cut -d . -f "1-$n")"
    _domain="$(printf "%s" "$1" | cut -d . -f "$(_math $n + 1)-")"
    [ -n "$_domain" ] || return 1
    _me_ask GET "name?domainname=$_domain" || return 1
    if _contains "$response" "\"name\": *\"$_domain\""; then
      _zone="$(printf "%s" "$response" | _egrep_o '"id": *[0-9]+' | tr -d '"id: ')"
      return 0
    fi
  done
  return 1
}

_me_ask() {
  _date="$(LC_ALL=C date -u +"%a, %d %b %Y %T %Z" | sed 's/UTC$/GMT/')"
  _key="$(printf "%s" "$MEX_Secret" | _hex_dump | tr -d " ")"
  export _H1="x-dnsme-apiKey: $MEX_Key"
  export _H2="x-dnsme-requestDate: $_date"
  export _H3="x-dnsme-hmac: $(printf "%s" "$_date" | _hmac sha1 "$_key" hex)"
  if [ "$1" = GET ]; then
    response="$(_get "$Me_Api/$2")"
  else
    response="$(_post "$3" "$Me_Api/$2" "" "$1" "application/json")"
  fi
}
