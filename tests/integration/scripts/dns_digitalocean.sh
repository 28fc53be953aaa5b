#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# Lists in pages, each of which names the next by its whole address.

Do_Api="https://api.digitalocean.com/v2/domains"

dns_digitalocean_add() {
  _do_open "$1" || return 1
  response="$(_post "{\"type\":\"TXT\",\"name\":\"$_sub\",\"data\":\"$2\",\"ttl\":30}" "$Do_Api/$_domain/records" "" POST)"
  _debug response "$response"
  _contains "$response" "\"data\": *\"$2\"" || {
    _err "no record was made: $response"
    return 1
  }
}

dns_digitalocean_rm() {
  _do_open "$1" || return 1
  _do_pages "$Do_Api/$_domain/records?per_page=200"
  record="$(echo "$pages" | _egrep_o "\{[^{}]*\"data\": *\"$2\"[^{}]*\}" | _egrep_o '"id": *[0-9]+' | _egrep_o '[0-9]+')"
  [ -n "$record" ] || return 0
  response="$(_post "" "$Do_Api/$_domain/records/$record" "" DELETE)"
  [ -z "$response" ]
}

# All pages, one behind the other.
_do_pages() {
  url="$1"
  pages=""
  while [ -n "$url" ]; do
    _debug2 url "$url"
    response="$(_get "$url")" || return 1
    pages="$pages$response"
    url="$(echo "$response" | _egrep_o '"next": *"[^"]*"' | cut -d '"' -f 4 | _head_n 1)"
  done
}

_do_open() {
  DOX_KEY="${DOX_KEY:-$(_readaccountconf_mutable DOX_KEY)}"
  [ -n "$DOX_KEY" ] || {
    _err "no DOX_KEY"
    return 1
  }
  _saveaccountconf_mutable DOX_KEY "$DOX_KEY"
  export _H1="Content-Type: application/json"
  export _H2="Authorization: Bearer $DOX_KEY"
  _do_pages "$Do_Api?per_page=200" || return 1
  i=2
  while true; do
    _domain="$(printf "%s" "$1" | cut -d . -f "$i"-100)"
    if [ -z "$_domain" ]; then
      _err "no domain for $1"
      return 1
    fi
    if _contains "$pages" "\"name\": *\"$_domain\""; then
      _sub="$(printf "%s" "$1" | cut -d . -f "1-$(_math "$i" - 1)")"
      return 0
    fi
    i=$(_math "$i" + 1)
  done
}
