#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# The signature is an HMAC in base64 over the request and the time until when it counts; changes are waited for.

dns_exoscale_add() {
  _exo_open "$1" || return 1
  _exo POST "/dns-domain/$_zone/record" "{\"name\":\"$_left\",\"type\":\"TXT\",\"content\":\"$2\",\"ttl\":300}" && _exo_wait
}

dns_exoscale_rm() {
  _exo_open "$1" || return 1
  _exo GET "/dns-domain/$_zone/record" || return 1
  _record="$(printf "%s" "$response" | sed 's/}, *{/\
/g' | grep "\"content\": *\"..$2" | _egrep_o '"id": *"[^"]*"' | cut -d '"' -f 4)"
  [ -z "$_record" ] || { _exo DELETE "/dns-domain/$_zone/record/$_record" && _exo_wait; }
}

_exo_wait() {
  _operation="$(printf "%s" "$response" | _egrep_o '"id": *"op[^"]*"' | cut -d '"' -f 4)"
  while _exo GET "/operation/$_operation"; do
    _contains "$response" '"success"' && return 0
    _sleep 0
  done
  return 1
}

_exo_open() {
  EXOX_KEY="${EXOX_KEY:-$(_readaccountconf_mutable EXOX_KEY)}"
  EXOX_SECRET="${EXOX_SECRET:-$(_readaccountconf_mutable EXOX_SECRET)}"
  if [ -z "$EXOX_KEY" ] || [ -z "$EXOX_SECRET" ]; then
    _err "settings are missing"
    return 1
  fi
  _saveaccountconf_mutable EXOX_KEY "$EXOX_KEY"
  _saveaccountconf_mutable EXOX_SECRET "$EXOX_SECRET"
  _exo GET /dns-domain || return 1
  i=1
  while true; do
    _left="$(printf "%s" "$1" | cut -d . -f "1-$i")"
    i=$(_math "$i" + 1)
    h="$(printf "%s" "$1" | cut -d . -f "$i"-100)"
    [ -n "$h" ] || return 1
    _zone="$(printf "%s" "$response" | _egrep_o "\"id\": *\"[^\"]*\", \"unicode-name\": *\"$h\"" | cut -d '"' -f 4)"
    [ -z "$_zone" ] || return 0
  done
}

_exo() {
  _until="$(_math "$(_time)" + 300)"
  _secret="$(printf "%s" "$EXOX_SECRET" | _hex_dump | tr -d ' ')"
  _signature="$(printf "%s /v2%s\n%s\n\n\n%s" "$1" "$2" "$3" "$_until" | _hmac sha256 "$_secret" hex | _h2b | _base64)"
  _H1="Authorization: EXO2-HMAC-SHA256 credential=$EXOX_KEY,expires=$_until,signature=$_signature"
  if [ "$1" = "GET" ]; then
    response="$(_get "https://api-ch-gva-2.exoscale.com/v2$2")"
  else
    response="$(_post "$3" "https://api-ch-gva-2.exoscale.com/v2$2" "" "$1" "application/json")"
  fi
  _contains "$response" '"message"' || return 0
  _err "exoscale: $response"
}
