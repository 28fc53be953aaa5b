#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# Forms, a code in the reply, lists with an offset.

dns_dnspod_add() {
  _dp_open "$1" || return 1
  _dp Record.Create "domain_id=$_domain_id&sub_domain=$_left&record_type=TXT&record_line_id=0&value=$2&ttl=600"
}

dns_dnspod_rm() {
  _dp_open "$1" || return 1
  if ! _dp Record.List "domain_id=$_domain_id&sub_domain=$_left&record_type=TXT"; then
    _contains "$response" 'No records' || return 1
    return 0
  fi
  _record_id="$(echo "$response" | tr '{' '\n' | grep -- "\"value\": *\"$2\"" | cut -d , -f 1 | cut -d : -f 2 | tr -d '" ')"
  [ -z "$_record_id" ] || _dp Record.Remove "domain_id=$_domain_id&record_id=$_record_id"
}

_dp_open() {
  DPX_Login="${DPX_Login:-$(_readaccountconf_mutable DPX_Login)}"
  [ "$DPX_Login" ] || return 1
  _saveaccountconf_mutable DPX_Login "$DPX_Login"
  _offset=0
  _all=""
  while true; do
    _dp Domain.List "offset=$_offset&length=100" || return 1
    _all="$_all $response"
    _total="$(echo "$response" | _egrep_o '"domain_total": *[0-9]*' | tr -dc '0-9')"
    _offset=$(_math "$_offset" + 100)
    [ "$_offset" -lt "$_total" ] || break
  done
  _log "domains" "$_total"
  _domain="$1"
  while [ "$_domain" ]; do
    _domain="$(printf "%s" "$_domain" | cut -d . -s -f 2-)"
    _domain_id="$(echo "$_all" | _egrep_o "\"id\": *[0-9]*, \"name\": *\"$_domain\"" | cut -d , -f 1 | tr -dc '0-9')"
    if [ "$_domain_id" ]; then
      _left="$(printf "%s" "$1" | sed "s/\.$_domain\$//")"
      return 0
    fi
  done
  return 1
}

_dp() {
  _debug3 "form" "$2"
  response="$(_post "login_token=$(printf "%s" "$DPX_Login" | _url_encode upper-hex)&format=json&lang=en&$2" "https://dnsapi.cn/$1")" || return 1
  _contains "$response" '"code": *"1"' && return 0
  _err "$(echo "$response" | _egrep_o '"message": *"[^"]*"' | cut -d : -f 2)"
}
