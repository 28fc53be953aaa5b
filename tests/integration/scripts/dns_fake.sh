#!/usr/bin/env sh
# shellcheck disable=SC2034
# A DNS script in the style of acme.sh's, for the service that dns_service.py plays: a token is fetched with a signed
# request, zones come in pages, records have ids, and replies are searched with sed and grep.

Fake_Api_Default="https://api.fake.test/v1"

dns_fake_add() {
  fulldomain=$1
  txtvalue=$2

  _fake_open || return 1
  if ! _get_root "$fulldomain"; then
    _err "no zone for $fulldomain"
    return 1
  fi
  _debug _domain_id "$_domain_id"
  _debug _sub_domain "$_sub_domain"
  if ! _fake_rest POST "zones/$_domain_id/records" \
    "{\"type\":\"TXT\",\"name\":\"$_sub_domain\",\"content\":\"$txtvalue\",\"ttl\":120}"; then
    return 1
  fi
  if _contains "$response" "$txtvalue"; then
    _info "Added, OK"
    return 0
  elif _contains "$response" "already exists"; then
    _info "Already exists, OK"
    return 0
  fi
  _err "Add txt record error: $response"
  return 1
}

dns_fake_rm() {
  fulldomain=$1
  txtvalue=$2

  _fake_open || return 1
  _get_root "$fulldomain" || return 1
  _fake_rest GET "zones/$_domain_id/records?name=$(printf '%s' "$_sub_domain" | _url_encode)&content=$(printf '%s' "$txtvalue" | _url_encode)" || return 1
  _count="$(echo "$response" | _egrep_o '"count": *[0-9]*' | cut -d : -f 2 | tr -d ' ')"
  _debug count "$_count"
  if [ "$_count" = "0" ]; then
    _info "Don't need to remove."
    return 0
  fi
  _record_id="$(echo "$response" | _normalizeJson | _egrep_o '"id":"[^"]*"' | _head_n 1 | cut -d : -f 2 | tr -d '"')"
  if [ -z "$_record_id" ]; then
    _err "no record id in: $response"
    return 1
  fi
  _fake_rest DELETE "zones/$_domain_id/records/$_record_id" || return 1
  _contains "$response" '"success": *true'
}

# Key and secret from the environment or from what was saved; a token for them by a signed request.
_fake_open() {
  Fake_Key="${Fake_Key:-$(_readaccountconf_mutable Fake_Key)}"
  Fake_Secret="${Fake_Secret:-$(_readaccountconf_mutable Fake_Secret)}"
  Fake_Api="${Fake_Api:-$(_readaccountconf_mutable Fake_Api)}"
  Fake_Api="${Fake_Api:-$Fake_Api_Default}"
  if [ -z "$Fake_Key" ] || [ -z "$Fake_Secret" ]; then
    Fake_Key=""
    Fake_Secret=""
    _err "You didn't specify Fake_Key and Fake_Secret yet."
    return 1
  fi
  _saveaccountconf_mutable Fake_Key "$Fake_Key"
  _saveaccountconf_mutable Fake_Secret "$Fake_Secret"
  _secure_debug2 Fake_Secret "$Fake_Secret"

  Fake_Token="$(_readaccountconf_mutable Fake_Token)"
  if [ "$Fake_Token" ]; then
    return 0
  fi
  _now="$(_time)"
  _signature="$(printf '%s' "$Fake_Key:$_now" | _hmac sha256 "$(printf '%s' "$Fake_Secret" | _hex_dump | tr -d ' ')" hex)"
  export _H1="X-Signature: $_now $_signature"
  response="$(_post "user=$Fake_Key" "$Fake_Api/login" "" "POST" "application/x-www-form-urlencoded")"
  _ret="$?"
  _H1=""
  if [ "$_ret" != "0" ]; then
    _err "login failed"
    return 1
  fi
  _code="$(grep "^HTTP" "$HTTP_HEADER" | _tail_n 1 | cut -d " " -f 2 | tr -d "\r\n")"
  if [ "$_code" != "200" ]; then
    _err "login was refused with $_code: $response"
    return 1
  fi
  Fake_Token="$(grep "^X-Session-Token:" "$HTTP_HEADER" | cut -d " " -f 2 | tr -d "\r\n")"
  _saveaccountconf_mutable Fake_Token "$Fake_Token"
}

_get_root() {
  domain=$1
  i=1
  p=1
  while true; do
    h=$(printf "%s" "$domain" | cut -d . -f "$i"-100)
    _debug h "$h"
    if [ -z "$h" ]; then
      return 1
    fi
    _fake_rest GET "zones?name=$h" || return 1
    if _contains "$response" "\"name\": *\"$h\""; then
      _domain_id=$(echo "$response" | _normalizeJson | _egrep_o "\"id\":\"[^\"]*\",\"name\":\"$h\"" | cut -d '"' -f 4)
      _sub_domain=$(printf "%s" "$domain" | cut -d . -f "1-$p")
      _domain=$h
      return 0
    fi
    p=$i
    i=$(_math "$i" + 1)
  done
  return 1
}

_fake_rest() {
  m=$1
  ep="$2"
  data="$3"
  export _H1="Authorization: Bearer $Fake_Token"
  export _H2="Accept: application/json"
  if [ "$m" != "GET" ]; then
    response="$(_post "$data" "$Fake_Api/$ep" "" "$m" "application/json")"
  else
    response="$(_get "$Fake_Api/$ep")"
  fi
  if [ "$?" != "0" ]; then
    _err "error $ep"
    return 1
  fi
  _debug2 response "$response"
  return 0
}
