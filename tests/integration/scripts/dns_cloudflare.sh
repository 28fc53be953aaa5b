#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# A token; zones are asked for by name, records have an id.

dns_cloudflare_add() {
  fulldomain="$1"
  txtvalue="$2"
  _cf_open || return 1
  _cf_zone "$fulldomain" || {
    _err "no zone for $fulldomain"
    return 1
  }
  _cloudflare POST "zones/$_zone_id/dns_records" "{\"type\":\"TXT\",\"name\":\"$fulldomain\",\"content\":\"\\\"$txtvalue\\\"\",\"ttl\":120}" || return 1
  if _contains "$response" "$txtvalue"; then
    _info "the record is there"
    return 0
  fi
  _err "it was not added: $response"
  return 1
}

dns_cloudflare_rm() {
  _cf_open || return 1
  _cf_zone "$1" || return 1
  _cloudflare GET "zones/$_zone_id/dns_records?type=TXT&name.exact=$1" || return 1
  _record_id="$(printf "%s" "$response" | _egrep_o "\"id\": *\"[^\"]*\", [^{]*\"$2" | cut -d : -f 2 | cut -d , -f 1 | tr -d '" ' | _head_n 1)"
  _debug record_id "$_record_id"
  if [ -z "$_record_id" ]; then
    _info "there is nothing to remove"
    return 0
  fi
  _cloudflare DELETE "zones/$_zone_id/dns_records/$_record_id" && _contains "$response" '"success": *true'
}

_cf_open() {
  CFX_Token="${CFX_Token:-$(_readaccountconf_mutable CFX_Token)}"
  if [ -z "$CFX_Token" ]; then
    _err "CFX_Token is not set"
    return 1
  fi
  _saveaccountconf_mutable CFX_Token "$CFX_Token"
}

_cf_zone() {
  i=1
  while true; do
    h="$(printf "%s" "$1" | cut -d . -f "$i"-100)"
    _debug h "$h"
    [ -n "$h" ] || return 1
    _cloudflare GET "zones?name=$h" || return 1
    if _contains "$response" "\"name\": *\"$h\""; then
      _zone_id="$(echo "$response" | _egrep_o '"id": *"[^"]*"' | _head_n 1 | cut -d '"' -f 4)"
      [ -n "$_zone_id" ] && return 0
      return 1
    fi
    i=$(_math "$i" + 1)
  done
}

_cloudflare() {
  export _H1="Content-Type: application/json"
  export _H2="Authorization: Bearer $CFX_Token"
  if [ "$1" = GET ]; then
    response="$(_get "https://api.cloudflare.com/client/v4/$2")"
  else
    response="$(_post "$3" "https://api.cloudflare.com/client/v4/$2" "" "$1")"
  fi
  if [ "$?" != "0" ]; then
    _err "error $2"
    return 1
  fi
  _debug2 response "$response"
}
