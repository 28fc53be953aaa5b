#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# A word in each page leads to the next one; a value stands in quotes of its own.

dns_vultr_add() {
  _vultr_open "$1" || return 1
  _vultr POST "domains/$_domain/records" "{\"type\":\"TXT\",\"name\":\"$_left\",\"data\":\"\\\"$2\\\"\",\"ttl\":120}"
  case "$response" in
  *'"record"'*) return 0 ;;
  esac
  _err "vultr: $response"
  return 1
}

dns_vultr_rm() {
  _vultr_open "$1" || return 1
  _vultr_all "domains/$_domain/records" || return 1
  _id="$(printf "%s" "$all" | sed 's/}/}\
/g' | grep "\"data\": *\"..$2" | _egrep_o '"id": *"[^"]*"' | cut -d '"' -f 4)"
  _debug _id "$_id"
  if [ "$_id" ]; then
    _vultr DELETE "domains/$_domain/records/$_id"
    [ -z "$response" ]
  fi
}

_vultr_all() {
  all=""
  cursor=""
  while true; do
    _vultr GET "$1?per_page=500${cursor:+&cursor=$cursor}" || return 1
    all="$all$response"
    cursor="$(printf "%s" "$response" | _egrep_o '"next": *"[^"]*"' | cut -d '"' -f 4)"
    [ -n "$cursor" ] || return 0
  done
}

_vultr_open() {
  VULTRX_KEY="${VULTRX_KEY:-$(_readaccountconf_mutable VULTRX_KEY)}"
  if test -z "$VULTRX_KEY"; then
    VULTRX_KEY=''
    _err "VULTRX_KEY is not set"
    return 1
  fi
  _saveaccountconf_mutable VULTRX_KEY "$VULTRX_KEY"
  _vultr_all domains || return 1
  i=1
  while true; do
    _left=$(printf "%s" "$1" | cut -d . -f "1-$i")
    _domain=$(printf "%s" "$1" | cut -d . -f "$(_math "$i" + 1)-100")
    [ -n "$_domain" ] || return 1
    _contains "$all" "\"domain\": *\"$_domain\"" && return 0
    i=$(_math "$i" + 1)
  done
}

_vultr() {
  _H1="Authorization: Bearer $VULTRX_KEY"
  _H2='Content-Type: application/json'
  if [ "$1" = GET ]; then
    response="$(_get "https://api.vultr.com/v2/$2")"
  else
    response="$(_post "$3" "https://api.vultr.com/v2/$2" "" "$1")"
  fi
}
