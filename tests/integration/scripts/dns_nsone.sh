#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# A record holds all values of a name: it is read, changed and written, made anew or deleted.

dns_nsone_add() {
  _nsone_open "$1" || return 1
  _nsone_ask GET "$_domain/$1/TXT"
  if _contains "$response" "$2"; then
    _info "is there"
    return 0
  fi
  _nsone_write "$1" "$(_nsone_values; echo "$2")"
}

dns_nsone_rm() {
  _nsone_open "$1" || return 1
  _nsone_ask GET "$_domain/$1/TXT"
  _left="$(_nsone_values | grep -v -x -e "$2")"
  if [ -n "$_left" ]; then
    _nsone_write "$1" "$_left"
  else
    _nsone_ask DELETE "$_domain/$1/TXT"
  fi
}

# The values in the response, a line each.
_nsone_values() { printf "%s" "$response" | _egrep_o '"answer": *\["[^"]*"\]' | cut -d '"' -f 4; }

_nsone_write() {
  _answers=""
  for _value in $2; do
    _answers="$_answers${_answers:+,}{\"answer\":[\"$_value\"]}"
  done
  if _contains "$response" '"answers"'; then
    _nsone_ask POST "$_domain/$1/TXT" "{\"answers\":[$_answers]}"
  else
    _nsone_ask PUT "$_domain/$1/TXT" "{\"zone\":\"$_domain\",\"domain\":\"$1\",\"type\":\"TXT\",\"ttl\":60,\"answers\":[$_answers]}"
  fi
  _contains "$response" '"answers"' && return 0
  _err "error: $response"
}

_nsone_open() {
  NSX_Key="${NSX_Key:-$(_readaccountconf_mutable NSX_Key)}"
  if [ -z "$NSX_Key" ]; then
    _err "no NSX_Key"
    return 1
  fi
  _saveaccountconf_mutable NSX_Key "$NSX_Key"
  _domain="$1"
  while _contains "$_domain" '\..*\.'; do
    _domain="${_domain#*.}"
    _nsone_ask GET "$_domain?records=false"
    if _contains "$response" '"zone": *"'"$_domain"'"'; then
      return 0
    fi
  done
  _err "no zone"
}

_nsone_ask() {
  export _H1="Accept: application/json"
  export _H2="X-NSONE-Key: $NSX_Key"
  if [ "$1" != "GET" ]; then
    response="$(_post "$3" "https://api.nsone.net/v1/zones/$2" "" "$1" "application/json")" || return 1
  else
    response="$(_get "https://api.nsone.net/v1/zones/$2")" || return 1
  fi
}
