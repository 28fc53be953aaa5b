#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# A server of the user's own: its address is a setting. PATCH replaces a set or deletes it.

dns_powerdns_add() {
  _pdns_open "$1" || return 1
  _pdns_values "$1"
  case " $_values " in
  *" $2 "*) return 0 ;;
  esac
  _pdns_write "$1" "$_values $2"
}

dns_powerdns_rm() {
  _pdns_open "$1" || return 1
  _pdns_values "$1"
  _kept=""
  for _value in $_values; do
    [ "$_value" = "$2" ] || _kept="$_kept $_value"
  done
  _pdns_write "$1" "$_kept"
}

# What is there now, with blanks between.
_pdns_values() {
  _values="$(_get "$PDNSX_Url/api/v1/servers/localhost/zones/$_domain." | sed 's/{"name"/\
{"name"/g' | grep "\"name\": *\"$1\.\", \"type\": *\"TXT\"" | _egrep_o '"content": *"[^,]*"' | sed 's/.*: *"//' | tr -d '\\"' | tr '\n' ' ')"
}

_pdns_write() {
  _records=""
  for _value in $2; do
    _records="$_records${_records:+,}{\"content\":\"\\\"$_value\\\"\",\"disabled\":false}"
  done
  if [ -n "$_records" ]; then
    _set="{\"rrsets\":[{\"changetype\":\"REPLACE\",\"name\":\"$1.\",\"type\":\"TXT\",\"ttl\":60,\"records\":[$_records]}]}"
  else
    _set="{\"rrsets\":[{\"changetype\":\"DELETE\",\"name\":\"$1.\",\"type\":\"TXT\"}]}"
  fi
  response="$(_post "$_set" "$PDNSX_Url/api/v1/servers/localhost/zones/$_domain." "" "PATCH" "application/json")" || return 1
  if [ -n "$response" ]; then
    _err "set txt record error: $response"
    return 1
  fi
}

_pdns_open() {
  PDNSX_Url="${PDNSX_Url:-$(_readaccountconf_mutable PDNSX_Url)}"
  PDNSX_Key="${PDNSX_Key:-$(_readaccountconf_mutable PDNSX_Key)}"
  if [ -z "$PDNSX_Url" ] || [ -z "$PDNSX_Key" ]; then
    _err "PDNSX_Url or PDNSX_Key is missing"
    return 1
  fi
  _saveaccountconf_mutable PDNSX_Url "$PDNSX_Url"
  _saveaccountconf_mutable PDNSX_Key "$PDNSX_Key"
  _H1="X-API-Key: $PDNSX_Key"
  _H2="Accept: application/json"
  export _H1 _H2
  _zones="$(_get "$PDNSX_Url/api/v1/servers/localhost/zones?dnssec=false" | _normalizeJson)"
  i=1
  while true; do
    i=$(_math "$i" + 1)
    _domain="$(_idn "$(printf "%s" "$1" | cut -d . -f "$i"-100)")"
    [ -n "$_domain" ] || return 1
    _contains "$_zones" "\"name\":\"$_domain\.\"" && return 0
  done
}
