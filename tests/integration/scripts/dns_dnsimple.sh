#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# The number of the account is asked for once and kept; whether a zone is there says the status.

Dnsimple_Api="https://api.dnsimple.com/v2"

dns_dnsimple_add() {
  _dnsimple_open "$1" || return 1
  _dnsimple_ask POST "zones/$zone/records" "{\"type\":\"TXT\",\"name\":\"$left\",\"content\":\"$2\",\"ttl\":60}"
  if [ "$_code" = "201" ]; then
    return 0
  fi
  _err "status $_code: $response"
  return 1
}

dns_dnsimple_rm() {
  _dnsimple_open "$1" || return 1
  _dnsimple_ask GET "zones/$zone/records?per_page=100&type=TXT&name=$left"
  number="$(echo "$response" | sed 's/{"id"/\
{"id"/g' | grep "$2" | _egrep_o '^\{"id": *[0-9]+' | tr -dc '0-9')"
  [ -n "$number" ] || return 0
  _dnsimple_ask DELETE "zones/$zone/records/$number"
  [ "$_code" = "204" ]
}

_dnsimple_open() {
  if [ -z "$DNSIMPLEX_TOKEN" ]; then
    DNSIMPLEX_TOKEN=""
    _err "DNSIMPLEX_TOKEN is not set"
    return 1
  fi
  _saveaccountconf DNSIMPLEX_TOKEN "$DNSIMPLEX_TOKEN"
  _account="$(_readaccountconf DNSIMPLEX_ACCOUNT)"
  if [ -z "$_account" ]; then
    export _H1="Authorization: Bearer $DNSIMPLEX_TOKEN"
    _account="$(_get "$Dnsimple_Api/accounts" | sed 's/{"id"/\
{"id"/g' | grep 'plan_identifier": *"' | _egrep_o '"id": *[0-9]*' | tr -dc '0-9')"
    _saveaccountconf DNSIMPLEX_ACCOUNT "$_account"
  fi
  i=1
  _code=404
  while [ "$_code" = "404" ]; do
    left="$(printf "%s" "$1" | cut -d . -f "1-$i")"
    i=$(_math "$i" + 1)
    zone="$(printf "%s" "$1" | cut -d . -f "$i"-100)"
    [ -n "$zone" ] || return 1
    _dnsimple_ask GET "zones/$zone"
  done
}

_dnsimple_ask() {
  export _H1="Authorization: Bearer $DNSIMPLEX_TOKEN"
  export _H2="Accept: application/json"
  if [ "$1" = "GET" ]; then
    response="$(_get "$Dnsimple_Api/$_account/$2")"
  else
    response="$(_post "$3" "$Dnsimple_Api/$_account/$2" "" "$1" "application/json")"
  fi
  _code="$(grep "^HTTP" "$HTTP_HEADER" | _tail_n 1 | cut -d " " -f 2 | tr -d '\r\n')"
  _debug "$_code" "$2"
}
