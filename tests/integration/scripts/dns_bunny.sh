#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# Pages are counted until one says that it is the last; PUT makes, and what is deleted has no body to tell.

dns_bunny_add() {
  _bunny_open "$1" || return 1
  response="$(_post "{\"Type\":3,\"Name\":\"$_left\",\"Value\":\"$2\",\"Ttl\":60}" "$_bunny/$_id/records" "" PUT "application/json")"
  if _contains "$response" "Message"; then
    _err "bunny: $response"
    return 1
  fi
}

dns_bunny_rm() {
  _bunny_open "$1" || return 1
  _record="$(_get "$_bunny/$_id" | _egrep_o "\"Id\": *[0-9]+, \"Type\": *3, \"Name\": *\"$_left\", \"Value\": *\"$2\"" | tr ',' '\n' | _head_n 1 | tr -dc '0-9')"
  [ -n "$_record" ] || return 0
  _post "" "$_bunny/$_id/records/$_record" "" DELETE >/dev/null
  grep -q "^HTTP/1.1 204" "$HTTP_HEADER"
}

_bunny_open() {
  _bunny="https://api.bunny.net/dnszone"
  BUNNYX_KEY="${BUNNYX_KEY:-$(_readaccountconf_mutable BUNNYX_KEY)}"
  [ -n "$BUNNYX_KEY" ] || return 1
  _saveaccountconf_mutable BUNNYX_KEY "$BUNNYX_KEY"
  export _H1="Accept: application/json"
  export _H2="AccessKey: $BUNNYX_KEY"
  _page=0
  : >"$TMPDIR/zones"
  while true; do
    _page=$(_math $_page + 1)
    _get "$_bunny?page=$_page&perPage=1000" >"$TMPDIR/page" || return 1
    _egrep_o '"Id": *[0-9]+, "Domain": *"[^"]*"' <"$TMPDIR/page" >>"$TMPDIR/zones"
    grep -q '"HasMoreItems": *true' "$TMPDIR/page" || break
  done
  _h="${1#*.}"
  while [ -n "$_h" ]; do
    _id="$(grep "\"Domain\": *\"$_h\"" "$TMPDIR/zones" | tr ',' '\n' | _head_n 1 | tr -dc '0-9')"
    if [ -n "$_id" ]; then
      _left="${1%".$_h"}"
      return 0
    fi
    _contains "$_h" "\." || return 1
    _h="${_h#*.}"
  done
}
