#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# The password of a request is its signature; its date is said as people write it.

dns_websupport_add() {
  _ws_open "$1" || return 1
  _ws POST "/v2/service/$_zone/dns/record" "{\"type\":\"TXT\",\"name\":\"$_left\",\"content\":\"$2\",\"ttl\":600}"
  [ -z "$response" ] && return 0
  _err "websupport: $response"
  return 1
}

dns_websupport_rm() {
  _ws_open "$1" || return 1
  _filters="$(printf '{"name":"%s","type":["TXT"],"content":"%s"}' "$_left" "$2" | _url_encode)"
  _ws GET "/v2/service/$_zone/dns/record" "" "?filters=$_filters" || return 1
  _record="$(printf "%s" "$response" | _egrep_o '"id": *[0-9]+' | _head_n 1 | cut -d : -f 2 | tr -d ' ')"
  [ -z "$_record" ] || _ws DELETE "/v2/service/$_zone/dns/record/$_record"
}

_ws_open() {
  WSX_ApiKey="${WSX_ApiKey:-$(_readaccountconf_mutable WSX_ApiKey)}"
  WSX_ApiSecret="${WSX_ApiSecret:-$(_readaccountconf_mutable WSX_ApiSecret)}"
  if [ -z "$WSX_ApiKey" ] || [ -z "$WSX_ApiSecret" ]; then
    _err "settings are missing"
    return 1
  fi
  _saveaccountconf_mutable WSX_ApiKey "$WSX_ApiKey"
  _saveaccountconf_mutable WSX_ApiSecret "$WSX_ApiSecret"
  _ws GET /v1/user/self/service || return 1
  _domain="$1"
  while true; do
    _domain="$(printf "%s" "$_domain" | cut -s -d . -f 2-)"
    [ -n "$_domain" ] || return 1
    _zone="$(printf "%s" "$response" | _egrep_o "\"id\": *[0-9]+, \"serviceName\": *\"domain\", [^}]*\"name\": *\"$_domain\"" | cut -d , -f 1 | tr -dc '0-9')"
    [ -z "$_zone" ] || break
  done
  _left="${1%".$_domain"}"
}

_ws() {
  _date="$(_utc_date | sed 's/ /T/')Z"
  _seconds="$(date -u -d "$(printf "%s" "$_date" | tr 'TZ' '  ')" +%s)"
  _key="$(printf "%s" "$WSX_ApiSecret" | _hex_dump | tr -d ' ')"
  _signature="$(printf "%s %s %s" "$1" "$2" "$_seconds" | _hmac sha1 "$_key" hex)"
  export _H1="Accept: application/json"
  export _H2="Authorization: Basic $(printf "%s" "$WSX_ApiKey:$_signature" | _base64)"
  export _H3="Date: $_date"
  if [ "$1" = GET ]; then
    response="$(_get "https://rest.websupport.sk$2$4")"
  else
    response="$(_post "$3" "https://rest.websupport.sk$2" "" "$1" "application/json")"
  fi
}
