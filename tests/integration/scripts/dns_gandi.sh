#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# A set of values is read, changed and put back whole; without any it is deleted.

Gandi_Api="https://api.gandi.net/v5/livedns"

dns_gandi_add() {
  _gandi_open "$1" || return 1
  _gandi GET "domains/$_domain/records/$_left/TXT"
  _values="$(printf "%s" "$response" | _egrep_o '"rrset_values": *\[[^]]*\]' | sed 's/.*\[//;s/\]//;s/\\"//g')"
  if _contains "$_values" "\"$2\""; then
    return 0
  fi
  _gandi PUT "domains/$_domain/records/$_left/TXT" "{\"rrset_ttl\":300,\"rrset_values\":[$(_quoted "$_values${_values:+,}\"$2\"")]}"
  if ! _contains "$response" "Created"; then
    _err "gandi: $response"
    return 1
  fi
}

dns_gandi_rm() {
  _gandi_open "$1" || return 1
  _gandi GET "domains/$_domain/records/$_left/TXT"
  _values="$(printf "%s" "$response" | _egrep_o '"rrset_values": *\[[^]]*\]' | sed 's/.*\[//;s/\]//;s/\\"//g' | tr ',' '\n' | grep -v "\"$2\"" | tr '\n' ',' | sed 's/,$//')"
  _debug values "$_values"
  if [ -n "$(printf "%s" "$_values" | tr -d ' ')" ]; then
    _gandi PUT "domains/$_domain/records/$_left/TXT" "{\"rrset_ttl\":300,\"rrset_values\":[$(_quoted "$_values")]}"
  else
    _gandi DELETE "domains/$_domain/records/$_left/TXT"
  fi
}

# The quotes that are a part of each value.
_quoted() { printf "%s" "$1" | sed 's/"\([^"]*\)"/"\\"\1\\""/g'; }

_gandi_open() {
  GANDIX_TOKEN="${GANDIX_TOKEN:-$(_readaccountconf_mutable GANDIX_TOKEN)}"
  if [ -z "$GANDIX_TOKEN" ]; then
    _err "no token"
    return 1
  fi
  _saveaccountconf_mutable GANDIX_TOKEN "$GANDIX_TOKEN"
  for i in 2 3 4 5; do
    _domain="$(printf "%s" "$1" | cut -d . -f $i-100)"
    _left="$(printf "%s" "$1" | cut -d . -f "1-$(_math $i - 1)")"
    [ -n "$_domain" ] || return 1
    _gandi GET "domains/$_domain" || return 1
    _contains "$response" '"fqdn"' && return 0
  done
  return 1
}

_gandi() {
  export _H1="Content-Type: application/json"
  export _H2="Authorization: Bearer $GANDIX_TOKEN"
  if [ "$1" = "GET" ]; then
    response="$(_get "$Gandi_Api/$2")"
  else
    response="$(_post "$3" "$Gandi_Api/$2" "" "$1")"
  fi
}
