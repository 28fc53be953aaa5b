#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# The next page is in the field Link of a reply's head (RFC 8288).

Netlify_Api="https://api.netlify.com/api/v1/dns_zones"

dns_netlify_add() {
  _netlify_open "$1" || return 1
  response="$(_post "{\"type\":\"TXT\", \"hostname\":\"$1\", \"value\":\"$2\", \"ttl\":300}" "$Netlify_Api/$_id/dns_records" "" "POST" "application/json")"
  _code="$(grep "^HTTP" "$HTTP_HEADER" | _tail_n 1 | cut -d " " -f 2 | tr -d "\\r\\n")"
  if [ "$_code" = "200" ] || [ "$_code" = '201' ]; then
    return 0
  fi
  _err "error $_code $response"
  return 1
}

dns_netlify_rm() {
  _netlify_open "$1" || return 1
  _record="$(_get "$Netlify_Api/$_id/dns_records" | tr '}' '\n' | grep "\"hostname\": *\"$1\"" | grep "\"value\": *\"$2\"" | _egrep_o '"id": *"[^"]*"' | cut -d '"' -f 4)"
  if [ -z "$_record" ]; then
    return 0
  fi
  _post "" "$Netlify_Api/$_id/dns_records/$_record" "" "DELETE" >/dev/null || return 1
  _startswith "$(grep "^HTTP" "$HTTP_HEADER" | _tail_n 1)" "HTTP/1.1 204"
}

_netlify_open() {
  NETLIFYX_TOKEN="${NETLIFYX_TOKEN:-$(_readaccountconf_mutable NETLIFYX_TOKEN)}"
  if [ -z "$NETLIFYX_TOKEN" ]; then
    _err "no token"
    return 1
  fi
  _saveaccountconf_mutable NETLIFYX_TOKEN "$NETLIFYX_TOKEN"
  export _H1="Authorization: Bearer $NETLIFYX_TOKEN"
  _url="$Netlify_Api"
  _zones=""
  while [ "$_url" ]; do
    _zones="$_zones$(_get "$_url")" || return 1
    _url="$(grep -i "^Link:" "$HTTP_HEADER" | _egrep_o '<[^<>]*>; rel="next"' | sed 's/^<\(.*\)>.*/\1/')"
  done
  _h="$1"
  while _contains "$_h" '\.'; do
    _h="$(printf "%s" "$_h" | cut -d . -f 2-)"
    _id="$(printf "%s" "$_zones" | _egrep_o "\"id\": *\"[^\"]*\", *\"name\": *\"$_h\"" | cut -d '"' -f 4)"
    [ -z "$_id" ] || return 0
  done
  _err "no zone"
}
